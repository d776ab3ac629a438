"""Metrics, subject-resampled intervals, baselines, localisation and conformal intervals, on arrays and tables only.

`metrics` holds the figures themselves, `intervals` and `comparison` what can be said about them from the subjects at
hand, `coverage` how far such an interval can be trusted, `fusion` one row per session, `baselines` what needs no face,
`localisation` where in time a relevance points, `temporal_detection` which segments it finds, `deletion` whether the
score follows it, `stability` whether seeds agree on it, `conformal` intervals for one person's score, `spread` seeds and
folds, `subgroups` and `table` the tables that are printed.
"""
