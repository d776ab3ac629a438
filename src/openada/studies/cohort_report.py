"""One page of a cohort study: scales, subtypes, associations, prediction, the scale study and the discrepancy index."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from openada.cohort.discrepancy import discrepancy_table
from openada.cohort.layout import COHORT_FILE, Cohort, read_cohort
from openada.cohort.relations import band_table, correlation_table, scale_table
from openada.cohort.synthetic.write import SYNTHETIC_FILE
from openada.errors import UnusableInput
from openada.files import read_json
from openada.report.cohort_drawings import cloud_comparison, learning_curve, predictors, profiles, volcano
from openada.report.comparison import Section, write_comparison_report
from openada.report.content import NamedTable
from openada.report.figures import Drawing

REPORT_FILE = "report.html"
TOP = 12
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


def write_cohort_report(folder: Path, out_html: Path | None = None) -> Path:
    """Write COHORT/report.html of everything that has been done with the cohort; what has not is named with its command.

    Scales and the discrepancy index are made here, as they take a moment. Raises UnusableInput for a folder that is no cohort.
    """
    cohort = read_cohort(folder)
    facts = read_json(folder / COHORT_FILE)
    out = out_html or folder / REPORT_FILE
    sections = [
        _scales(cohort),
        *_subtypes(folder),
        _associations(folder, cohort),
        *_predictions(folder),
        *_scale_studies(folder),
        _discrepancy(cohort),
        Section("How to read this page", READING),
    ]
    people, features = len(cohort.features), cohort.features.shape[1] - 1
    write_comparison_report(
        out,
        kind="study of many people",
        title=f"Behaviour and questionnaires of {people} people",
        lead=f"{people} people with behaviour, {len(cohort.people)} with a questionnaire; {features} features of the face, "
        f"{len(cohort.instruments)} scales.",
        sections=sections,
        critical_warnings=["The people of this cohort do not exist: it was generated."] if _made_up(facts) else [],
        versions={name: version(name) for name in ("openada", "scikit-learn")},
    )
    return out


def _made_up(facts: dict[str, Any]) -> bool:
    tables = facts.get("made_from", {}).get("tables")
    return bool(facts.get("synthetic")) or (tables is not None and (Path(tables).parent / SYNTHETIC_FILE).is_file())


def _scales(cohort: Cohort) -> Section:
    scales = scale_table(cohort.people, cohort.instruments)
    shown = pd.DataFrame(
        {
            "scale": scales["scale"],
            "people": scales["n"],
            "mean ± sd": [f"{row['mean']:.1f} ± {row['sd']:.1f}" for _, row in scales.iterrows()],
            "Cronbach’s α (95 %)": [_span(row, "alpha", "alpha_low", "alpha_high") for _, row in scales.iterrows()],
            "McDonald’s ω": [_figure(value) for value in scales["omega"]],
        }
    )
    bands = band_table(cohort.people, cohort.instruments)
    bands = bands.assign(text=[f"{n} ({share:.0%})" for n, share in zip(bands["n"], bands["share"], strict=True)])
    wide = [
        NamedTable(
            f"Severity bands, {scale}",
            pd.DataFrame([part["text"].tolist()], columns=part["band"].tolist()),
        )
        for scale, part in bands.groupby("scale", sort=False)
    ]
    pairs = correlation_table(cohort.people, cohort.instruments)
    related = pd.DataFrame(
        {
            "pair": pairs["scale_a"] + " and " + pairs["scale_b"],
            "r (95 %)": [_span(row, "pearson", "low", "high") for _, row in pairs.iterrows()],
            "people": pairs["n"],
        }
    )
    tables = [NamedTable("Totals and reliability", shown), *wide, NamedTable("How totals go together", related)]
    said = ["α and ω say how consistently a scale’s questions are answered; from about .8 on totals may be compared."]
    return Section("Scales", said, tables=tables)


def _subtypes(folder: Path) -> list[Section]:
    found = []
    for one in sorted((folder / "subtypes").glob("*/subtypes.json")):
        about, at = read_json(one), one.parent
        profile, criteria, differences = (
            pd.read_csv(at / f"{name}.csv") for name in ("profiles", "criteria", "differences")
        )
        name = at.name
        shown = profile.assign(
            scale=profile["scale"].map(about["scales"]),
            people=[f"{n} ({share:.0%})" for n, share in zip(profile["n"], profile["share"], strict=True)],
            mean=profile["mean"].map("{:.1f}".format),
        )[["subtype", "people", "scale", "mean"]]
        top = differences[differences["found"]].head(TOP)
        different = pd.DataFrame(
            {
                "subtype": top["subtype"].str.removeprefix("subtype_"),
                "feature": top["feature"],
                "rank-biserial r (95 %)": [_span(row, "r", "low", "high") for _, row in top.iterrows()],
                "q": top["q_value"].map("{:.2g}".format),
            }
        )
        said = [
            about["verdict"],
            f"{int(differences['found'].sum())} of {len(differences)} comparisons of a feature between a subtype and all others "
            f"were found at a false discovery rate of 5 %, adjusted for {', '.join(about['adjusted_for']) or 'nothing'}. The "
            "strongest are shown; selected sizes are too large on average.",
        ]
        tables = [NamedTable("Profiles", shown)]
        if len(top):
            tables.append(NamedTable("Features that differ", different, "r: 0 no difference, 1 every person higher."))
        drawings = [
            Drawing(
                f"profiles-{name}",
                "Mean of each scale",
                profiles(profile, about["scales"], f"profiles-{name}"),
                "Bars: 95 % intervals.",
            ),
            Drawing(
                f"cloud-{name}",
                "Are there groups at all?",
                cloud_comparison(criteria, f"cloud-{name}"),
                "Grey: what a single cloud of people gives. Points within it: one cluster is as good.",
            ),
        ]
        found.append(Section(f"Subtypes by {name}", said, tables=tables, drawings=drawings))
    return found or [_missing("Subtypes", "subtypes")]


def _associations(folder: Path, cohort: Cohort) -> Section:
    path = folder / "associations" / "associations.csv"
    if not path.is_file() or not path.with_suffix(".json").is_file():
        return _missing("Behaviour and scales", "associations")
    table, about = pd.read_csv(path), read_json(path.with_suffix(".json"))
    meaning = dict(zip(cohort.dictionary["column"], cohort.dictionary["meaning"], strict=True))
    named = {total: of.scale for total, of in cohort.instruments.items()}
    top = table[table["found"]].head(TOP)
    shown = pd.DataFrame(
        {
            "feature": top["feature"],
            "what it is": top["feature"].map(meaning),
            "scale": top["scale"].map(named),
            "r (95 %)": [_span(row, "r", "low", "high") for _, row in top.iterrows()],
        }
    )
    said = [
        f"{len(table)} pairs of a feature and a scale, adjusted for {', '.join(about['adjusted_for']) or 'nothing'} "
        f"({about['method']}). {int(table['found'].sum())} were found at a false discovery rate of {about['rate']:g}."
    ]
    if "replicated" in table:
        again = [_span(row, "replication_r", "replication_low", "replication_high") for _, row in top.iterrows()]
        shown = shown.assign(
            **{"held out (95 %)": again, "replicated": top["replicated"].map({True: "yes", False: "no"})}
        )
        said.append(
            f"{int(table['replicated'].sum())} of them replicated in the people who were not looked at. Sizes in those are the "
            "ones to quote: sizes of what was found are too large on average."
        )
    if len(top) and float(top["r"].abs().max()) < 0.3:
        said.append("All are small: none tells anything about a single person.")
    drawing = Drawing(
        "volcano", "All pairs", volcano(table, about["rate"]), "To the right: more of the feature, higher totals."
    )
    tables = [NamedTable("Strongest", shown)] if len(top) else []
    return Section("Behaviour and scales", said, tables=tables, drawings=[drawing])


def _predictions(folder: Path) -> list[Section]:
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
                        _span(row, "value", "low", "high") for _, row in groups.iterrows()
                    ],
                    "note": groups["note"].fillna(""),
                }
            )
            tables.append(NamedTable(f"Groups of people, {about['learners'][-1]}", shown))
        signals = importance[importance["kind"] == "signal"].sort_values("mean", ascending=False).head(TOP)
        if len(signals):
            shown = pd.DataFrame(
                {
                    "learner": signals["learner"],
                    "signal": signals["name"],
                    "loss when shuffled ± sd": [
                        f"{row['mean']:.4f} ± {row['sd']:.4f}" for _, row in signals.iterrows()
                    ],
                    "folds": [f"{row['folds_kept']} of {row['folds']}" for _, row in signals.iterrows()],
                }
            )
            note = f"How much {FIGURE_NAMES[metric]} falls when a signal is dealt out anew among the people tested."
            tables.append(NamedTable("What predictions hang on", shown, note))
        drawn = predictors(figures, metric, LABELS[metric], CHANCE[metric], f"predictors-{at.name}")
        drawing = Drawing(f"predictors-{at.name}", "Predictors", drawn)
        title = f"Prediction: {about['scale']}, {about['task']}"
        found.append(Section(title, said, tables=tables, drawings=[drawing]))
    return found or [_missing("Prediction", "predict")]


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
            "folds, mean ± sd": [f"{_figure(row['mean'])} ± {_figure(row['sd'])}" for _, row in figures.iterrows()],
            "all people (95 %)": [_span(row, "pooled", "low", "high") for _, row in figures.iterrows()],
            "best fold (no result)": [_figure(value) for value in figures["best_fold"]],
        }
    )


def _scale_studies(folder: Path) -> list[Section]:
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
    return found or [_missing("Few people and many", "scale-study")]


def _discrepancy(cohort: Cohort) -> Section:
    title = "Symptom discrepancy index"
    try:
        table = discrepancy_table(cohort.people, cohort.instruments)
    except UnusableInput as reason:
        return Section(title, [str(reason)])
    shown = pd.DataFrame(
        {
            "scale": table["scale"],
            "people": table["n"],
            "index": table["index"].map(_figure),
            "shuffled labels": table["shuffled"].map(_figure),
            "share of answers left open": table["open_share"].map(_figure),
        }
    )
    said = [
        "How differently people with the same total answered: 0 where all answer alike. Made of the questionnaire alone, "
        "on half of the people; it describes labels, filters nobody, and says nothing about faces."
    ]
    return Section(title, said, tables=[NamedTable("By total", shown)])


def _missing(title: str, command: str) -> Section:
    return Section(title, [f"Not done yet: openada cohort {command} COHORT"])


def _span(row: pd.Series, value: str, low: str, high: str) -> str:
    if pd.isna(row[low]):
        return _figure(row[value])
    return f"{_figure(row[value])} ({_figure(row[low])} to {_figure(row[high])})"


def _figure(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}".replace("-", "−")


READING = (
    "A questionnaire is what people say of themselves on a day. Nothing here is a diagnosis.",
    "Intervals are over people: of a hundred studies like this one, about 95 would have an interval that holds the true figure.",
    "AUROC: the chance that of two people, one on either side of the cut, the one with more has the higher prediction.",
    "Adjusted: what age, sex and the like say about a feature is taken out first. Other reasons may remain.",
    "The mean over folds is the result. The best fold is printed because published reports have kept it.",
)
