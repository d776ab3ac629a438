"""Average precision of scored time segments against true episodes, as in temporal action detection.

The rule is that of ActivityNet (Caba Heilbron et al. 2015) for a single class: the segments of all recordings are ranked
together by score; in that order each takes, of its recording's episodes that are still free, the one it overlaps most, and
is right if their temporal IoU reaches the threshold. The area under precision over recall is taken with the precision envelope
(the highest precision at that recall or beyond) at every recall reached. "mAP" is then the mean over thresholds; with one class
there is none over classes. We depart in one point: segments of equal score enter the curve together, so that the order of rows
decides nothing.

All recordings count. Those without an episode can only bring wrong segments, and episodes in stretches that no unit covers are
missed: the figure asks for the recordings in which the cue is as well as for its place. AUROC per recording does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats, Ints, subject_codes
from openada.evaluation.intervals import Interval, interval_of
from openada.evaluation.localisation import checked_spans
from openada.evaluation.resampling import Combination, Statistic, rows_at_a_time, subject_sums, without_each

IOUS = (0.3, 0.5, 0.7)
QUANTILES = (0.5, 0.6, 0.7, 0.8, 0.9)
SUPPRESSION_IOU = 0.5
_ROUNDING = 1e-9


@dataclass(frozen=True)
class RecordingDetections:
    """One recording: predicted segments `spans_s` (K, 2) with `score` (K,), and true `episodes_s` (E, 2); K, E ≥ 0."""

    recording_id: str
    subject: str
    spans_s: Floats
    score: Floats
    episodes_s: Floats


def temporal_iou(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """(K, E) intersection over union of time spans a (K, 2) and b (E, 2)."""
    first, second = checked_spans(a, "segment")[:, None], checked_spans(b, "episode")[None]
    shared = np.maximum(np.minimum(first[..., 1], second[..., 1]) - np.maximum(first[..., 0], second[..., 0]), 0.0)
    lengths = (first[..., 1] - first[..., 0]) + (second[..., 1] - second[..., 0])
    return shared / (lengths - shared)


def suppress(spans_s: npt.ArrayLike, score: npt.ArrayLike, iou: float = SUPPRESSION_IOU) -> Ints:
    """Non-maximum suppression: positions of the segments that stay, best first.

    From the best score on, a segment stays unless its IoU with one that stays is above `iou`. Of equal scores the one that
    starts, then ends, first comes first. Segments whose score is NaN do not stay.
    """
    spans, values = checked_spans(spans_s, "segment"), np.asarray(score, dtype=np.float64)
    standing = ~np.isnan(values)
    kept: list[int] = []
    for k in _ranked(spans, values):
        if standing[k]:
            kept.append(int(k))
            standing &= temporal_iou(spans[k : k + 1], spans)[0] <= iou + _ROUNDING
    return np.array(kept, dtype=np.int64)


def runs_above(
    relevance: npt.ArrayLike, unit_spans_s: npt.ArrayLike, *, quantiles: Sequence[float] = QUANTILES,
    iou: float = SUPPRESSION_IOU,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Segments (K, 2) in s and their scores (K,), from a relevance (N,) on units (N, 2) in order of time.

    For every quantile of the recording's own relevance, each run of neighbouring units that reach it is a segment, scored by
    its mean relevance; then `suppress`. NaN (a unit that was not tracked) ends a run and takes no part in the quantiles. No
    setting has been chosen on truth. A constant relevance gives one segment per unbroken stretch.
    """
    values, spans = np.asarray(relevance, dtype=np.float64), checked_spans(unit_spans_s, "unit")
    if values.shape != (len(spans),):
        raise UnusableInput(f"{values.shape} relevance values for {len(spans)} units: give one for each")
    if np.isnan(values).all():
        return np.empty((0, 2)), np.empty(0)
    found: dict[tuple[int, int], float] = {}
    for level in np.quantile(values[~np.isnan(values)], quantiles, method="inverted_cdf"):
        edges = np.flatnonzero(np.diff(np.r_[False, values >= level, False]))
        for first, end in edges.reshape(-1, 2):
            found[int(first), int(end)] = float(values[first:end].mean())
    segments = np.array([[spans[first, 0], spans[end - 1, 1]] for first, end in found])
    scores = np.array(list(found.values()))
    kept = suppress(segments, scores, iou)
    return segments[kept], scores[kept]


def matched(found: RecordingDetections, iou: float) -> Bools:
    """(K,) which segments of one recording are right at the threshold `iou`, each episode being found once at most."""
    spans, score = checked_spans(found.spans_s, "segment"), np.asarray(found.score, dtype=np.float64)
    if score.shape != (len(spans),) or np.isnan(score).any():
        raise UnusableInput(f"recording {found.recording_id!r}: give a score that is not NaN for each of its segments")
    overlap = temporal_iou(spans, found.episodes_s)
    right = np.zeros(len(spans), bool)
    if overlap.size:
        for k in _ranked(spans, score):
            best = int(np.argmax(overlap[k]))
            if overlap[k, best] >= iou - _ROUNDING:
                right[k] = True
                overlap[:, best] = -1.0
    return right


class SubjectAveragePrecision:
    """Average precision as a function of the subjects: `right`, `score`, `codes` (n,) of n segments, `episodes` (g,) in number
    per subject. NaN where no episode is left.
    """

    def __init__(self, right: Bools, score: Floats, codes: Ints, episodes: Floats) -> None:
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        self.right, self.codes, self.episodes = right[order], codes[order], episodes
        self.ties = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if score.size else np.empty(0, int)

    def delete_one(self) -> Floats:
        """(g,): the figure without each subject."""
        blocks = without_each(self.episodes.size, self.right.size)
        return np.concatenate([self.weighted(block) for block in blocks])

    def weighted(self, weights: Floats) -> Floats:
        """(r,) from weights (r, g)."""
        rows = rows_at_a_time(self.right.size)
        return np.concatenate([self._weighted(weights[k : k + rows]) for k in range(0, len(weights), rows)])

    def _weighted(self, weights: Floats) -> Floats:
        true = weights @ self.episodes
        if self.right.size:
            each = weights[:, self.codes]
            said = np.cumsum(np.add.reduceat(each, self.ties, axis=1), axis=1)
            hit = np.cumsum(np.add.reduceat(each * self.right, self.ties, axis=1), axis=1)
            precision = hit / np.where(said > 0, said, 1.0)
            envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            area = np.sum(np.diff(hit, axis=1, prepend=0.0) * envelope, axis=1)
        else:
            area = np.zeros(len(weights))
        return np.where(true > 0, area / np.where(true > 0, true, 1.0), np.nan)


def mean_average_precision(
    draws: Sequence[Sequence[RecordingDetections]], *, ious: Sequence[float] = IOUS, level: float = 0.95
) -> dict[str, Interval]:
    """ "map_iou_<threshold>" for each of `ious` and "map_iou_mean", with jackknife-t intervals over subjects (on the logit).

    `draws` holds one detector's segments of the same recordings, or those of several random draws, whose figures are averaged.
    NaN if there is no episode. Raises UnusableInput for a recording given twice and for draws of different recordings.
    """
    named = [[found.recording_id for found in draw] for draw in draws]
    if not draws or any(len(set(names)) < len(names) or sorted(names) != sorted(named[0]) for names in named):
        raise UnusableInput("give at least one draw, every draw of the same recordings, each recording once")
    by_iou = {f"map_iou_{iou:g}": _mean([_statistic(draw, iou) for draw in draws]) for iou in ious}
    by_iou["map_iou_mean"] = _mean(list(by_iou.values()))
    n_subjects = len({found.subject for found in draws[0]})
    everyone = np.ones((1, n_subjects))
    return {
        name: interval_of(
            float(figure.weighted(everyone)[0]) if n_subjects else float("nan"),
            figure,
            n=len(draws[0]),
            n_subjects=n_subjects,
            scale="logit",
            bounds=(0.0, 1.0),
            level=level,
        )
        for name, figure in by_iou.items()
    }


def _mean(figures: Sequence[Statistic]) -> Statistic:
    return Combination(figures, [1 / len(figures)] * len(figures))


def _statistic(recordings: Sequence[RecordingDetections], iou: float) -> SubjectAveragePrecision:
    codes, names = subject_codes([found.subject for found in recordings], len(recordings))
    counts = np.array([len(found.episodes_s) for found in recordings], dtype=np.float64)
    true = subject_sums((counts,), codes, len(names))[:, 0]
    return SubjectAveragePrecision(
        np.concatenate([np.empty(0, bool), *(matched(found, iou) for found in recordings)]),
        np.concatenate([np.empty(0), *(found.score for found in recordings)]),
        np.repeat(codes, [len(found.score) for found in recordings]),
        true,
    )


def _ranked(spans: Floats, score: Floats) -> Ints:
    """Positions by falling score, of equal ones by start, then end."""
    return np.lexsort((spans[:, 1], spans[:, 0], -score)) if len(spans) else np.empty(0, np.int64)
