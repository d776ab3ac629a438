"""The commands below `openada cohort`: large-sample studies on behaviour statistics and questionnaires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from openada.cli.cohort_studies import STUDY_COMMANDS
from openada.errors import SomeItemsFailed

if TYPE_CHECKING:
    import pandas as pd


def cohort() -> None:
    """Studies of many people: wide tables from per-frame behaviour and a questionnaire, scales and how they go together.

    openada cohort synth | build | scales | discrepancy | associations | subtypes | predict | sequence | scale-study | report,
    each with its own --help. docs/cohort.md tells more.
    """


def synth(
    out: Positional[Path],
    /,
    *,
    people: int = 1000,
    seed: int = 0,
    null: bool = False,
    seconds: float = 20.0,
    fps: float = 10.0,
    layout: Literal["set", "files"] = "set",
    statistics: bool = False,
) -> None:
    """Make a cohort of people who do not exist, with effects of known size between behaviour and questionnaire.

    Writes OUT/tables (behaviour per frame), OUT/questionnaire.csv (age, sex, site, DASS-21) and OUT/truth.csv, the effects: they
    are small (r .05 to .15), and age, sex and site act on both sides. Says nothing about depression in people.

    Args:
        out: Folder to write.
        people: How many; each has one recording.
        seed: Seed of everything drawn; a person is the same however many are drawn.
        null: No effects; covariates act as before.
        seconds: Length of each recording in s.
        fps: Frames per second.
        layout: set: Parquet files of 200 people each; files: one per person.
        statistics: Write the wide tables to OUT/cohort, as a build would, instead of per-frame tables.
    """
    from openada.cohort.synthetic.write import COHORT_FOLDER, QUESTIONNAIRE_FILE, TABLES_FOLDER, write_synthetic_cohort

    write_synthetic_cohort(
        out,
        people=people,
        seed=seed,
        null=null,
        seconds=seconds,
        fps=fps,
        layout_of_tables=layout,
        only_statistics=statistics,
    )
    if statistics:
        print(f"{people} synthetic people; next: openada cohort scales {out / COHORT_FOLDER}")
    else:
        tables, questionnaire = out / TABLES_FOLDER, out / QUESTIONNAIRE_FILE
        print(f"{people} synthetic people; next: openada cohort build {tables} {questionnaire} --out COHORT")


def build(
    tables: Positional[Path],
    questionnaire: Positional[Path],
    /,
    *,
    out: Path,
    fps: float | None = None,
    min_confidence: float = 0.75,
    least_tracked: float = 0.5,
    dass_totals: Literal["doubled", "single"] = "doubled",
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Make the wide tables of a study from per-frame behaviour tables and a questionnaire.

    Reads the tables of openada, OpenFace and Py-Feat. Writes OUT/features.parquet (people × features), OUT/people.parquet
    (demographics, items, totals, bands), OUT/dictionary.csv and OUT/recordings.csv. Interrupted and started again it goes on
    where it was. Exit code 3 if some tables could not be read.

    Args:
        tables: A folder of tables, one per recording; a folder that prepare or features wrote; or Parquet files of many
            recordings with a column recording_id.
        questionnaire: CSV or Parquet, a row per person; docs/cohort.md says how columns are to be called.
        out: Folder to write.
        fps: Frames per second, for tables that hold no times.
        min_confidence: A frame with less confidence of its tracker counts as not tracked.
        least_tracked: A recording of which a smaller share counts is left out.
        dass_totals: Whether DASS-21 totals in the questionnaire are doubled already or single sums.
        workers: Processes; default: one per core.
        scheduler: Address of a running Dask scheduler (tcp://host:8786) to use instead of local processes.
    """
    from openada.batch import failure_table
    from openada.cohort.build import build_cohort

    built = build_cohort(
        tables,
        questionnaire,
        out,
        fps=fps,
        min_confidence=min_confidence,
        least_tracked=least_tracked,
        dass_totals=dass_totals,
        workers=workers,
        scheduler=scheduler,
    )
    for note in built.notes:
        print(f"warning: {note}")
    features = built.cohort.features
    print(f"{len(features)} people × {features.shape[1] - 1} features in {out}; next: openada cohort scales {out}")
    failures = failure_table(built.outcomes)
    if failures:
        print(failures)
        failed = sum(outcome.status == "failed" for outcome in built.outcomes)
        raise SomeItemsFailed(f"{failed} of {len(built.outcomes)} recordings failed")


def scales(folder: Positional[Path], /) -> None:
    """Say what the scales of a cohort measure: totals, bands, reliability, correlations, bands side by side.

    Writes COHORT/scales/ scales.csv, bands.csv, correlations.csv and co_occurrence.csv. Everyone in the questionnaire counts,
    with a recording or without.

    Args:
        folder: A cohort that 'openada cohort build' made.
    """
    from openada.cli.output import print_table
    from openada.cohort.layout import read_cohort
    from openada.cohort.relations import band_table, co_occurrence_table, correlation_table, scale_table
    from openada.files import atomic_path

    read = read_cohort(folder)
    made = {
        "scales": (scale_table, "Scales"),
        "bands": (band_table, "Severity bands"),
        "correlations": (correlation_table, "Correlations of totals, with 95 % intervals over people"),
        "co_occurrence": (co_occurrence_table, ""),
    }
    for name, (make, title) in made.items():
        table = make(read.people, read.instruments)
        with atomic_path(folder / "scales" / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
        if title:
            print_table(table.drop(columns=NOT_SHOWN, errors="ignore"), title)
    print(f"tables: {folder / 'scales'}")


def discrepancy(
    folder: Positional[Path], /, *, by: Literal["total", "band"] = "total", held_out: float = 0.5, seed: int = 0
) -> None:
    """Say how differently people with the same total, or in the same band, answered: a diagnostic of training labels.

    The symptom discrepancy index of Faces of the Mind, on the people who are not held out. It is made of the questionnaire alone
    and filters nobody: leaving people out of a test by their answers would use what is to be predicted.

    Args:
        folder: A cohort that 'openada cohort build' made.
        by: Who counts as having the same label.
        held_out: Share of the people whose answers are not looked at.
        seed: Decides who is held out.
    """
    from openada.cli.output import print_table
    from openada.cohort.discrepancy import discrepancy_table
    from openada.cohort.halves import held_out_split, save_split
    from openada.cohort.layout import read_cohort
    from openada.files import atomic_path

    read = read_cohort(folder)
    table = discrepancy_table(read.people, read.instruments, by=by, held_out_share=held_out, seed=seed)
    with atomic_path(folder / "scales" / f"discrepancy_{by}.csv") as temporary:
        table.to_csv(temporary, index=False)
    print(save_split(folder, held_out_split(read.people["person"], share=held_out, seed=seed)))
    print_table(table, f"Symptom discrepancy index of training labels, grouped by {by}")
    print(f"table: {folder / 'scales' / f'discrepancy_{by}.csv'}")


def associations(
    folder: Positional[Path],
    /,
    *,
    adjust: tuple[str, ...] = ("age", "sex", "site"),
    method: Literal["spearman", "pearson", "mann-whitney"] = "spearman",
    rate: float = 0.05,
    held_out: float = 0.5,
    seed: int = 0,
) -> None:
    """Hold every feature against every scale in one half of the people, and what was found against the other half.

    Partial correlations with intervals over people, false discoveries controlled over all features and scales together.
    Writes COHORT/associations/associations.csv, strongest first, and a volcano plot, volcano.svg.

    Args:
        folder: A cohort that 'openada cohort build' made.
        adjust: Columns of the questionnaire to adjust for; give none with --adjust alone.
        method: Ranks; the values as they are; or people at or above a scale's cut against the others.
        rate: False discovery rate.
        held_out: Share of the people kept for the replication; 0: no replication.
        seed: Decides who is kept.
    """
    from openada.cli.output import print_table
    from openada.cohort.associations import association_table
    from openada.cohort.halves import held_out_split, save_split
    from openada.cohort.layout import read_cohort
    from openada.files import atomic_path, write_json, write_text
    from openada.report.cohort_drawings import volcano

    read = read_cohort(folder)
    table = association_table(read, adjust=adjust, method=method, rate=rate, held_out_share=held_out, seed=seed)
    if held_out:
        print(save_split(folder, held_out_split(read.people["person"], share=held_out, seed=seed)))
    path = folder / "associations" / "associations.csv"
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
    size = "rank-biserial correlation, adjusted" if method == "mann-whitney" else "adjusted correlation"
    write_text(path.with_name("volcano.svg"), volcano(table, rate, size=size))
    write_json(
        path.with_suffix(".json"), {"method": method, "rate": rate, "adjusted_for": adjust, "held_out": held_out}
    )
    top = table[table["found"]].head(SHOWN)
    shown = top[["feature", "scale"]].assign(**{"r (95 %)": _spans(top)})
    if held_out:
        shown = shown.assign(**{"held out (95 %)": _spans(top, "replication_"), "again": top["replicated"]})
    print_table(shown, f"Found, strongest first (at most {SHOWN}), {method}")
    print(f"{len(table)} pairs of feature and scale, adjusted for {', '.join(adjust) or 'nothing'}")
    print(f"{int(table['found'].sum())} found at a false discovery rate of {rate:g}", end="")
    print(f", {int(table['replicated'].sum())} of them replicated in the held-out people" if held_out else "")
    print(f"table: {path}; picture: {path.with_name('volcano.svg')}")


def _spans(table: pd.DataFrame, prefix: str = "") -> list[str]:
    numbers = table[[f"{prefix}{name}" for name in ("r", "low", "high")]].to_numpy(float)
    return [f"{r:.2f} ({low:.2f} to {high:.2f})" for r, low, high in numbers]


SHOWN = 20
NOT_SHOWN = ["no_total", "filled_in", "median", "missing_answers", "note"]
COHORT_COMMANDS: dict[str, Callable[..., None]] = {
    "synth": synth,
    "build": build,
    "scales": scales,
    "discrepancy": discrepancy,
    "associations": associations,
    **STUDY_COMMANDS,
}
