"""Whole jobs made of the other packages: demo, evaluate, assess."""
