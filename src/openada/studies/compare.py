"""Which differences between runs are beyond resampling noise, and which are not (protocol, rule 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.errors import UnusableInput
from openada.evaluation.comparison import compare_over_seeds
from openada.evaluation.footer import footer_line, merged
from openada.evaluation.fusion import by_session
from openada.evaluation.metrics import metric_named
from openada.evaluation.table import to_markdown
from openada.files import atomic_path, write_json, write_text
from openada.report.comparison import Section, write_comparison_report
from openada.report.content import NamedTable
from openada.report.figures import Bar, Drawing, intervals
from openada.report.page import counted, number, significant
from openada.studies.evaluation_content import PLANTED, bullets, records, section
from openada.studies.evaluation_drawings import write_drawings
from openada.studies.fold_sets import pooled
from openada.studies.seed_groups import SeedGroup, read_tested_run, require_same_recordings, runs_table, seed_groups

if TYPE_CHECKING:
    import pandas as pd

COMPARED = ("rmse", "mae", "ccc")
LEVEL = 0.05
READING = (
    "Paired over subjects: every resample draws the same people for all. A difference is called beyond resampling noise "
    "where its p-value, after Holm's correction over the pairs of that metric, is below .05. What is not beyond it may be "
    "there all the same: these recordings cannot show it."
)


@dataclass(frozen=True)
class Comparison:
    """`pairs` and `ranks` of every metric and unit (`evaluation.comparison`), the sentences on sessions, what a reader must know
    of the runs (`warnings`, `foot`), and all of it as it is printed.
    """

    groups: list[SeedGroup]
    pairs: pd.DataFrame
    ranks: pd.DataFrame
    sentences: list[str]
    warnings: list[str]
    foot: list[str]
    drawings: list[Drawing]
    markdown: str = ""

    @property
    def short_foot(self) -> list[str]:
        """The footer of every further table: a line per model."""
        return [f"{group.name}: {footer_line(group.foot)}" for group in self.groups]

    @property
    def planted(self) -> bool:
        """Whether these are planted-benchmark figures."""
        return any(run.config["planted"] for group in self.groups for run in group.runs)


def compare_runs(
    runs: Sequence[Path], out: Path, *, part: str = "test", data: Path | None = None, resamples: int = 10_000
) -> Comparison:
    """Compare runs on the same recordings; write OUT/comparison.json, .md, pairs.csv, ranks.csv, figures/, report.html.

    Runs that differ only in the seed count as one, by the mean of their figures; the runs of all folds of a cross-validation
    count as one, by their out-of-fold predictions. Raises UnusableInput for fewer than two recipes, for runs whose test
    recordings or labels differ, naming how, and for folds without the others.
    """
    tested = pooled([read_tested_run(path, part, data) for path in runs])
    require_same_recordings(tested)
    groups = seed_groups(tested)
    if len(groups) < 2:
        raise UnusableInput(
            f"{len(tested)} run{'s' * (len(tested) != 1)} of one recipe: a comparison needs two; 'openada evaluate' gives "
            "the mean and spread of its seeds"
        )
    pairs, ranks = _figures(groups, resamples)
    found = Comparison(
        groups,
        pairs,
        ranks,
        _sentences(pairs, ranks),
        _warnings(groups),
        merged({group.name: group.foot for group in groups}),
        _drawings(pairs),
    )
    found = replace(found, markdown=_markdown(found, part))
    _write(out, found, part)
    _write_page(out / "report.html", found, part)
    return found


def _figures(groups: Sequence[SeedGroup], resamples: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    pairs, ranks = [], []
    for unit in ("sessions", "recordings"):
        tables = {
            group.name: {
                seed: by_session(rows) if unit == "sessions" else rows for seed, rows in group.predictions.items()
            }
            for group in groups
        }
        first = next(iter(next(iter(tables.values())).values()))
        predictions = {
            name: {seed: table["prediction"].to_numpy(float) for seed, table in by_seed.items()}
            for name, by_seed in tables.items()
        }
        for metric in COMPARED:
            found = compare_over_seeds(
                metric, first["score"], predictions, first["subject"].astype(str), unit=unit, resamples=resamples
            )
            pairs.append(found[0])
            ranks.append(found[1])
    return pd.concat(pairs, ignore_index=True), pd.concat(ranks, ignore_index=True)


def _sentences(pairs: pd.DataFrame, ranks: pd.DataFrame) -> list[str]:
    """A sentence per pair on RMSE and MAE by session, then one on the ranks."""
    said = []
    for metric in ("rmse", "mae"):
        rows = pairs[(pairs["metric"] == metric) & (pairs["unit"] == "sessions")]
        said += [pair_sentence(row, len(rows)) for row in rows.to_dict("records")]
    own = ranks[(ranks["metric"] == "rmse") & (ranks["unit"] == "sessions")]
    if own["same_order"].notna().all():
        order = own.sort_values("rank", kind="stable")["predictor"]
        said.append(
            f"By RMSE the order {' < '.join(order)} comes out again in {_share(own['same_order'].iloc[0])} of the resamples."
        )
    return said


def pair_sentence(row: Mapping[str, Any], n_pairs: int) -> str:
    """What one pair's difference allows to say, never more than its interval and its corrected p-value do."""
    title = metric_named(row["metric"]).title
    people = f"{row['n']:g} {row['unit']} of {row['n_subjects']:g} subjects"
    if not math.isfinite(row["value"]):
        return f"{title} of {row['a']} or {row['b']} is not defined on these {people}: nothing can be said."
    gap = f"{row['a']} − {row['b']}: {title} {number(row['value'])}"
    if not math.isfinite(row["low"]):
        return (
            f"{gap}, without an interval ({row['note']}): on these {people} nothing can be said about the difference."
        )
    corrected = f" after Holm's correction over {n_pairs} pairs" if n_pairs > 1 else ""
    facts = (
        f"{gap} (95 % interval {number(row['low'])} to {number(row['high'])}; p = {significant(row['p_holm'], 2)}{corrected}; "
        f"{row['a']} ranks first of the two in {_share(row['a_ranks_first'])} of the resamples)"
    )
    if row["p_holm"] < LEVEL:
        better = metric_named(row["metric"]).better
        ahead = row["a"] if (row["value"] < 0) == (better == "lower") else row["b"]
        return f"{facts}. Beyond resampling noise: on these {people}, {ahead} has the {better} {title}."
    alone = (
        " Its own interval leaves out zero; among so many pairs that is not enough."
        if row["low"] > 0 or row["high"] < 0
        else ""
    )
    return f"{facts}. Not beyond resampling noise: these {people} cannot tell the two apart.{alone}"


def printed_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs as they are shown; `note` only where one has something to say."""
    shown = pairs.assign(
        pair=pairs["a"] + " − " + pairs["b"],
        metric=[metric_named(name).title for name in pairs["metric"]],
        difference=[_span(row) for row in pairs.to_dict("records")],
        p=[significant(value, 2) for value in pairs["p_value"]],
        holm=[significant(value, 2) for value in pairs["p_holm"]],
        first=[_share(value) for value in pairs["a_ranks_first"]],
        verdict=[_verdict(row) for row in pairs.to_dict("records")],
    )
    columns = ["pair", "metric", "unit", "difference", "p", "holm", "first", "verdict"]
    return shown[columns + (["note"] if shown["note"].any() else [])].rename(
        columns={"holm": "p, Holm", "first": "first of both in", "verdict": "noise"}
    )


def printed_ranks(ranks: pd.DataFrame) -> pd.DataFrame:
    """The ranks as they are shown."""
    spans = zip(ranks["rank_low"], ranks["rank_high"], strict=True)
    shown = ranks.assign(
        metric=[metric_named(name).title for name in ranks["metric"]],
        value=[number(value) for value in ranks["value"]],
        rank=[number(value, 1).removesuffix(".0") for value in ranks["rank"]],
        first=[_share(value) for value in ranks["ranks_first"]],
        mean_rank=[number(value) for value in ranks["mean_rank"]],
        span=["–" if math.isnan(low) else f"{low:g} to {high:g}" for low, high in spans],
        order=[_share(value) for value in ranks["same_order"]],
    )
    return shown[["predictor", "metric", "unit", "value", "rank", "first", "mean_rank", "span", "order"]].rename(
        columns={"first": "first in", "mean_rank": "mean rank", "span": "rank range", "order": "same order in"}
    )


def _span(row: Mapping[str, Any]) -> str:
    span = f" [{number(row['low'])}, {number(row['high'])}]" if math.isfinite(row["low"]) else ""
    return f"{number(row['value'])}{span}"


def _share(value: float) -> str:
    if math.isnan(value):
        return "–"
    if 0 < value < 0.01 or 0.99 < value < 1:
        return "under 1%" if value < 0.5 else "over 99%"
    return f"{value:.0%}"


def _verdict(row: Mapping[str, Any]) -> str:
    if not math.isfinite(row["p_holm"]):
        return "not known"
    return "beyond" if row["p_holm"] < LEVEL else "within"


def _warnings(groups: Sequence[SeedGroup]) -> list[str]:
    said = []
    splits = {group.runs[0].foot.split_sha256 for group in groups}
    if len(splits) > 1:
        said.append(
            f"The runs were trained on {len(splits)} different splits that share their reported recordings: a difference may be "
            "that of the training recordings."
        )
    if len({group.runs[0].config["data"] for group in groups}) > 1:
        said.append("The runs read different prepared data sets: a difference may be that of the preparation.")
    if len({len(group.runs) for group in groups}) > 1:
        counts = ", ".join(f"{group.name}: {len(group.runs)}" for group in groups)
        said.append(f"The models have different numbers of seeds ({counts}).")
    if min(len(group.runs) for group in groups) == 1:
        said.append("A model with a single seed: what another seed would give is not in these intervals.")
    return said


def _drawings(pairs: pd.DataFrame) -> list[Drawing]:
    drawings = []
    for metric in COMPARED:
        rows = pairs[(pairs["metric"] == metric) & (pairs["unit"] == "sessions")].to_dict("records")
        bars = [Bar(f"{r['a']} −\n{r['b']}", r["value"], r["low"], r["high"], True) for r in rows]
        name, title = f"differences_{metric}", metric_named(metric).title
        people = f"{counted('sessions', rows[0]['n'])} of {counted('subjects', rows[0]['n_subjects'])}"
        note = f"{people}; 95 % intervals, not corrected for several pairs; dashed: no difference."
        drawings.append(
            Drawing(name, f"Differences in {title}", intervals(bars, f"difference in {title}", 0.0, name), note)
        )
    return drawings


def _title(found: Comparison, part: str) -> str:
    return f"{len(found.groups)} models on the same {part} recordings"


def _markdown(found: Comparison, part: str) -> str:
    lines = [f"# {_title(found, part)}", "", READING, ""]
    lines += bullets([*found.warnings, *([PLANTED] if found.planted else [])])
    lines += ["", "## What can be said, by session", "", *bullets(found.sentences), "", *bullets(found.foot)]
    lines += section("Every pair", printed_pairs(found.pairs), *found.short_foot)
    lines += section("Ranks over resamples of the subjects", printed_ranks(found.ranks), *found.short_foot)
    lines += ["", "## Runs", "", to_markdown(runs_table(found.groups))]
    return "\n".join(lines) + "\n"


def _write(out: Path, found: Comparison, part: str) -> None:
    for name, table in (("pairs", found.pairs), ("ranks", found.ranks)):
        with atomic_path(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    write_text(out / "comparison.md", found.markdown)
    content = {
        "part": part,
        "runs": records(runs_table(found.groups)),
        "sentences": found.sentences,
        "pairs": records(found.pairs),
        "ranks": records(found.ranks),
        "warnings": found.warnings,
        "footer": found.foot,
        "versions": {"openada": version("openada")},
    }
    write_json(out / "comparison.json", content)
    write_drawings(out / "figures", found.drawings)


def _write_page(out: Path, found: Comparison, part: str) -> None:
    pairs = NamedTable("Every pair", printed_pairs(found.pairs))
    ranks = NamedTable("Ranks", printed_ranks(found.ranks), "Rank range: central 95 % of the resamples.")
    write_comparison_report(
        out,
        kind="comparison of runs",
        title=_title(found, part),
        lead=READING,
        sections=[
            Section("What can be said, by session", sentences=found.sentences, footer=found.foot),
            Section("Differences", tables=[pairs], drawings=found.drawings, footer=found.short_foot),
            Section("Ranks over resamples of the subjects", tables=[ranks], footer=found.short_foot),
            Section("Runs", tables=[NamedTable("Runs", runs_table(found.groups))]),
        ],
        critical_warnings=[PLANTED] if found.planted else [],
        warnings=found.warnings,
        versions={"openada": version("openada")},
    )
