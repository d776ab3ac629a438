"""The sections of a cohort study's page on scales, subtypes, associations and the discrepancy index."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from openada.cohort.discrepancy import discrepancy_table
from openada.cohort.layout import Cohort
from openada.cohort.relations import band_table, correlation_table, scale_table
from openada.errors import UnusableInput
from openada.files import read_json
from openada.report.cohort_drawings import cloud_comparison, profiles, volcano
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.cohort_words import TOP, figure, missing, span


def scales_section(cohort: Cohort) -> Section:
    """Totals, reliability, bands, and how totals go together."""
    scales = scale_table(cohort.people, cohort.instruments)
    shown = pd.DataFrame(
        {
            "scale": scales["scale"],
            "people": scales["n"],
            "mean ± sd": [f"{row['mean']:.1f} ± {row['sd']:.1f}" for _, row in scales.iterrows()],
            "Cronbach’s α (95 %)": [span(row, "alpha", "alpha_low", "alpha_high") for _, row in scales.iterrows()],
            "McDonald’s ω": [figure(value) for value in scales["omega"]],
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
            "r (95 %)": [span(row, "pearson", "low", "high") for _, row in pairs.iterrows()],
            "people": pairs["n"],
        }
    )
    tables = [NamedTable("Totals and reliability", shown), *wide, NamedTable("How totals go together", related)]
    said = ["α and ω say how consistently a scale’s questions are answered; from about .8 on totals may be compared."]
    return Section("Scales", said, tables=tables)


def subtype_sections(folder: Path, cohort: Cohort) -> list[Section]:
    """One per method of grouping that was run."""
    found = []
    meaning = dict(zip(cohort.dictionary["column"], cohort.dictionary["meaning"], strict=True))
    for one in sorted((folder / "subtypes").glob("*/subtypes.json")):
        about, at = read_json(one), one.parent
        profile, criteria, differences = (
            pd.read_csv(at / f"{name}.csv") for name in ("profiles", "criteria", "differences")
        )
        name = at.name
        shown = pd.DataFrame(
            [
                {"subtype": subtype, "people": f"{part['n'].iloc[0]} ({part['share'].iloc[0]:.0%})"}
                | {f"mean {about['scales'][row['scale']]}": f"{row['mean']:.1f}" for _, row in part.iterrows()}
                for subtype, part in profile.groupby("subtype")
            ]
        )
        top = differences[differences["found"]].head(TOP)
        different = pd.DataFrame(
            {
                "subtype": top["subtype"].str.removeprefix("subtype_"),
                "feature": top["feature"],
                "what it is": top["feature"].map(meaning),
                "rank-biserial r (95 %)": [span(row, "r", "low", "high") for _, row in top.iterrows()],
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
            tables.append(
                NamedTable(
                    "Features that differ",
                    different,
                    "r: 0 no difference, 1 everyone in the subtype above all others; q below .05: found.",
                )
            )
        drawings = [
            Drawing(
                f"profiles-{name}",
                "Mean of each scale",
                profiles(profile, about["scales"], f"profiles-{name}"),
                "0: the mean of everyone. Bars: 95 % intervals.",
            ),
            Drawing(
                f"cloud-{name}",
                "Are there groups at all?",
                cloud_comparison(criteria, f"cloud-{name}"),
                "Silhouette: how well groups are set apart. Grey: what people who form no groups give; within it, one group is "
                "as good.",
            ),
        ]
        found.append(Section(f"Subtypes by {name}", said, tables=tables, drawings=drawings))
    return found or [missing("Subtypes", "subtypes")]


def association_section(folder: Path, cohort: Cohort) -> Section:
    """The strongest features, and the volcano plot."""
    path = folder / "associations" / "associations.csv"
    if not path.is_file() or not path.with_suffix(".json").is_file():
        return missing("Behaviour and scales", "associations")
    table, about = pd.read_csv(path), read_json(path.with_suffix(".json"))
    meaning = dict(zip(cohort.dictionary["column"], cohort.dictionary["meaning"], strict=True))
    named = {total: of.scale for total, of in cohort.instruments.items()}
    top = table[table["found"]].head(TOP)
    shown = pd.DataFrame(
        {
            "feature": top["feature"],
            "what it is": top["feature"].map(meaning),
            "scale": top["scale"].map(named),
            "r (95 %)": [span(row, "r", "low", "high") for _, row in top.iterrows()],
        }
    )
    said = [
        f"{len(table)} pairs of a feature and a scale, adjusted for {', '.join(about['adjusted_for']) or 'nothing'} "
        f"({about['method']}). {int(table['found'].sum())} were found at a false discovery rate of {about['rate']:g}."
    ]
    if "replicated" in table:
        again = [span(row, "replication_r", "replication_low", "replication_high") for _, row in top.iterrows()]
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
        "volcano",
        "All pairs",
        volcano(table, about["rate"]),
        "To the right: more of the feature, higher totals. Further up: less likely by chance (2: one in a hundred).",
    )
    tables = [NamedTable("Strongest", shown)] if len(top) else []
    return Section("Behaviour and scales", said, tables=tables, drawings=[drawing])


def discrepancy_section(cohort: Cohort) -> Section:
    """The symptom discrepancy index, or why there is none."""
    title = "Symptom discrepancy index"
    try:
        table = discrepancy_table(cohort.people, cohort.instruments)
    except UnusableInput as reason:
        return Section(title, [str(reason)])
    shown = pd.DataFrame(
        {
            "scale": table["scale"],
            "people": table["n"],
            "index": table["index"].map(figure),
            "shuffled labels": table["shuffled"].map(figure),
            "share of answers left open": table["open_share"].map(figure),
        }
    )
    said = [
        "How differently people with the same total answered: 0 where all answer alike. Made of the questionnaire alone, "
        "on half of the people; it describes labels, filters nobody, and says nothing about faces."
    ]
    return Section(title, said, tables=[NamedTable("By total", shown)])
