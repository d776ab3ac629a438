"""Behaviour signals per frame (action units, lids, gaze, head) and their statistics per recording."""
