"""Commands below `openada cohort` that predict: from statistics, and from the signals over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

if TYPE_CHECKING:
    import pandas as pd

    from openada.cohort.prediction.results import Predicted

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
    print_figures(found, f"{scale}, {task}: {len(found.inputs.y)} people, {folds * repeats} folds", adjust, task)
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
    print_figures(found, f"{scale}, {task}: {len(found.inputs.y)} people, {folds * repeats} folds", adjust, task)
    print(f"tables: {found.folder}")


def print_figures(found: Predicted, title: str, adjust: Sequence[str], task: str) -> None:
    """The main figures of a study, as a table."""
    from openada.cli.output import print_table

    print_table(figures_shown(found.figures, task), f"{title}; adjusted for {', '.join(adjust) or 'nothing'}")
    print("best fold: what a report that keeps the best would print; it is no result")


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
            span = f" ({of['low']:.3f} to {of['high']:.3f})" if pd.notna(of["low"]) else ""
            row[f"{names[metric]}, all (95 %)"] = f"{of['pooled']:.3f}{span}"
            row[f"best of {of['folds']} folds" if metric == shown[-1 if task == "regression" else 0] else ""] = (
                f"{of['best_fold']:.3f}"
            )
        row.pop("", None)
        rows.append(row)
    return pd.DataFrame(rows)
