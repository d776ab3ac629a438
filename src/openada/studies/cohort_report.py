"""One page of a cohort study: scales, subtypes, associations, prediction, the scale study and the discrepancy index."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from openada.cohort.layout import COHORT_FILE, read_cohort
from openada.cohort.synthetic.write import SYNTHETIC_FILE
from openada.files import read_json
from openada.report.comparison import Section, write_comparison_report
from openada.studies.cohort_content import (
    association_section,
    discrepancy_section,
    scales_section,
    subtype_sections,
)
from openada.studies.cohort_prediction_content import prediction_sections, scale_study_sections

REPORT_FILE = "report.html"


def write_cohort_report(folder: Path, out_html: Path | None = None) -> Path:
    """Write COHORT/report.html of everything that has been done with the cohort; what has not is named with its command.

    Scales and the discrepancy index are made here, as they take a moment. Raises UnusableInput for a folder that is no cohort.
    """
    cohort = read_cohort(folder)
    facts = read_json(folder / COHORT_FILE)
    out = out_html or folder / REPORT_FILE
    sections = [
        scales_section(cohort),
        *subtype_sections(folder, cohort),
        association_section(folder, cohort),
        *prediction_sections(folder),
        *scale_study_sections(folder),
        discrepancy_section(cohort),
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


READING = (
    "A questionnaire is what people say of themselves on a day. Nothing here is a diagnosis.",
    "Intervals are over people: of a hundred studies like this one, about 95 would have an interval that holds the true figure.",
    "Feature names are a signal and a statistic of it over the recording: AU04_g__min is the least lowering of the brows.",
    "Accuracy: the share of right answers, which a constant can have too. Macro-F1 gives each class the same weight.",
    "AUROC: the chance that of two people, one on either side of the cut, the one with more has the higher prediction.",
    "Adjusted: what age, sex and the like say about a feature is taken out first. Other reasons may remain.",
    "The mean over folds is the result. The best fold is printed because published reports have kept it.",
)
