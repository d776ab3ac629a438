"""Further commands below `openada cohort`: subtypes, the scale study and the report; and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from openada.cli.cohort_prediction import Task, predict, sequence

LABELS = {"auroc": "AUROC", "pcc": "correlation with the total"}
CHANCE = {"auroc": 0.5, "pcc": 0.0}


def subtypes(
    folder: Positional[Path],
    /,
    *,
    scales: tuple[str, ...] = (),
    method: Literal["k-means", "agglomerative", "both"] = "both",
    numbers: tuple[int, ...] = (2, 3, 4, 5, 6),
    adjust: tuple[str, ...] = ("age", "sex", "site"),
    clouds: int = 39,
    seed: int = 0,
) -> None:
    """Group people by their z-scored totals, say whether there are groups at all, and how behaviour differs between them.

    The number of groups is chosen by silhouette, Caliński–Harabasz, Davies–Bouldin and stability under resampling. k-means and
    agglomeration always find groups: made-up people who form a single cloud say what they would find in it, and where these
    people look no more clustered, that is said. Writes COHORT/subtypes/.

    Args:
        folder: A cohort that 'openada cohort build' made.
        scales: Totals to group by, two or more; default: all of the cohort.
        method: How groups are made.
        numbers: Numbers of groups to try.
        adjust: Columns to adjust differences of features for.
        clouds: Single clouds to compare with; 39 or more.
        seed: Decides starts, resamples and clouds.
    """
    from openada.cli.output import print_table
    from openada.cohort.layout import read_cohort
    from openada.cohort.subtype_study import difference_table, subtypes_of, totals_of
    from openada.cohort.subtypes import METHODS, profile_table
    from openada.files import atomic_path, write_json, write_text
    from openada.report.cohort_drawings import cloud_comparison, profiles

    read = read_cohort(folder)
    totals = totals_of(read, scales)
    named = {name: read.instruments[name].scale for name in totals}
    for one in METHODS if method == "both" else (method,):
        found = subtypes_of(totals, one, numbers=numbers, clouds=clouds, seed=seed)
        profile = profile_table(totals, found.label)
        differences = difference_table(read, list(totals.index), found.label, adjust=adjust)
        out = folder / "subtypes" / one
        people = totals.reset_index(names="person")[["person"]].assign(subtype=found.label + 1)
        tables = {"criteria": found.criteria, "profiles": profile, "differences": differences, "people": people}
        for name, table in tables.items():
            with atomic_path(out / f"{name}.csv") as temporary:
                table.to_csv(temporary, index=False)
        write_text(out / "profiles.svg", profiles(profile, named))
        write_text(out / "one_cloud.svg", cloud_comparison(found.criteria))
        about = {"method": one, "k": found.k, "p_one_cloud": found.p_one_cloud, "verdict": found.verdict}
        write_json(
            out / "subtypes.json", {**about, "people": len(totals), "adjusted_for": list(adjust), "scales": named}
        )
        print_table(found.criteria, f"{one}, {len(totals)} people: how many groups")
        print_table(profile[["subtype", "n", "scale", "mean", "z"]], "Profiles")
        print(found.verdict)
        print(f"features that differ between subtypes: {int(differences['found'].sum())} of {len(differences)}")
        print(f"tables and pictures: {out}")


def scale_study(
    folder: Positional[Path],
    /,
    *,
    scale: str = "dass21_depression",
    task: Task = "two-class",
    learner: str = "gradient-boosting",
    sizes: tuple[int, ...] = (50, 100, 200, 500, 1000, 2000, 5000),
    features: tuple[str, ...] = ("*",),
    adjust: tuple[str, ...] = ("age", "sex", "site"),
    folds: int = 5,
    inner_folds: int = 3,
    repeats: int = 5,
    keep: tuple[int, ...] = (10, 40),
    seed: int = 0,
    workers: int | None = None,
) -> None:
    """Show how well prediction does with 50 people and with all, and what the best fold would have claimed at each number.

    Repeated nested cross-validation on people drawn at random. Says first how long it will take; resumable. Writes
    COHORT/scale_study/SCALE-TASK/ curve.csv and curve.svg.

    Args:
        folder: A cohort that 'openada cohort build' made.
        scale: The total that is predicted.
        task: As for 'openada cohort predict'.
        learner: As for 'openada cohort predict', one of them.
        sizes: Numbers of people, beside all of them.
        features: Names or patterns of the inputs.
        adjust: Columns whose linear part is taken out of the features inside each fold.
        folds: Outer folds of people.
        inner_folds: Folds of the training people, by which settings are chosen.
        repeats: Drawings of people at each number.
        keep: How many features selection may keep; inner folds choose. 0: all.
        seed: Decides who is drawn, folds and learner.
        workers: Processes; default: one per core.
    """
    from openada.cli.output import print_table
    from openada.cohort.layout import read_cohort
    from openada.cohort.prediction.figures import HEADLINE
    from openada.cohort.prediction.fold import Fitting
    from openada.cohort.prediction.scale_study import FOLDER
    from openada.cohort.prediction.scale_study import scale_study as study
    from openada.files import write_text
    from openada.report.cohort_drawings import learning_curve

    out = folder / FOLDER / f"{scale}-{task}"
    table = study(
        read_cohort(folder),
        out,
        scale=scale,
        task=task,
        learner=learner,
        sizes=sizes,
        columns=features,
        adjust=adjust,
        outer=folds,
        inner=inner_folds,
        repeats=repeats,
        fitting=Fitting(keep=tuple(keep), seed=seed),
        workers=workers,
    )
    metric = HEADLINE[task]
    write_text(out / "curve.svg", learning_curve(table, LABELS[metric], CHANCE[metric]))
    print_table(table, f"{LABELS[metric]} of {learner} by number of people")
    print("best_fold is no result: it is what a report that keeps the best fold would print")
    print(f"table and picture: {out}")


def report(folder: Positional[Path], /, *, out: Path | None = None) -> None:
    """Write one page, COHORT/report.html, of everything that has been done with a cohort, to be read without the commands at
    hand.

    Args:
        folder: A cohort that 'openada cohort build' made.
        out: Where to write the page instead.
    """
    from openada.studies.cohort_report import write_cohort_report

    print(f"page: {write_cohort_report(folder, out)}")


STUDY_COMMANDS: dict[str, Callable[..., None]] = {
    "subtypes": subtypes,
    "predict": predict,
    "sequence": sequence,
    "scale-study": scale_study,
    "report": report,
}
