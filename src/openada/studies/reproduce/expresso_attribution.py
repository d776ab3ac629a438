"""Expresso-AI's figures (Moreno et al. 2023): attribution by region of the face, by severity band and by outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.attribution_groups import ALL, OUTCOMES, group_means, groups_of
from openada.explanation.region_pooling import OUTSIDE
from openada.explanation.saliency import METHODS
from openada.report.attribution_figures import grouped_bars
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.attribution_words import NOT_SAID, OUTSIDE_LIMIT
from openada.studies.explainable import require_before_training
from openada.studies.planted_saliency import CUE_REGIONS
from openada.studies.progress import bar
from openada.studies.reproduce.expresso_tables import expresso_runs
from openada.studies.reproduce.result import Result
from openada.studies.run_attributions import RunAttributions, run_attributions

if TYPE_CHECKING:
    from openada.datasets.scales import Scale
    from openada.studies.reproduce.job import Job

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


class Material(NamedTuple):
    """Trained runs, the tables of the recordings that they explain, and what the data are."""

    runs: list[Path]
    found: RunAttributions
    scale: Scale
    planted: bool


def regions(name: str, job: Job) -> Result:
    """Attribution by region: all recordings of the part, by band and by outcome."""
    made = material(job)
    bands = [band for band, _ in made.scale.bands]
    table = group_means(made.found.regions, "region", SHARES, bands)
    groups = counts(made.found.recordings, bands)
    tables = [
        NamedTable(title + by, wide(table, "region", measure, among, made.planted, CUE_REGIONS), REGION_NOTE)
        for measure, title in (
            ("area_normalised", "Area-normalised attribution"),
            ("share", "Share of the attribution"),
        )
        for by, among in bands_and_outcomes(groups).items()
    ]
    said = [
        *lead(job, made),
        *_ranking(table, made.planted),
        _outside(table, made.found.regions),
        *complete(made.found),
        *NOT_SAID,
    ]
    section = Section(
        f"By region, {job.attribution}, {job.part} recordings",
        said,
        tables=tables,
        drawings=bars(
            table,
            "region",
            "area_normalised",
            "area-normalised attribution",
            bands,
            1.0,
            _order(table),
            name="region",
        ),
        footer=job.foot(made.runs[: len(job.task_names)]),
    )
    files = {"recordings": made.found.regions, "completeness": made.found.recordings}
    return Result(name, [section], table, made.planted, made.runs, files)


def material(job: Job) -> Material:
    """The runs of all seeds, trained where they are not, and the tables of the part's recordings by each of them."""
    require_before_training(job.system, job.clips, job.attribution)
    parts, runs = [], []
    for seed, of_seed in expresso_runs(job).items():
        for run in of_seed:
            predictions = next(iter(job.predictions([run]).values()))
            with bar(f"Explaining {run.name}") as tick:
                found = run_attributions(run, predictions, job.dataset, job.attribution, tick=tick)
            parts.append([one.assign(seed=seed) for one in found])
        runs += of_seed
    together = RunAttributions(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))
    _require_one_baseline(together.recordings)
    return Material(runs, together, job.scale(runs[0]), job.corpora(runs[0])[1])


def _require_one_baseline(recordings: pd.DataFrame) -> None:
    compared = sorted(set(recordings.get("baseline", ())))
    if len(compared) > 1:
        raise UnusableInput(
            f"the seeds' networks are compared with different baselines ({'; '.join(compared)}), which belong in no common "
            "mean: those trained before the mean face was kept have none, so train them anew with another --out"
        )


def lead(job: Job, made: Material) -> list[str]:
    """How large, by which method, and what the outcomes are."""
    about = METHODS[job.attribution]
    count = made.found.recordings["recording_id"].nunique()
    seeds = ", ".join(map(str, job.seeds))
    compared = made.found.recordings.get("baseline", ())
    baseline = f"; compared with {compared[0]}" if len(compared) else ""
    return [
        f"Size: preset {job.recipe.preset}; seeds {seeds}: each network explains itself, and a row is a recording under one seed "
        f"({len(made.found.recordings)} rows of {count} recordings).",
        f"{job.attribution}: {about.meaning}; values in {about.unit}{baseline}.",
        "Correct: an error of up to 5 points; over- and under-estimated: beyond 15.5.",
    ]


def counts(recordings: pd.DataFrame, bands: Sequence[str]) -> dict[str, int]:
    """Group → rows in it, of the groups that have any."""
    return {group: int(inside.sum()) for group, inside in groups_of(recordings, bands).items() if inside.any()}


def bands_and_outcomes(groups: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """End of a title → its groups of `counts`, as many as a page has room for beside each other; all recordings in both."""
    outcomes = {name: count for name, count in groups.items() if name in (ALL, *OUTCOMES)}
    return {
        ", by band": {ALL: groups[ALL], **{k: v for k, v in groups.items() if k not in outcomes}},
        ", by outcome": outcomes,
    }


def wide(
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
            row[f"{group} (n = {count})"] = cell(cells.loc[key]) if key in cells.index else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def cell(row: pd.Series) -> str:
    """Value [low, high]; "undefined" without a value."""
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
        verdict = "They come first." if first and places else "They do not take the first places."
        said.append(f"Planted regions and their places of {len(order)}: {listed or 'none has any'}. {verdict}")
    return said


def _outside(table: pd.DataFrame, regions: pd.DataFrame) -> str:
    rows = table[(table["group"] == ALL) & (table["region"] == OUTSIDE)].set_index("measure")
    share, even = rows.loc["share"], rows.loc["area_normalised"]
    if not np.isfinite(share["value"]):
        return "No share outside the face: no recording has any attribution."
    above = "above" if even["value"] > OUTSIDE_LIMIT else "not above"
    of_each = regions.loc[regions["region"] == OUTSIDE, "area_normalised"]
    flagged = int((of_each > OUTSIDE_LIMIT).sum())
    how_many = f"{flagged} of {len(of_each)} rows are above it, and an assessment of them says so."
    return (
        f"Outside the face: {cell(share)} of the attribution, {cell(even)} times what an even map would have there; "
        f"{above} the limit of {OUTSIDE_LIMIT:g}. {how_many if flagged else f'None of {len(of_each)} rows is.'}"
    )


def complete(found: RunAttributions) -> list[str]:
    """How far the attributions of the recordings are from adding up; nothing of a method that is not to."""
    if "error" not in found.recordings:
        return []
    error = found.recordings["error"].to_numpy(float)
    relative = found.recordings["error_relative"].astype(float)
    return [
        f"Completeness error of a recording: median {np.median(error):.2g}, largest {error.max():.2g} points; relative to score "
        f"− baseline score: median {relative.median():.2%}, largest {relative.max():.2%}."
    ]


def bars(
    table: pd.DataFrame,
    item: str,
    measure: str,
    label: str,
    bands: Sequence[str],
    even: float | None,
    order: Sequence[str],
    *,
    name: str,
) -> list[Drawing]:
    """Bars of all recordings, by band and by outcome, in files called after `name`."""
    own = table[table["measure"] == measure]
    order = order or list(own[own["group"] == ALL].sort_values("value", ascending=False)[item])
    kinds = {"all": [ALL], "band": [f"band {band}" for band in bands], "outcome": list(OUTCOMES)}
    drawings = []
    for kind, groups in kinds.items():
        chosen = own[own["group"].isin(groups)]
        if len(chosen):
            title = "All recordings" if kind == "all" else f"By {kind}"
            svg = grouped_bars(chosen, item, label, f"{name}-{kind}", even=even, order=order)
            drawings.append(Drawing(f"{name}_by_{kind}", title, svg))
    return drawings
