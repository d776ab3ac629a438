"""What explains a prediction: the `Explanation` type, one file per method, pooling over regions and time."""
