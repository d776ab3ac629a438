"""Training the network on behaviour series inside one fold, everything fitted on training people alone.

A plain loop: a fold takes several short fits, each of which Lightning would take longer to set up than to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from openada.errors import UnusableInput
from openada.models.behaviour_series.config import SIZES, Size
from openada.models.behaviour_series.network import BehaviourSeriesNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

Pair = tuple[np.ndarray, np.ndarray]
Headline = Callable[[np.ndarray, np.ndarray], float]
_LARGEST = 8.0
_LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class SeriesFitting:
    """epochs: passes over the training people at most; how many is chosen by inner folds. device: of torch."""

    size: Size = "full"
    epochs: int = 20
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or not self.learning_rate > 0:
            raise UnusableInput(f"{self}: give one epoch or more, a batch of one or more, and a learning rate above 0")


@dataclass(frozen=True)
class Series:
    """Recordings in rows: `values` (n, T, S), NaN where a signal is missing; `known` (n, T), the steps that count; `owner` (n,),
    positions of the people.
    """

    values: np.ndarray
    known: np.ndarray
    owner: np.ndarray


@dataclass(frozen=True)
class Wanted:
    """Of people: `y` (p,), a total, or a class of `classes` (0: it is a total), and `covariates` (p, c) to be freed of."""

    y: np.ndarray
    classes: int
    covariates: np.ndarray


@dataclass(frozen=True)
class SeriesFold:
    """`prediction` (m,) or (m, classes) of the people tested; `epochs` that the inner folds chose, with their mean figure."""

    prediction: np.ndarray
    epochs: int
    inner_score: float


def fit_series_fold(
    series: Series,
    wanted: Wanted,
    train: np.ndarray,
    test: np.ndarray,
    inner: Sequence[Pair],
    headline: Headline,
    fitting: SeriesFitting,
) -> SeriesFold:
    """Nested: the number of epochs with the best mean `headline(truth, prediction)` on the `inner` pairs (positions among
    `train`), then a network trained for so many epochs on all of `train`, which predicts `test`.

    train, test: sorted positions of people. A person's prediction is the mean over their recordings. On a processor the same
    seed gives the same numbers, whatever the number of threads outside.
    """
    scores = np.zeros(fitting.epochs)
    for k, (fitted, watched) in enumerate(inner):
        parts = train[fitted], train[watched]
        for epoch, prediction in enumerate(_epochs(series, wanted, *parts, fitting, k + 1)):
            scores[epoch] += headline(wanted.y[parts[1]], prediction) / len(inner)
    epochs = int(scores.argmax()) + 1 if inner else fitting.epochs
    *_, last = _epochs(series, wanted, train, test, fitting, 0, epochs=epochs, only_last=True)
    return SeriesFold(last, epochs, float(scores.max()) if inner else float("nan"))


def standardised(series: Series, covariates: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Series (n, T, S) in units that training people `train` (positions) give, with 0 where a signal is missing.

    A recording's mean and log standard deviation of each signal are regressed on its person's covariates among the training
    people; what the regression expects is the origin and the unit. So level and spread keep what the covariates do not explain.
    Without covariates origin and unit are the training people's means. Values beyond ±8 are cut.
    """
    values = np.where(series.known[:, :, None], series.values, np.nan)
    there = np.isfinite(values)
    count = np.maximum(there.sum(axis=1), 1)
    mean = np.where(there, values, 0.0).sum(axis=1, dtype=np.float64) / count
    squares = np.where(there, (values - mean[:, None]) ** 2, 0.0).sum(axis=1, dtype=np.float64) / count
    seen = np.asarray(there.any(axis=1))
    inside = np.isin(series.owner, train)
    design = np.column_stack([np.ones(len(values)), covariates[series.owner]])
    out = np.zeros(values.shape, np.float32)
    for s in range(values.shape[2]):
        fitted = inside & seen[:, s]
        if not fitted.any():
            continue
        least = max(_LEAST_SPREAD * float(mean[fitted, s].std()), 1e-9)
        spread = np.log(np.maximum(np.sqrt(squares[:, s]), least))
        targets = np.stack([mean[fitted, s], spread[fitted]], axis=1)
        origin, unit = (design @ np.linalg.lstsq(design[fitted], targets, rcond=None)[0]).T
        scaled = (values[:, :, s] - origin[:, None]) / np.exp(unit)[:, None]
        out[:, :, s] = np.nan_to_num(np.clip(scaled, -_LARGEST, _LARGEST))
    return out


def _epochs(
    series: Series,
    wanted: Wanted,
    train: np.ndarray,
    test: np.ndarray,
    fitting: SeriesFitting,
    stream: int,
    *,
    epochs: int | None = None,
    only_last: bool = False,
) -> Iterator[np.ndarray]:
    """Predictions of `test` after each epoch, or after the last alone. stream: tells fits of one fold apart."""
    device, y, classes = torch.device(fitting.device), wanted.y, wanted.classes
    total = epochs or fitting.epochs
    values = torch.from_numpy(standardised(series, wanted.covariates, train))
    known = torch.from_numpy(series.known)
    rows = np.flatnonzero(np.isin(series.owner, train))
    centre, unit = (float(y[train].mean()), float(y[train].std()) or 1.0) if not classes else (0.0, 1.0)
    target = torch.from_numpy((y[series.owner] - centre) / unit).to(torch.float32 if not classes else torch.int64)
    with _repeatable():
        torch.manual_seed(_seed(fitting.seed, stream, 0))
        network = BehaviourSeriesNetwork(values.shape[2], classes or 1, SIZES[fitting.size]).to(device)
        optimiser = torch.optim.AdamW(network.parameters(), fitting.learning_rate, weight_decay=fitting.weight_decay)
        for epoch in range(total):
            order = np.random.default_rng([fitting.seed, stream, epoch]).permutation(rows)
            network.train()
            torch.manual_seed(_seed(fitting.seed, stream, epoch + 1))
            for first in range(0, len(order), fitting.batch):
                part = torch.from_numpy(order[first : first + fitting.batch])
                said = network(values[part].to(device), known[part].to(device))
                truth = target[part].to(device)
                loss = cross_entropy(said, truth) if classes else mse_loss(said[:, 0], truth)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            if not only_last or epoch == total - 1:
                yield _predicted(network, values, known, series.owner, test, classes, fitting) * unit + centre


@torch.inference_mode()
def _predicted(
    network: BehaviourSeriesNetwork,
    values: Tensor,
    known: Tensor,
    owner: np.ndarray,
    people: np.ndarray,
    classes: int,
    fitting: SeriesFitting,
) -> np.ndarray:
    network.eval()
    rows = np.flatnonzero(np.isin(owner, people))
    device = torch.device(fitting.device)
    parts = []
    for first in range(0, len(rows), fitting.batch):
        part = torch.from_numpy(rows[first : first + fitting.batch])
        said = network(values[part].to(device), known[part].to(device)).double()
        parts.append((said.softmax(dim=1) if classes else said).cpu().numpy())
    said = np.concatenate(parts)
    place = np.searchsorted(people, owner[rows])
    summed = np.zeros((len(people), said.shape[1]))
    np.add.at(summed, place, said)
    mean = summed / np.bincount(place, minlength=len(people))[:, None]
    return mean if classes else mean[:, 0]


def _seed(seed: int, stream: int, step: int) -> int:
    return (seed * 1_000_003 + stream) * 1_000_003 + step


@contextmanager
def _repeatable() -> Iterator[None]:
    """One thread, and torch's own randomness as it was before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        torch.set_num_threads(threads)
