"""Expresso-AI's figures (Moreno et al. 2023): movements that go with the attribution, by severity band and by outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from openada.evaluation.attribution_groups import ALL, groups_of
from openada.evaluation.group_correlation import group_correlations
from openada.explanation.saliency import METHODS
from openada.explanation.unit_correlation import signal_name
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.attribution_words import NOT_SAID
from openada.studies.reproduce.expresso_attribution import (
    bands_and_outcomes,
    bars,
    cell,
    complete,
    counts,
    lead,
    material,
    wide,
)
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.subset_figures import p_shown

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

PLANTED_UNITS = ("AU01_g", "AU04_g", "AU15_g", "AU45_g", "gaze_pitch_deg")
"""Movements that the cue of the benchmark is made of, as they are measured: units 1 and 4, 15, lowered lids and gaze."""
DISTRACTOR_UNITS = ("AU02_g", "AU06_g", "AU12_g", "AU26_g", "gaze_yaw_deg", "head_yaw_deg", "head_pitch_deg")
"""Movements that are planted without regard to the score."""
SUM, SIZE = "r", "r_size"
MEASURES = {SUM: "attribution", SIZE: "size of the attribution"}
"""Measure → what the movements are correlated with. Where a method has no sign, both are the same."""
OF_MEASURE = {
    SUM: {"z": "z", "p_value": "p_value"},
    SIZE: {"z": "z_size", "p_value": "p_size"},
}
UNIT_NOTE = (
    "r: mean within subjects, then over subjects, of Fisher's z of Spearman's correlation within windows [95 % interval, "
    "Student's t]. q: Benjamini and Hochberg over the movements. Of n recordings without a relation about n / 20 have a p below "
    ".05."
)
NAMED_UNITS = ("AU01_g", "AU04_g", "AU15_g")
"""Units 1, 4 and 15: what the benchmark's cue is named after."""
OF_BANDS = (
    "Of all movements from the largest r to the smallest. On the benchmark each is on equally long for everybody; the higher the "
    "score, the more of that time those of the cue are on together. In the severe band a movement of the cue is mostly the cue, "
    "in the minimal band it is mostly on alone, and what is spent alone cannot coincide."
)
TWO_QUESTIONS = (
    "With the attribution: what was there when the score was raised. With its size: what was there when the model looked "
    "closely, whether that raised the score or lowered it. A movement that counts for the score in one company and against it in "
    "another goes with the size alone."
)


def units(name: str, job: Job) -> Result:
    """Movements that go with the attribution and with its size: all recordings of the part, by band and by outcome."""
    made = material(job)
    bands = [band for band, _ in made.scale.bands]
    measures = [SUM, SIZE] if METHODS[job.attribution].signed else [SUM]
    table = _by_group(made.found.units, measures, bands)
    groups = counts(made.found.recordings, bands)
    said = [*lead(job, made), *([TWO_QUESTIONS] if SIZE in measures else [])]
    tables, drawings = [], []
    for measure in measures:
        own = table[table["measure"] == measure]
        whole = own[own["group"] == ALL]
        said += unit_words(whole, MEASURES[measure])
        tables += [
            NamedTable(f"With the {MEASURES[measure]}", _unit_table(whole, made.planted), UNIT_NOTE),
            *(
                NamedTable(
                    f"With the {MEASURES[measure]}{by}",
                    wide(own, "signal", measure, among, made.planted, PLANTED_UNITS),
                    UNIT_NOTE,
                )
                for by, among in bands_and_outcomes(groups).items()
            ),
        ]
        if made.planted:
            tables.append(NamedTable(f"Places by r with the {MEASURES[measure]}", places(own), OF_BANDS))
        drawings += _drawn(own, measure, bands)
    section = Section(
        f"By movement, {job.attribution}, {job.part} recordings",
        [*dict.fromkeys(said), *complete(made.found), *NOT_SAID],
        tables=tables,
        drawings=drawings,
        footer=job.foot(made.runs[: len(job.task_names)]),
    )
    return Result(name, [section], table, made.planted, made.runs, {"recordings": made.found.units})


def _by_group(rows: pd.DataFrame, measures: Sequence[str], bands: Sequence[str]) -> pd.DataFrame:
    """A row per measure, group and signal: value [low, high] and what else `group_correlations` says."""
    parts = []
    for measure in measures:
        columns = {own: name for name, own in OF_MEASURE[measure].items()}
        known = rows[["signal", "subject", "band", "outcome", *columns]].rename(columns=columns)
        parts += [
            group_correlations(known[inside]).assign(group=group, measure=measure)
            for group, inside in groups_of(known, bands).items()
            if inside.any()
        ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"r": "value"})
    return table.assign(movement=[signal_name(one) for one in table["signal"]])


def _drawn(own: pd.DataFrame, measure: str, bands: Sequence[str]) -> list[Drawing]:
    known = own.dropna(subset=["value"])
    label = f"mean correlation with the {MEASURES[measure]}"
    return bars(known, "movement", measure, label, bands, None, (), name="movement" if measure == SUM else "size")


def unit_words(whole: pd.DataFrame, what: str) -> list[str]:
    """Which movements go with it, and which are undefined."""
    known = whole[np.isfinite(whole["value"])]
    clear = known[known["q_value"] < 0.05].sort_values("value", key=np.abs, ascending=False)
    said = [
        f"{len(clear)} of {len(known)} movements go with the {what} at q < .05"
        + (f": {', '.join(f'{row.movement} {row.value:+.2f}' for row in clear.itertuples())}." if len(clear) else ".")
    ]
    undefined = whole[~np.isfinite(whole["value"])]
    if len(undefined):
        said.append(f"Undefined in every recording: {', '.join(undefined['movement'])}.")
    return said


def places(own: pd.DataFrame) -> pd.DataFrame:
    """On the benchmark: the places by r of all that was planted and of the first distractor, a row for all and for each band."""
    rows = []
    for group, of_group in own.groupby("group", sort=False):
        if group != ALL and not str(group).startswith("band "):
            continue
        known = of_group[np.isfinite(of_group["value"])].sort_values("value", ascending=False)
        place = {name: at for at, name in enumerate(known["signal"], 1)}
        first = min(((place[name], name) for name in DISTRACTOR_UNITS if name in place), default=(np.inf, ""))
        rows.append(
            {
                "group": group,
                **{name.removesuffix("_g"): place.get(name, "undefined") for name in PLANTED_UNITS},
                "first distractor": f"{first[1].removesuffix('_g')} {first[0]}" if first[1] else "none",
                "before every distractor": _before(place, first[0]),
                "of": len(place),
            }
        )
    return pd.DataFrame(rows)


def _before(place: Mapping[str, int], first: float) -> str:
    for names, said in ((PLANTED_UNITS, "all planted"), (NAMED_UNITS, "units 1, 4, 15")):
        if max(place.get(name, np.inf) for name in names) < first:
            return said
    return "not all of units 1, 4, 15"


def _unit_table(whole: pd.DataFrame, planted: bool) -> pd.DataFrame:
    kinds = {**dict.fromkeys(PLANTED_UNITS, "planted"), **dict.fromkeys(DISTRACTOR_UNITS, "distractor")}
    rows = []
    for row in whole.sort_values("value", ascending=False, na_position="last").to_dict("records"):
        rows.append(
            {
                "movement": row["movement"],
                **({"on the benchmark": kinds.get(row["signal"], "")} if planted else {}),
                "mean r": cell(pd.Series(row)),
                "n": row["n"],
                "subjects": row["n_subjects"],
                "p": p_shown(row["p_value"]),
                "q": p_shown(row["q_value"]),
                "with p < .05": row["recordings_p_below_.05"],
                "undefined": row["undefined"],
                "note": row["note"],
            }
        )
    return pd.DataFrame(rows)
