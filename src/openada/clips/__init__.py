"""Prepared recordings to tensors: where segments lie, how they are augmented, which frames of them were tracked."""
