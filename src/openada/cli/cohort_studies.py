"""Further commands below `openada cohort`: prediction, subtypes, the scale study and the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

if TYPE_CHECKING:
    import pandas as pd

Task = Literal["regression", "two-class", "three-class"]


def predict(
    folder: Positional[Path],
    /,
    *,
    scale: str = "dass21_depression",
    task: Task = "two-class",
    learners: tuple[str, ...] = ("linear", "adaboost", "random-forest", "extra-trees", "gradient-boosting", "bagging"),
    features: tuple[str, ...] = ("*",),
    adjust: tuple[str, ...] = ("age", "sex", "site"),
    folds: int = 5,
    inner_folds: int = 3,
    repeats: int = 1,
    keep: tuple[int, ...] = (10, 40),
    balance: Literal["none", "undersample"] = "none",
    bag: int = 0,
    importance: int = 3,
    shap: bool = False,
    seed: int = 0,
    workers: int | None = None,
) -> None:
    """Predict a scale from behaviour, in nested cross-validation over people, with everything fitted inside the folds.

    Says first how long it will take; interrupted and started again it goes on with the fold it was at. Prints the mean over
    folds with its spread, the figure over all people with an interval, and beside them the best fold, which is no result but what
    a report that keeps the best would claim. Writes COHORT/prediction/SCALE-TASK/.

    Args:
        folder: A cohort that 'openada cohort build' made.
        scale: The total that is predicted, as people.parquet calls it.
        task: The total; two classes at the scale's cut; or three bands, people in the second band left out.
        learners: linear, adaboost, random-forest, extra-trees, gradient-boosting, bagging, xgboost (an extra).
        features: Names or patterns ('gaze_*') of the inputs. Columns of a questionnaire are refused.
        adjust: Columns whose linear part is taken out of the features inside each fold; --adjust alone: none.
        folds: Outer folds of people.
        inner_folds: Folds of the training people, by which settings are chosen.
        repeats: Whole cross-validations, each with other folds.
        keep: How many features selection may keep; inner folds choose. 0: all.
        balance: Whether training people of larger classes are drawn down to the smallest.
        bag: Fit so many copies of each learner on resampled people and average them; 0: none.
        importance: How often each feature is shuffled to measure its importance; 0: not measured.
        shap: Also mean absolute SHAP values, for tree learners (needs the extra of that name).
        seed: Decides folds and learners.
        workers: Processes; default: one per core.
    """
    from openada.cli.output import print_table
    from openada.cohort.layout import read_cohort
    from openada.cohort.prediction.fold import Fitting
    from openada.cohort.prediction.study import FOLDER, predict_study

    out = folder / FOLDER / f"{scale}-{task}"
    found = predict_study(
        read_cohort(folder),
        out,
        scale=scale,
        task=task,
        learners=learners,
        columns=features,
        adjust=adjust,
        outer=folds,
        inner=inner_folds,
        repeats=repeats,
        fitting=Fitting(tuple(keep), balance, bag, importance, shap, seed),
        workers=workers,
    )
    n, n_folds = len(found.inputs.y), folds * repeats
    shown = figures_shown(found.figures, task)
    print_table(shown, f"{scale}, {task}: {n} people, {n_folds} folds; adjusted for {', '.join(adjust) or 'nothing'}")
    print("best fold: what a report that keeps the best would print; it is no result")
    top = found.importance[found.importance["kind"] == "signal"].sort_values("mean", ascending=False).head(10)
    if len(top):
        print_table(top[["learner", "name", "mean", "sd", "folds_kept"]], "Signals whose shuffling costs most")
    print(f"tables: {out}")


def sequence(
    folder: Positional[Path],
    /,
    *,
    tables: Path | None = None,
    scale: str = "dass21_depression",
    task: Task = "two-class",
    size: Literal["full", "small", "tiny"] = "full",
    rate_hz: float = 10.0,
    longest_s: float = 60.0,
    adjust: tuple[str, ...] = ("age", "sex", "site"),
    folds: int = 5,
    inner_folds: int = 3,
    repeats: int = 1,
    epochs: int = 20,
    batch: int = 32,
    learning_rate: float = 1e-3,
    device: str = "cpu",
    seed: int = 0,
    workers: int | None = None,
) -> None:
    """Predict a scale from behaviour over time, by a network of dilated convolutions on the signals themselves.

    People, folds and figures as in 'openada cohort predict' with the same seed. Frames that do not count are masked; signals are
    standardised, and the number of epochs chosen, inside the folds. Resumable fold by fold. Writes
    COHORT/prediction/SCALE-TASK-sequence/.

    Args:
        folder: A cohort that 'openada cohort build' made.
        tables: Where its per-frame tables are now, if they were moved.
        scale: The total that is predicted, as people.parquet calls it.
        task: The total; two classes at the scale's cut; or three bands, people in the second band left out.
        size: full: 128 channels, 6 blocks; small: 32, 5; tiny: 8, 3, to try things out.
        rate_hz: Steps per second; frames of a step are averaged.
        longest_s: So much of each recording, from its start, in s.
        adjust: Columns of which level and spread of each signal are freed inside each fold; --adjust alone: none.
        folds: Outer folds of people.
        inner_folds: Folds of the training people, by which the number of epochs is chosen.
        repeats: Whole cross-validations, each with other folds.
        epochs: Passes over the training people at most.
        batch: Recordings per step of training.
        learning_rate: Of AdamW.
        device: cpu, cuda, or another of torch's.
        seed: Decides folds, weights and order.
        workers: Processes; default: one per core. With a graphics card: 1.
    """
    from openada.cli.output import print_table
    from openada.cohort.layout import read_cohort
    from openada.cohort.series import series_of
    from openada.studies.cohort_sequence import sequence_study
    from openada.training.behaviour_series import SeriesFitting

    found = sequence_study(
        read_cohort(folder),
        series_of(folder, tables=tables, rate_hz=rate_hz, longest_s=longest_s, workers=workers),
        folder,
        scale=scale,
        task=task,
        adjust=adjust,
        outer=folds,
        inner=inner_folds,
        repeats=repeats,
        fitting=SeriesFitting(size, epochs, batch, learning_rate, seed=seed, device=device),
        workers=workers,
    )
    n, n_folds = len(found.inputs.y), folds * repeats
    shown = figures_shown(found.figures, task)
    print_table(shown, f"{scale}, {task}: {n} people, {n_folds} folds; adjusted for {', '.join(adjust) or 'nothing'}")
    print("best fold: what a report that keeps the best would print; it is no result")
    print(f"tables: {found.folder}")


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


LABELS = {"auroc": "AUROC", "pcc": "correlation with the total"}
CHANCE = {"auroc": 0.5, "pcc": 0.0}


def figures_shown(figures: pd.DataFrame, task: str) -> pd.DataFrame:
    """A row per predictor of the main figures, as text."""
    import pandas as pd

    names = {"auroc": "AUROC", "macro_f1": "macro-F1", "mae": "MAE", "pcc": "PCC"}
    shown = ("mae", "pcc") if task == "regression" else ("auroc", "macro_f1")
    rows = []
    for predictor, part in figures.groupby("predictor", sort=False):
        row = {"predictor": predictor}
        for metric in shown:
            of = part[part["metric"] == metric].iloc[0]
            row[f"{names[metric]}, folds"] = f"{of['mean']:.3f} ± {of['sd']:.3f}"
            row[f"{names[metric]}, all (95 %)"] = f"{of['pooled']:.3f} ({of['low']:.3f} to {of['high']:.3f})"
            row[f"best of {of['folds']} folds" if metric == shown[-1 if task == "regression" else 0] else ""] = (
                f"{of['best_fold']:.3f}"
            )
        row.pop("", None)
        rows.append(row)
    return pd.DataFrame(rows)


STUDY_COMMANDS: dict[str, Callable[..., None]] = {
    "subtypes": subtypes,
    "predict": predict,
    "sequence": sequence,
    "scale-study": scale_study,
    "report": report,
}
