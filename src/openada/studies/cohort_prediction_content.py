"""The sections of a cohort study's page on prediction: its figures, and few people against many."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from openada.files import read_json
from openada.report.cohort_drawings import learning_curve, predictors
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.cohort_sequence import SEQUENCE
from openada.studies.cohort_words import TOP, figure, missing, span

LABELS = {"auroc": "AUROC (.5: no better than chance, 1: always right)", "pcc": "correlation of prediction and total"}
CHANCE = {"auroc": 0.5, "pcc": 0.0}
FIGURE_NAMES = {
    "auroc": "AUROC",
    "macro_f1": "macro-F1",
    "band_accuracy": "accuracy",
    "mae": "mean absolute error",
    "rmse": "RMSE",
    "pcc": "PCC",
    "ccc": "CCC",
}


def prediction_sections(folder: Path) -> list[Section]:
    """One per prediction study."""
    found = []
    for one in sorted((folder / "prediction").glob("*/study.json")):
        about, at = read_json(one), one.parent
        figures, groups, importance = (
            pd.read_csv(at / f"{name}.csv") for name in ("figures", "subgroups", "importance")
        )
        metric = "pcc" if about["task"] == "regression" else "auroc"
        kinds = f": {', '.join(about['classes'])}" if about["classes"] else ""
        folds = about["outer"] * about["repeats"]
        main = figures[figures["metric"] == metric]
        said = [
            f"{about['people']} people, {about['features']} features. "
            f"What is predicted: {about['scale']}, {about['task']}{kinds}.",
            f"Everything was fitted inside {folds} folds of people ({about['repeats']} times {about['outer']}, each with "
            f"{about['inner']} inner folds); features freed of {', '.join(about['adjusted_for']) or 'nothing'}.",
            *_verdicts(main[main["predictor"].isin(about["learners"])], metric),
        ]
        tables = [
            NamedTable(
                "All figures", _figures(figures), "Best fold: what a report that keeps the best fold would print."
            )
        ]
        groups = groups[groups["predictor"].isin(about["learners"][-1:])]
        if len(groups):
            shown = pd.DataFrame(
                {
                    "by": groups["grouping"],
                    "group": groups["group"],
                    "people": groups["n"],
                    f"{FIGURE_NAMES[metric]} (95 %)": [
                        span(row, "value", "low", "high") for _, row in groups.iterrows()
                    ],
                    "note": groups["note"].fillna(""),
                }
            )
            if not groups["note"].notna().any():
                shown = shown.drop(columns="note")
            tables.append(NamedTable(f"Groups of people, {about['learners'][-1]}", shown))
        signals = importance[importance["kind"] == "signal"].sort_values("mean", ascending=False).head(TOP)
        if len(signals):
            shown = pd.DataFrame(
                {
                    "learner": signals["learner"],
                    "signal": signals["name"],
                    "loss when shuffled ± sd": [
                        f"{row['mean']:.3f} ± {row['sd']:.3f}" for _, row in signals.iterrows()
                    ],
                    "folds": [f"{row['folds_kept']} of {row['folds']}" for _, row in signals.iterrows()],
                }
            )
            note = f"How much {FIGURE_NAMES[metric]} falls when a signal is dealt out anew among the people tested."
            tables.append(NamedTable("What predictions hang on", shown, note))
        drawn = predictors(figures, metric, LABELS[metric], CHANCE[metric], f"predictors-{at.name}")
        drawing = Drawing(f"predictors-{at.name}", "Predictors", drawn)
        how = ", from the signals over time" if SEQUENCE in about["learners"] else ""
        title = f"Prediction: {about['scale']}, {about['task']}{how}"
        found.append(Section(title, said, tables=tables, drawings=[drawing]))
    return found or [missing("Prediction", "predict")]


def _verdicts(main: pd.DataFrame, metric: str) -> list[str]:
    beyond = main[main["low"] > CHANCE[metric]]["predictor"].tolist()
    best = main["best_fold"].max()
    first = (
        f"Better than chance, by their intervals: {', '.join(beyond)}."
        if beyond
        else "No learner is better than chance: every interval holds it."
    )
    highest = main["pooled"].max()
    return [
        first,
        f"Over all people the learners reach up to {highest:.2f}; the best single fold shows {best:.2f}. The second is chance on "
        "top of the first, and is no result.",
    ]


def _figures(figures: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "predictor": figures["predictor"],
            "figure": figures["metric"].map(FIGURE_NAMES),
            "folds, mean ± sd": [f"{figure(row['mean'])} ± {figure(row['sd'])}" for _, row in figures.iterrows()],
            "all people (95 %)": [span(row, "pooled", "low", "high") for _, row in figures.iterrows()],
            "best fold (no result)": [figure(value) for value in figures["best_fold"]],
        }
    )


def scale_study_sections(folder: Path) -> list[Section]:
    """One per scale study."""
    found = []
    for one in sorted((folder / "scale_study").glob("*/study.json")):
        about, table = read_json(one), pd.read_csv(one.with_name("curve.csv"))
        metric = about["metric"]
        few, many = table.iloc[0], table.iloc[-1]
        said = [
            f"{about['learner']}, {about['scale']}, {about['task']}: with {few['people']:.0f} people the mean over folds is "
            f"{few['mean']:.2f} and the best of {few['folds']:.0f} folds {few['best_fold']:.2f}; with "
            f"{many['people']:.0f} people {many['mean']:.2f} and {many['best_fold']:.2f}.",
            "The gap between the two lines is what a small study that reports its best fold would add to the truth.",
        ]
        shown = pd.DataFrame(
            {
                "people": table["people"],
                "repeats": table["repeats"],
                "mean ± sd over folds": [f"{row['mean']:.2f} ± {row['sd']:.2f}" for _, row in table.iterrows()],
                "best fold (no result)": table["best_fold"].map("{:.2f}".format),
            }
        )
        label = LABELS[metric]
        drawn = learning_curve(table, label, CHANCE[metric], f"curve-{one.parent.name}")
        drawing = Drawing(f"curve-{one.parent.name}", "Learning curve", drawn)
        title = f"Few people and many: {about['scale']}, {about['task']}"
        found.append(Section(title, said, tables=[NamedTable("Learning curve", shown)], drawings=[drawing]))
    return found or [missing("Few people and many", "scale-study")]
