"""Recordings, manifests, clinical scales, splits, and the planted benchmark."""
