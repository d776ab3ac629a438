"""The planted benchmark: rendered face videos in which the cue, its place and its time are known.

Every subject has a score that drives one thing only: how much of the time three groups of facial movement
(brows, mouth, lids) are on *together*. What each group does by itself is drawn before the score is looked at,
so that no single movement, nor their sum, tells the score. Figures made on it are planted-benchmark figures:
they say whether a method finds a known signal in place and time, and nothing about depression in people.
"""
