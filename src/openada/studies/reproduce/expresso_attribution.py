"""Expresso-AI's figures (Moreno et al. 2023): attribution by region and by movement, by severity band and by outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from openada.evaluation.attribution_groups import ALL, OUTCOMES, group_means, groups_of
from openada.evaluation.group_correlation import group_correlations
from openada.explanation.region_pooling import OUTSIDE
from openada.explanation.saliency import METHODS
from openada.explanation.unit_correlation import signal_name
from openada.report.attribution_figures import grouped_bars
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.attribution_words import NOT_SAID, OUTSIDE_LIMIT
from openada.studies.planted_saliency import CUE_REGIONS
from openada.studies.progress import bar
from openada.studies.reproduce.expresso_tables import expresso_runs
from openada.studies.reproduce.result import Result
from openada.studies.run_attributions import RunAttributions, run_attributions

if TYPE_CHECKING:
    from openada.datasets.scales import Scale
    from openada.studies.reproduce.job import Job

PLANTED_UNITS = ("AU01_g", "AU04_g", "AU15_g", "gaze_pitch_deg")
"""Movements that the cue of the benchmark is made of, as they are measured: units 1 and 4, 15, and gaze down."""
DISTRACTOR_UNITS = ("AU02_g", "AU06_g", "AU12_g", "AU26_g", "AU45_g", "gaze_yaw_deg", "head_yaw_deg", "head_pitch_deg")
"""Movements that are planted without regard to the score."""
SHARES: Mapping[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "share_raised": (0.0, 1.0),
    "area_normalised": (0.0, np.inf),
    "raw": (-np.inf, np.inf),
    "absolute": (0.0, np.inf),
}
REGION_NOTE = (
    "Mean over recordings [95 % interval over subjects]. share: of the sizes of all values; area-normalised: over the region's "
    "share of the picture, 1 for an even map."
)
UNIT_NOTE = (
    "r: mean within subjects, then over subjects, of Fisher's z of Spearman's correlation within windows [95 % interval, "
    "Student's t]. q: Benjamini and Hochberg over the movements. Of n recordings without a relation about n / 20 have a p below "
    ".05."
)


class _Material(NamedTuple):
    runs: list[Path]
    found: RunAttributions
    scale: Scale
    planted: bool


def regions(name: str, job: Job) -> Result:
    """Attribution by region: all recordings of the part, by band and by outcome."""
    made = _material(job)
    bands = [band for band, _ in made.scale.bands]
    table = group_means(made.found.regions, "region", SHARES, bands)
    groups = _counts(made.found.recordings, bands)
    tables = [
        NamedTable(title, _wide(table, "region", measure, groups, made.planted, CUE_REGIONS), REGION_NOTE)
        for measure, title in (
            ("area_normalised", "Area-normalised attribution"),
            ("share", "Share of the attribution"),
        )
    ]
    said = [*_lead(job, made), *_ranking(table, made.planted), _outside(table), *_complete(made.found), *NOT_SAID]
    section = Section(
        f"By region, {job.attribution}, {job.part} recordings",
        said,
        tables=tables,
        drawings=_bars(table, "region", "area_normalised", "area-normalised attribution", bands, 1.0, _order(table)),
        footer=job.foot(made.runs[: len(job.task_names)]),
    )
    files = {"recordings": made.found.regions, "completeness": made.found.recordings}
    return Result(name, [section], table, made.planted, made.runs, files)


def units(name: str, job: Job) -> Result:
    """Movements that go with the attribution: all recordings of the part, by band and by outcome."""
    made = _material(job)
    bands = [band for band, _ in made.scale.bands]
    table = pd.concat(
        [
            group_correlations(made.found.units[inside]).assign(group=group)
            for group, inside in groups_of(made.found.units, bands).items()
            if inside.any()
        ],
        ignore_index=True,
    )
    table = table.rename(columns={"r": "value"}).assign(movement=[signal_name(one) for one in table["signal"]])
    whole = table[table["group"] == ALL]
    section = Section(
        f"By movement, {job.attribution}, {job.part} recordings",
        [*_lead(job, made), *_unit_words(whole, made.planted), *NOT_SAID],
        tables=[
            NamedTable("All recordings", _unit_table(whole, made.planted), UNIT_NOTE),
            NamedTable(
                "By band and outcome",
                _wide(
                    table.assign(measure="r"),
                    "signal",
                    "r",
                    _counts(made.found.recordings, bands),
                    made.planted,
                    PLANTED_UNITS,
                ),
                UNIT_NOTE,
            ),
        ],
        drawings=_bars(
            table.assign(measure="r").dropna(subset=["value"]), "movement", "r", "mean correlation r", bands, None, ()
        ),
        footer=job.foot(made.runs[: len(job.task_names)]),
    )
    return Result(name, [section], table, made.planted, made.runs, {"recordings": made.found.units})


def _material(job: Job) -> _Material:
    """The runs of all seeds, trained where they are not, and the tables of the part's recordings by each of them."""
    parts, runs = [], []
    for seed, of_seed in expresso_runs(job).items():
        for run in of_seed:
            predictions = next(iter(job.predictions([run]).values()))
            with bar(f"Explaining {run.name}") as tick:
                found = run_attributions(run, predictions, job.dataset, job.attribution, tick=tick)
            parts.append([one.assign(seed=seed) for one in found])
        runs += of_seed
    together = RunAttributions(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))
    return _Material(runs, together, job.scale(runs[0]), job.corpora(runs[0])[1])


def _lead(job: Job, made: _Material) -> list[str]:
    about = METHODS[job.attribution]
    count = made.found.recordings["recording_id"].nunique()
    seeds = ", ".join(map(str, job.seeds))
    return [
        f"Size: preset {job.recipe.preset}; seeds {seeds}: each network explains itself, and a row is a recording under one seed "
        f"({len(made.found.recordings)} rows of {count} recordings).",
        f"{job.attribution}: {about.meaning}; values in {about.unit}.",
        "Correct: an error of up to 5 points; over- and under-estimated: beyond 15.5.",
    ]


def _counts(recordings: pd.DataFrame, bands: Sequence[str]) -> dict[str, int]:
    """Group → rows in it, of the groups that have any."""
    return {group: int(inside.sum()) for group, inside in groups_of(recordings, bands).items() if inside.any()}


def _wide(
    table: pd.DataFrame, item: str, measure: str, groups: Mapping[str, int], planted: bool, of_cue: Sequence[str]
) -> pd.DataFrame:
    """A row per item in the order of all recordings' values, a column per group, cells of value [low, high]."""
    own = table[table["measure"] == measure]
    order = own[own["group"] == ALL].sort_values("value", ascending=False, na_position="last")[item]
    cells = own.set_index(["group", item])
    rows = []
    for name in order:
        row = {item: name, **({"planted": "yes" if name in of_cue else ""} if planted else {})}
        for group, count in groups.items():
            key = (group, name)
            row[f"{group} (n = {count})"] = _cell(cells.loc[key]) if key in cells.index else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def _cell(row: pd.Series) -> str:
    if not np.isfinite(row["value"]):
        return "undefined"
    span = f" [{row['low']:.2f}, {row['high']:.2f}]" if np.isfinite(row["low"]) else ""
    return f"{row['value']:.2f}{span}"


def _order(table: pd.DataFrame) -> list[str]:
    own = table[(table["group"] == ALL) & (table["measure"] == "area_normalised")]
    return list(own.sort_values("value", ascending=False, na_position="last")["region"])


def _ranking(table: pd.DataFrame, planted: bool) -> list[str]:
    own = table[(table["group"] == ALL) & (table["measure"] == "area_normalised") & np.isfinite(table["value"])]
    order = list(own.sort_values("value", ascending=False)["region"])
    said = [f"Ranking by area-normalised attribution: {', '.join(order)}."]
    if planted:
        places = {name: order.index(name) + 1 for name in CUE_REGIONS if name in order}
        listed = ", ".join(f"{name} {place}" for name, place in sorted(places.items(), key=lambda pair: pair[1]))
        first = sorted(places.values()) == list(range(1, len(places) + 1))
        said.append(
            f"Planted regions and their places of {len(order)}: {listed}. "
            + ("They come first." if first else "They do not take the first places.")
        )
    return said


def _outside(table: pd.DataFrame) -> str:
    rows = table[(table["group"] == ALL) & (table["region"] == OUTSIDE)].set_index("measure")
    share, even = rows.loc["share"], rows.loc["area_normalised"]
    if not np.isfinite(share["value"]):
        return "No share outside the face: no recording has any attribution."
    above = "above" if even["value"] > OUTSIDE_LIMIT else "not above"
    return (
        f"Outside the face: {_cell(share)} of the attribution, {_cell(even)} times what an even map would have there; "
        f"{above} the limit of {OUTSIDE_LIMIT:g}."
    )


def _complete(found: RunAttributions) -> list[str]:
    if "error" not in found.recordings:
        return []
    error = found.recordings["error"].to_numpy(float)
    relative = found.recordings["error_relative"].astype(float)
    return [
        f"Completeness error of a recording: median {np.median(error):.2g}, largest {error.max():.2g} points; relative to score "
        f"− baseline score: median {relative.median():.2%}, largest {relative.max():.2%}."
    ]


def _unit_words(whole: pd.DataFrame, planted: bool) -> list[str]:
    known = whole[np.isfinite(whole["value"])]
    clear = known[known["q_value"] < 0.05].sort_values("value", key=np.abs, ascending=False)
    said = [
        f"{len(clear)} of {len(known)} movements go with the attribution at q < .05"
        + (f": {', '.join(f'{row.movement} {row.value:+.2f}' for row in clear.itertuples())}." if len(clear) else ".")
    ]
    undefined = whole[~np.isfinite(whole["value"])]
    if len(undefined):
        said.append(f"Undefined in every recording: {', '.join(undefined['movement'])}.")
    if planted:
        order = list(known.sort_values("value", ascending=False)["signal"])
        places = {name: order.index(name) + 1 for name in (*PLANTED_UNITS, *DISTRACTOR_UNITS) if name in order}
        listed = [", ".join(f"{name.removesuffix('_g')} {places[name]}" for name in names if name in places)
                  for names in (PLANTED_UNITS, DISTRACTOR_UNITS)]  # fmt: skip
        said.append(f"Places of {len(order)} by r: planted movements {listed[0]}; distractors {listed[1]}.")
    return said


def _unit_table(whole: pd.DataFrame, planted: bool) -> pd.DataFrame:
    kinds = {**dict.fromkeys(PLANTED_UNITS, "planted"), **dict.fromkeys(DISTRACTOR_UNITS, "distractor")}
    rows = []
    for row in whole.sort_values("value", ascending=False, na_position="last").to_dict("records"):
        rows.append(
            {
                "movement": row["movement"],
                **({"on the benchmark": kinds.get(row["signal"], "")} if planted else {}),
                "mean r": _cell(pd.Series(row)),
                "n": row["n"],
                "subjects": row["n_subjects"],
                "p": _p(row["p_value"]),
                "q": _p(row["q_value"]),
                "with p < .05": row["recordings_p_below_.05"],
                "undefined": row["undefined"],
                "note": row["note"],
            }
        )
    return pd.DataFrame(rows)


def _p(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.3f}" if value >= 0.001 else "< .001"


def _bars(
    table: pd.DataFrame,
    item: str,
    measure: str,
    label: str,
    bands: Sequence[str],
    even: float | None,
    order: Sequence[str],
) -> list[Drawing]:
    """Bars of all recordings, by band and by outcome."""
    own = table[table["measure"] == measure]
    order = order or list(own[own["group"] == ALL].sort_values("value", ascending=False)[item])
    kinds = {"all": [ALL], "band": [f"band {band}" for band in bands], "outcome": list(OUTCOMES)}
    drawings = []
    for kind, groups in kinds.items():
        chosen = own[own["group"].isin(groups)]
        if len(chosen):
            title = "All recordings" if kind == "all" else f"By {kind}"
            svg = grouped_bars(chosen, item, label, f"{item}-{kind}", even=even, order=order)
            drawings.append(Drawing(f"{item}_by_{kind}", title, svg))
    return drawings
