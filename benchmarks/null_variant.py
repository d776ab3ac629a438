"""Does anything beat the constant predictor where nothing can? Counted on the planted benchmark's `null` variant.

    python benchmarks/null_variant.py [--seeds 20] [--subjects 100] [--seconds 30] > benchmarks/null_variant.md

In `null` the labels are permuted over the subjects before splitting. Each data seed draws its own people and recordings
(truth signals, nothing is rendered), a subject-disjoint split of them and its own tiny models: ridge regression and a small
network, fed statistics of each recording's signals (means, counts, durations and amplitudes of its units, total motion,
coincidences of the groups, the true cue share). They are fitted on training; nothing is selected. On test, the 95 % interval
for RMSE − the training mean's RMSE comes from resampling subjects. One that lies below zero claims that the labels of
strangers were predicted; at most 2 of 20 may. The same on `standard`, where the cue is there to be found, shows that the
count is low because there is nothing, not because the models are blind.

These are planted-benchmark figures; they say nothing about depression in people.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pandas as pd

from openada.datasets.planted.check import coincidence_features, unit_features
from openada.datasets.planted.draws import draw_recording
from openada.datasets.planted.plan import DEFAULT_SHARES, plan_recordings
from openada.datasets.splits import subject_disjoint
from openada.evaluation.baselines import constant_mean, ridge_predictions
from openada.evaluation.intervals import paired_difference
from openada.evaluation.metrics import rmse
from openada.evaluation.table import to_markdown

FPS = 10.0
Model = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


@cache
def drawn_study(seed: int, subjects: int, seconds: float, variant: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Manifest and features, a row per recording, of `subjects` people with two recordings each."""
    plan = plan_recordings(subjects, seed, variant, DEFAULT_SHARES).assign(scale="planted")
    rows = []
    for row in plan.itertuples():
        _, truth = draw_recording(seed, row.index, row.task, row.severity, seconds, FPS, variant)
        rows.append(unit_features(truth) | coincidence_features(truth))
    return plan, pd.DataFrame(rows, index=plan["recording_id"])


def ridge(x: np.ndarray, y: np.ndarray, subject: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """Ridge regression, its penalty chosen by subjects inside training."""
    return ridge_predictions(x, y, asked, subject, seed=seed)


def network(x: np.ndarray, y: np.ndarray, subject: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """A network of one hidden layer (16 units, dropout 0.5), 100 steps of Adam on all of training, the last kept."""
    import torch
    from torch import nn

    centre, spread = x.mean(axis=0), x.std(axis=0)
    used = spread > 1e-9
    train, test = (
        torch.tensor(((values - centre) / np.where(used, spread, 1.0))[:, used], dtype=torch.float32)
        for values in (x, asked)
    )
    target = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(train.shape[1], 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.01)
        for _ in range(100):
            optimiser.zero_grad()
            nn.functional.mse_loss(model(train)[:, 0], target).backward()
            optimiser.step()
        model.eval()
        with torch.no_grad():
            predicted = model(test)[:, 0].numpy().astype(np.float64)
    return np.asarray(y.mean() + y.std() * predicted)


MODELS: dict[str, Model] = {"ridge": ridge, "network": network}


def intervals(
    seeds: Iterable[int],
    subjects: int = 100,
    seconds: float = 30.0,
    variant: str = "null",
    models: Iterable[str] = tuple(MODELS),
    leak: bool = False,
) -> pd.DataFrame:
    """A row per seed and model: seed, model, ratio (to the constant's RMSE), value, low, high (of the difference).

    `leak` is a planted fault: the permuted labels, with a little noise, are one of the features.
    """
    rows = []
    for seed in seeds:
        table, features = drawn_study(seed, subjects, seconds, variant)
        if leak:
            noise = np.random.default_rng(seed).standard_normal(len(table))
            features = features.assign(leak=table["score"].to_numpy(float) + noise)
        split = subject_disjoint(table, seed)
        label, people = (table.set_index("recording_id")[name] for name in ("score", "subject"))
        train, test = list(split.ids["training"]), list(split.ids["test"])
        y, asked = label[train].to_numpy(float), label[test].to_numpy(float)
        constant = constant_mean(y, len(test))
        for name in models:
            x, new = features.loc[train].to_numpy(float), features.loc[test].to_numpy(float)
            predicted = MODELS[name](x, y, people[train].to_numpy(object), new, seed)
            gap = paired_difference("rmse", asked, predicted, constant, people[test].to_numpy(object), seed=seed)
            rows.append((seed, name, rmse(asked, predicted) / rmse(asked, constant), gap.value, gap.low, gap.high))
    return pd.DataFrame(rows, columns=["seed", "model", "ratio", "value", "low", "high"])


def counts(found: pd.DataFrame) -> pd.DataFrame:
    """A row per model: model, seeds, below zero, above zero, median ratio."""
    rows = [
        (name, len(rows), int((rows["high"] < 0).sum()), int((rows["low"] > 0).sum()), rows["ratio"].median())
        for name, rows in found.groupby("model", sort=False)
    ]
    return pd.DataFrame(rows, columns=["model", "seeds", "below zero", "above zero", "median RMSE / constant's"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--subjects", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    parts = []
    for title, variant, leak in (
        ("null", "null", False),
        ("null, label leaked (fault)", "null", True),
        ("standard", "standard", False),
    ):
        found = intervals(range(options.seeds), options.subjects, options.seconds, variant, leak=leak)
        parts.append(counts(found).assign(data=title))
    table = pd.concat(parts)
    table.insert(0, "data", table.pop("data"))
    print("# 95 % intervals for RMSE − constant predictor's, on labels that nothing can predict\n")
    print(
        f"`python benchmarks/null_variant.py --seeds {options.seeds} --subjects {options.subjects} "
        f"--seconds {options.seconds:g}`\n"
    )
    print(
        f"{options.subjects} people, two recordings of {options.seconds:g} s each, a subject-disjoint split per data seed. "
        f"Planted-benchmark figures. {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}.\n"
    )
    print(to_markdown(table), end="")


if __name__ == "__main__":
    main()
