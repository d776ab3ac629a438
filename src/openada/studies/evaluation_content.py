"""An evaluation as evaluation.json, evaluation.md and evaluation.tex say it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from openada.datasets.scales import SCALES, Scale
from openada.evaluation.conformal import measured_coverage, realised_coverage_range, split_conformal, subject_scores
from openada.evaluation.footer import Footing, footer_line, footer_lines
from openada.evaluation.latex import to_latex
from openada.evaluation.published import LABEL
from openada.evaluation.table import to_markdown, wide
from openada.report.content import NamedTable
from openada.report.page import number
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    from openada.studies.evaluate import Evaluation

ERRORS = ("mae", "rmse")
PRINTED = (*ERRORS, "pcc", "ccc", "calibration_slope")
BANDS = ("band_accuracy", "macro_f1", "quadratic_kappa", "auroc_at_cut")
# A slope on predictions that hardly vary, as a shrunken ridge's, is of no size.
OF_BASELINES = (*ERRORS, "pcc", "ccc", *BANDS)
CONFORMAL_LEVEL = 0.9
PLANTED = "Planted-benchmark figures: they say whether a known signal is found, nothing about depression in people."


def figures(
    folder: RunFolder,
    table: pd.DataFrame,
    localisation: pd.DataFrame | None,
    references: pd.DataFrame | None,
    foot: Footing,
    main: str,
) -> dict[str, Any]:
    """The content of evaluation.json: the main method's figures at session level first, everything else after."""
    config = folder.config()

    def of(predictor: str, unit: str) -> dict[str, Any]:
        chosen = table[(table["predictor"] == predictor) & (table["unit"] == unit)]
        keys = ["value", "low", "high", "n", "n_subjects", "unit", "method", "note"]
        return {row["metric"]: {key: plain(row[key]) for key in keys} for row in chosen.to_dict("records")}

    headline = [
        {
            "metric": metric,
            **of(main, "sessions")[metric],
            "unit": "session",
            "constant": of("training mean", "sessions")[metric]["value"],
        }
        for metric in ERRORS
    ]
    return {
        "part": foot.part,
        "method": main,
        "preset": folder.kind().preset,
        "planted": config["planted"],
        "corpus": config["corpus"],
        "split": foot.split,
        "split_sha256": config["split_sha256"],
        "subjects_on_both_sides": {f"{a} and {b}": list(shared) for (a, b), shared in folder.split().overlap().items()},
        "dropped_recordings": config["dropped"],
        "seed": config["recipe"]["seed"],
        "metrics": of(main, "sessions"),
        "metrics_per_recording": of(main, "recordings"),
        "headline": headline,
        "conformal": conformal(folder, foot.part, main),
        "footer": footer_lines(foot),
        "table": records(table),
        "localisation": None if localisation is None else records(localisation),
        "references": None if references is None else records(references),
        "versions": {name: version(name) for name in ("openada", "torch", "mediapipe")},
    }


def conformal(folder: RunFolder, part: str, method: str) -> dict[str, Any]:
    """The 90 % interval calibrated on development subjects: its half width, expected range and measured coverage."""
    config = folder.config()
    if part != "test" or config["selected_on"] == "development":
        return {"half_width": None, "reason": "no development subjects are left to calibrate on"}
    table = pd.read_parquet(folder.predictions)
    table = table[table["method"] == method]
    calibration, test = table[table["split"] == "development"], table[table["split"] == "test"]
    if calibration.empty:
        return {"half_width": None, "reason": "the split has no development recordings"}
    shared = folder.split().overlap().get(("training", "development"), ())
    scores = subject_scores(calibration["score"], calibration["prediction"], calibration["subject"])
    found = split_conformal(scores, CONFORMAL_LEVEL)
    if not math.isfinite(found.half_width):
        return {"half_width": None, "reason": found.note}
    measured = measured_coverage(test["score"], test["prediction"], test["subject"], found.half_width)
    return {
        "half_width": found.half_width,
        "level": CONFORMAL_LEVEL,
        "calibration_subjects": found.n_subjects,
        "calibration_subjects_in_training": len(shared),
        "expected_coverage_range": list(realised_coverage_range(found.n_subjects, CONFORMAL_LEVEL)),
        "measured_coverage_of_subjects": measured.subjects.value,
        "measured_coverage_of_subjects_interval": [measured.subjects.low, measured.subjects.high],
        "measured_coverage_of_recordings": measured.recordings,
        "holds_for": "people exchangeable with the calibration subjects; never across corpora",
    }


def conformal_table(found: dict[str, Any]) -> pd.DataFrame:
    """The same as one row of text, or the reason why there is no interval."""
    if found["half_width"] is None:
        return pd.DataFrame([{"prediction interval": f"none: {found['reason']}"}])
    low, high = found["expected_coverage_range"]
    least, most = found["measured_coverage_of_subjects_interval"]
    taken = found["calibration_subjects_in_training"]
    return pd.DataFrame(
        [
            {
                "prediction interval": f"prediction ± {found['half_width']:.1f} at {found['level']:.0%}",
                "calibrated on": f"{found['calibration_subjects']} subjects"
                + (f", {taken} of whom are also in training: no guarantee" if taken else ""),
                "coverage to expect": f"{low:.0%} to {high:.0%} (from one calibration set to another)",
                "measured, subjects": f"{found['measured_coverage_of_subjects']:.0%} [{least:.0%}, {most:.0%}]",
                "measured, recordings": f"{found['measured_coverage_of_recordings']:.0%}",
                "holds for": found["holds_for"],
            }
        ]
    )


def markdown(folder: RunFolder, of: Evaluation) -> str:
    """evaluation.md: every table with its footer."""
    config = folder.config()
    line = footer_line(of.foot)
    lines = [
        f"# Evaluation of {folder.folder.name} on {of.foot.part} recordings",
        "",
        f"Model {folder.kind().described}; corpus {', '.join(config['corpus']) or 'not named'}.",
        "One prediction per recording, then per session; intervals are 95 %, from resampling subjects.",
    ]
    if of.figures["planted"]:
        lines.append(PLANTED)
    difference = of.table["predictor"].str.contains(" − ")
    lines += ["", to_markdown(printed(of.table[~difference])), *bullets(footer_lines(of.foot))]
    lines += section(bands_title(SCALES[config["scale"]]), printed_bands(of.table[~difference]), line)
    lines += section("Differences (below zero: the model errs less)", wide(of.table[difference], ERRORS), line)
    lines += section("Prediction interval for one person", conformal_table(of.figures["conformal"]), line)
    lines += section("By subgroup", of.subgroups.drop(columns=["method"]), line)
    if of.localisation is not None:
        title = "Does relevance find the planted episodes? (AUROC per recording)"
        lines += section(title, of.localisation.drop(columns=["metric"]), line)
    if of.references is not None:
        lines += section("References: the best readers of the planted cue", of.references, line)
    if of.published is not None:
        lines += published_section(*of.published)
    return "\n".join(lines) + "\n"


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """The printed form of a results table: what is known of PRINTED, a row per predictor and unit."""
    return wide(table, [metric for metric in PRINTED if metric in set(table["metric"])])


def printed_bands(table: pd.DataFrame) -> pd.DataFrame:
    """The printed form of what is known of BANDS, by predictor and unit; empty without any."""
    return wide(table[table["metric"].isin(BANDS)], [metric for metric in BANDS if metric in set(table["metric"])])


def bands_title(scale: Scale) -> str:
    """The heading above `printed_bands`: on which bands and at which cut."""
    bands = ", ".join(f"{name} from {low:g}" for name, low in scale.bands)
    return f"Severity bands of {scale.name} ({bands}), and AUROC for label ≥ {scale.cut:g}"


def section(title: str, table: pd.DataFrame, *footer: str) -> list[str]:
    """A heading, a table and its footer, as lines of Markdown."""
    return ["", f"## {title}", "", to_markdown(table), *(footer if len(footer) == 1 else bullets(footer))]


def published_section(table: pd.DataFrame, line: str) -> list[str]:
    """Published figures, under a heading that says what they are."""
    return ["", f"## {LABEL[0].upper()}{LABEL[1:]}", "", *([to_markdown(table)] if len(table) else []), line]


def published_shown(table: pd.DataFrame, line: str, title: str = "Published figures") -> NamedTable:
    """Published figures as a page shows them: two decimals, as in the papers."""
    figures_of = [column for column in table.columns if column.endswith("(published)")]
    shown = table.assign(**{column: [number(value) for value in table[column]] for column in figures_of})
    return NamedTable(title, shown, line, published=True)


def bullets(lines: Sequence[str]) -> list[str]:
    """Lines as a Markdown list."""
    return [f"- {line}" for line in lines]


def latex(title: str, table: pd.DataFrame, foot: Sequence[str], published: tuple[pd.DataFrame, str] | None) -> str:
    """evaluation.tex: figures, differences and, if asked for, the published figures, each a tabular with its footer."""
    difference = table["predictor"].str.contains(" − ")
    blocks = [to_latex(printed(table[~difference]), title=title, footer=foot)]
    bands = printed_bands(table[~difference])
    if len(bands):
        blocks.append(to_latex(bands, title=f"{title}: severity bands and AUROC at the cut", footer=foot))
    if difference.any():
        blocks.append(to_latex(wide(table[difference], ERRORS), title=f"{title}: differences", footer=foot))
    if published is not None and len(published[0]):
        blocks.append(to_latex(published[0], title=LABEL, footer=[published[1]]))
    return "\n".join(blocks)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON can hold them."""
    return [{str(key): plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def plain(value: Any) -> Any:
    """A value that JSON can hold: NaN becomes null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
