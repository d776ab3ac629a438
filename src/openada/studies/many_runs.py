"""Several runs evaluated together: seeds of one recipe as mean and spread, recipes as rows of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.datasets.scales import SCALES, Scale
from openada.errors import UnusableInput
from openada.evaluation.footer import footer_line, merged
from openada.evaluation.latex import to_latex
from openada.evaluation.published import LABEL, published_table
from openada.evaluation.seeds import rows_over_seeds
from openada.evaluation.table import to_markdown, wide
from openada.files import atomic_path, write_json, write_text
from openada.report.comparison import Section, write_comparison_report
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.evaluate import Evaluation, evaluate_run
from openada.studies.evaluation_content import (
    ERRORS,
    PLANTED,
    bands_title,
    bullets,
    latex,
    plain,
    printed,
    printed_bands,
    published_section,
    published_shown,
    records,
    section,
)
from openada.studies.evaluation_drawings import interval_drawings, write_drawings
from openada.studies.evaluation_facts import METHODS, known_recordings
from openada.studies.seed_groups import SeedGroup, TestedRun, read_tested_run, runs_table, seed_groups

if TYPE_CHECKING:
    import pandas as pd

SEEDS_NOTE = (
    "Value: mean of the seeds' figures ± sd over seeds. Brackets: 95 % interval from resampling subjects, on the "
    "seed-averaged figure; the sd over seeds is no sampling error. No ensemble is formed."
)


@dataclass(frozen=True)
class Block:
    """Recipes tested on the same recordings after training on the same ones: one table, baselines first."""

    name: str
    scale: Scale
    groups: list[SeedGroup]
    table: pd.DataFrame
    per_seed: dict[tuple[str, str], list[float]]
    foot: list[str]
    drawings: list[Drawing]


@dataclass(frozen=True)
class ManyEvaluation:
    """The blocks, a table of which run is which, and what was written."""

    blocks: list[Block]
    runs: pd.DataFrame
    markdown: str


def evaluate_runs(
    runs: Sequence[Path],
    out: Path,
    *,
    part: str = "test",
    data: Path | None = None,
    tripod: bool = False,
    published: bool = False,
    evidence: bool = False,
) -> ManyEvaluation:
    """Evaluate each run by itself (`evaluate_run`), then all together into `out`.

    Writes OUT/evaluation.csv, .md, .tex and .json, OUT/figures/ and OUT/report.html. Runs that differ only in the seed
    become one row; recipes on different splits, labels or recordings stand in tables of their own. Raises UnusableInput
    for a run that cannot be reported (rule 2), the same run twice, and `data` for runs on different data sets.
    """
    tested = [read_tested_run(path, part, data) for path in runs]
    folders = sorted({run.config["data"] for run in tested})
    if data is not None and len(folders) > 1:
        raise UnusableInput(
            f"--data {data} for runs on {len(folders)} data sets ({', '.join(folders)}): evaluate them apart"
        )
    groups = seed_groups(tested)
    evaluations = {
        run.path: evaluate_run(run.path, part=part, data=data, tripod=tripod, published=published, evidence=evidence)
        for run in tested
    }
    by_test: dict[Any, list[SeedGroup]] = {}
    for group in groups:
        by_test.setdefault(_test_key(group.runs[0]), []).append(group)
    blocks = [_block(members, evaluations, part, f"block{k}") for k, members in enumerate(by_test.values(), start=1)]
    first = tested[0].config
    shown = _published(tested) if published else None
    table = runs_table(groups)
    text = _markdown(blocks, table, part, first["planted"], shown)
    _write(out, blocks, table, text, shown, part)
    sections = [_section(block, part) for block in blocks]
    tables = [NamedTable("Runs", table)]
    if shown is not None:
        tables.append(published_shown(*shown))
    write_comparison_report(
        out / "report.html",
        kind="evaluation of several runs",
        title=f"{len(tested)} runs on {part} recordings",
        lead=SEEDS_NOTE,
        sections=[*sections, Section("Runs", tables=tables)],
        critical_warnings=[PLANTED] if any(run.config["planted"] for run in tested) else [],
        versions={"openada": version("openada")},
    )
    return ManyEvaluation(blocks, table, text)


def _test_key(run: TestedRun) -> tuple[Any, ...]:
    """Equal for runs with the same recordings and labels in the same parts."""
    known = known_recordings(run.folder).sort_values("recording_id")
    return (
        run.config["split_sha256"],
        run.config["scale"],
        *known[["recording_id", "split", "score"]].itertuples(index=False),
    )


def _block(groups: list[SeedGroup], evaluations: dict[Path, Evaluation], part: str, prefix: str) -> Block:
    import pandas as pd

    first = groups[0].runs[0]
    known = known_recordings(first.folder)
    scale = SCALES[first.config["scale"]]
    tables = [_baselines(groups, evaluations)]
    per_seed: dict[tuple[str, str], list[float]] = {}
    for group in groups:
        tables.append(
            rows_over_seeds(
                group.predictions,
                predictor=group.name,
                training=known[known["split"] == "training"],
                development=known[known["split"] == "development"] if part != "development" else None,
                band_limits=[low for _, low in scale.bands],
                cut=scale.cut,
            )
        )
        for run in group.runs:
            single = evaluations[run.path].table
            single = single[(single["predictor"] == run.method) & (single["unit"] == "sessions")]
            for row in single.to_dict("records"):
                per_seed.setdefault((group.name, row["metric"]), []).append(row["value"])
    table = pd.concat(tables, ignore_index=True)
    difference = table["predictor"].str.contains(" − ")
    order = (2 * difference + (table["unit"] == "sessions")).sort_values(kind="stable").index
    table = table.loc[order].reset_index(drop=True)
    names = [group.name for group in groups]
    return Block(
        f"split {first.foot.split} ({first.foot.split_sha256[:12]})",
        scale,
        groups,
        table,
        per_seed,
        merged({group.name: group.foot for group in groups}),
        interval_drawings(table, names, per_seed=per_seed, prefix=f"{prefix}_intervals"),
    )


def _baselines(groups: list[SeedGroup], evaluations: dict[Path, Evaluation]) -> pd.DataFrame:
    """Constants, look-ups and simple baselines of the first run; the simple ones once more for every further data set."""
    import pandas as pd

    found: list[pd.DataFrame] = []
    seen: set[str] = set()
    by_data: set[str] = set()
    for group in groups:
        run = group.runs[0]
        if run.config["data"] in by_data:
            continue
        table = evaluations[run.path].table
        rows = table[~table["predictor"].isin(METHODS) & ~table["predictor"].str.contains(" − ")]
        if by_data:
            made_of_video = rows["predictor"].isin(seen) & ~rows["predictor"].str.contains("training|identity")
            rows = rows[made_of_video].assign(predictor=rows["predictor"] + f" ({Path(run.config['data']).name})")
        seen |= set(rows["predictor"])
        by_data.add(run.config["data"])
        found.append(rows)
    return pd.concat(found, ignore_index=True).assign(sd_over_seeds=float("nan"), seeds="")


def _published(runs: Sequence[TestedRun]) -> tuple[pd.DataFrame, str]:
    corpora = sorted({name for run in runs for name in run.config["corpus"]})
    return published_table(corpora, planted=any(run.config["planted"] for run in runs))


def _markdown(
    blocks: Sequence[Block], runs: pd.DataFrame, part: str, planted: bool, published: tuple[pd.DataFrame, str] | None
) -> str:
    lines = [f"# Evaluation of {len(runs)} runs on {part} recordings", "", SEEDS_NOTE]
    if planted:
        lines.append(PLANTED)
    for block in blocks:
        difference = block.table["predictor"].str.contains(" − ")
        lines += ["", f"## {block.name[0].upper()}{block.name[1:]}", ""]
        lines += [to_markdown(printed(block.table[~difference])), *bullets(block.foot)]
        lines += section(bands_title(block.scale), printed_bands(block.table[~difference]), *_short(block))
        title = f"Differences from the baselines, {block.name} (below zero: errs less)"
        lines += section(title, wide(block.table[difference], ERRORS), *_short(block))
    lines += ["", "## Runs", "", to_markdown(runs)]
    if published is not None:
        lines += published_section(*published)
    return "\n".join(lines) + "\n"


def _write(
    out: Path,
    blocks: Sequence[Block],
    runs: pd.DataFrame,
    text: str,
    published: tuple[pd.DataFrame, str] | None,
    part: str,
) -> None:
    import pandas as pd

    everything = pd.concat([block.table.assign(block=block.name) for block in blocks], ignore_index=True)
    with atomic_path(out / "evaluation.csv") as temporary:
        everything.to_csv(temporary, index=False)
    write_text(out / "evaluation.md", text)
    tex = [latex(block.name, block.table, block.foot, None) for block in blocks]
    if published is not None and len(published[0]):
        tex.append(to_latex(published[0], title=LABEL, footer=[published[1]]))
    write_text(out / "evaluation.tex", "\n".join(tex))
    write_json(
        out / "evaluation.json",
        {
            "part": part,
            "runs": records(runs),
            "blocks": [
                {
                    "name": block.name,
                    "footer": block.foot,
                    "table": records(block.table),
                    "per_seed_by_session": [
                        {
                            "predictor": name,
                            "metric": metric,
                            "seeds": _seeds(block, name),
                            "values": [plain(v) for v in values],
                        }
                        for (name, metric), values in block.per_seed.items()
                    ],
                }
                for block in blocks
            ],
            "versions": {"openada": version("openada")},
        },
    )
    write_drawings(out / "figures", [drawing for block in blocks for drawing in block.drawings])


def _seeds(block: Block, name: str) -> list[int]:
    return next(group.seeds for group in block.groups if group.name == name)


def _short(block: Block) -> list[str]:
    return [f"{group.name}: {footer_line(group.foot)}" for group in block.groups]


def _section(block: Block, part: str) -> Section:
    difference = block.table["predictor"].str.contains(" − ")
    names = [group.name for group in block.groups]
    ours = block.table["predictor"].isin(names)
    return Section(
        f"{part}, {block.name}",
        note="Constant predictors and other baselines first, then the models.",
        baselines=block.table[~difference & ~ours],
        metrics=block.table[~difference & ours],
        tables=[
            NamedTable(
                "Differences from the baselines", wide(block.table[difference], ERRORS), "Below zero: errs less."
            )
        ],
        drawings=block.drawings,
        footer=block.foot,
    )
