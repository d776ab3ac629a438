"""DepNet (He et al. 2022): a frozen SE-ResNet-50 on a few frames, and the aggregation of its features over them."""
