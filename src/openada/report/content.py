"""What the pages show, as frozen dataclasses: filled by the caller, never computed here.

Times are seconds of the recording (its presentation times). A figure that does not exist is NaN or None and is shown as a
dash; it is never replaced by zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from openada.report.comparison import Section

Bands = Sequence[tuple[str, float]]


class Picture(NamedTuple):
    """One frame: its time in the recording and its pixels, (height, width, 3) uint8, RGB."""

    time_s: float
    rgb: np.ndarray


@dataclass(frozen=True)
class ScoreInterval:
    """A prediction interval of the score."""

    low: float
    high: float
    level: float  # 0.9 for 90 %
    method: str = "split conformal"  # how it was made, in words


@dataclass(frozen=True)
class Segment:
    """One of the network's representations: a time range at one scale, with what the network gave it."""

    start_s: float
    end_s: float
    scale_frames: int  # length of the scale in frames: 32, 64, 96
    category_support: float  # R̂[:, I], un-normalised: the paper's segment depression relevance
    severity_relevance: float  # R̂[:, C−1], un-normalised
    selected: bool  # whether the score is made of it


@dataclass(frozen=True)
class SegmentPictures:
    """A segment worth looking at, with a few of its frames."""

    segment: Segment
    pictures: Sequence[Picture]


class Episode(NamedTuple):
    """Counting segments of all scales merged (docs/relevance.md): where one kind of relevance is strong."""

    kind: Literal["severity", "category"]  # severity relevance or category support
    start_s: float
    end_s: float
    peak_s: float
    strength: float  # mean relevance of its segments, in units of 1/M
    times_even_share: float  # the same over the recording's mean; NaN if that is 0
    scales_frames: str  # lengths of its segments in frames: "32+96"
    segments: int
    rank: int  # 1: the strongest of its kind


class ScaleAgreement(NamedTuple):
    """How far two segment lengths point at the same moments; NaN comes with its reason."""

    kind: Literal["severity", "category"]
    shorter_frames: int
    longer_frames: int
    n_units: int
    spearman: float
    spearman_missing_reason: str
    overlap: float  # of the time that counts in either, the share that counts in both
    overlap_by_chance: float
    overlap_missing_reason: str


class SegmentScore(NamedTuple):
    """A segment's or clip's own score, for methods without relevance; on the label's scale."""

    start_s: float
    end_s: float
    score: float


class ExportedFile(NamedTuple):
    """A file that lies beside the page, and what it holds."""

    name: str
    holds: str


@dataclass(frozen=True)
class WholeVideo:
    """A playable copy of the whole recording, embedded in the page (meant for up to 30 minutes)."""

    data: bytes
    media_type: str = "video/mp4"
    starts_at_s: float = 0.0  # the recording's time at the copy's time 0


@dataclass(frozen=True)
class SegmentClip:
    """A playable copy of one stretch of the recording; it must cover the segments that are to be played from it."""

    start_s: float
    end_s: float
    data: bytes
    media_type: str = "video/mp4"


@dataclass(frozen=True)
class TestResult:
    """One metric of the model on data it was not trained on, beside the constant predictor."""

    __test__ = False  # not a test class, whatever its name tells pytest

    metric: str  # "RMSE", "MAE"
    value: float
    low: float
    high: float
    constant: float  # the same metric of always predicting the training mean (or median)
    n: int
    n_subjects: int
    unit: str = "recording"  # what n counts: recording or session


@dataclass(frozen=True)
class ModelDescription:
    """Which model, trained on what, how good."""

    name: str
    preset: str  # "paper", or the name of a reduced size
    method: str  # base | ordinal | selection; "" where a model has one way alone
    corpus: str  # what it was trained on, in words
    n_recordings: int | None = None  # in training
    n_subjects: int | None = None  # in training
    split: str = ""
    split_sha256: str = ""
    seeds: Sequence[int] = ()
    results: Sequence[TestResult] = ()
    level: float = 0.95  # of the intervals of `results`
    notes: Sequence[str] = ()  # sentences a reader needs, e.g. "Labels are content judgements, not diagnoses."


@dataclass(frozen=True)
class AssessmentContent:
    """Everything on the page of one recording."""

    title: str  # the video's name, shown as heading; any text
    score: float
    scale_name: str
    scale_low: float
    scale_high: float
    bands: Bands  # (name, lowest score of the band), ascending, the first at scale_low
    band_name: str  # the band of `score`
    model: ModelDescription
    duration_s: float
    interval: ScoreInterval | None = None
    interval_missing_reason: str = ""  # shown where there is no interval; required then
    predicted_category: str | None = None  # the network's own category; None if the model has none
    segments: Sequence[Segment] = ()  # empty if the model gives no relevance
    relevance_missing_reason: str = ""  # shown where there are no segments
    unit_scores: Sequence[SegmentScore] = ()  # shown where there are no segments
    piece: str = "segment"  # what the model reads at a time, in a word: segment, clip
    episodes: Sequence[Episode] = ()
    scale_agreement: Sequence[ScaleAgreement] = ()
    files: Sequence[ExportedFile] = ()
    attribution: Section | None = None  # where asked for: regions, movements and moments that the score came from
    lost_spans_s: Sequence[tuple[float, float]] = ()  # where the face was not tracked
    frame_strip: Sequence[Picture] = ()  # evenly spaced, about 12
    most_relevant: Sequence[SegmentPictures] = ()  # by severity relevance, the largest first
    least_relevant: Sequence[SegmentPictures] = ()  # by severity relevance, the smallest first
    quality: Mapping[str, Any] = field(default_factory=dict)
    # ^ tracked_share 0–1, gaps [{start_s, end_s}], brightness 0–255, blur, faces_seen_max, face_size_px, warnings [str];
    #   other keys are listed as they are
    critical_warnings: Sequence[str] = ()  # in red, above everything
    warnings: Sequence[str] = ()
    media: WholeVideo | Sequence[SegmentClip] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


class Curve(NamedTuple):
    """One line of a loss plot."""

    label: str
    epoch: np.ndarray
    value: np.ndarray


class NamedTable(NamedTuple):
    """A further table, shown column by column as it is. `published` tables are marked "published, not measured here"."""

    title: str
    frame: pd.DataFrame
    note: str = ""
    published: bool = False


@dataclass(frozen=True)
class SplitSummary:
    """The split a run used."""

    name: str
    sha256: str
    counts: Mapping[str, tuple[int, int]]  # {"training": (recordings, subjects), …}
    overlap: Sequence[str] = ()  # one sentence per pair of parts that share subjects; empty = none shared


@dataclass(frozen=True)
class EvaluationContent:
    """Everything on the page of one run.

    `metrics` and `baselines` have the columns of `evaluation.table`: metric, unit, value, low, high, n, n_subjects,
    where several are compared `predictor`, and optionally `note`. `localisation` may lack `metric` (AUROC is meant),
    have `measure` for `predictor`, and `predicted_category`.
    """

    title: str
    model: ModelDescription
    scale_name: str
    scale_low: float
    scale_high: float
    bands: Bands
    metrics: pd.DataFrame
    baselines: pd.DataFrame  # constant mean and median first, then identity look-up, ridge, …
    split: SplitSummary
    predictions: pd.DataFrame  # columns score (the label) and prediction, one row per `prediction_unit`
    prediction_unit: str = "recording"
    part: str = "test"  # the split that was predicted
    level: float = 0.95
    localisation: pd.DataFrame | None = None
    localisation_note: str = ""
    curves: Sequence[Curve] = ()
    curves_label: str = "loss or error"  # what the curves' values are
    chosen_epoch: float | None = None
    tables: Sequence[NamedTable] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    critical_warnings: Sequence[str] = ()
    warnings: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
