"""The honest floor of every table: ridge regression on behaviour statistics, no deep network (protocol, rule 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from openada.evaluation.baselines import ridge_predictions

if TYPE_CHECKING:
    import pandas as pd

    from openada.prepared.dataset import PreparedDataset

BEHAVIOUR_RIDGE = "behaviour-statistics ridge"


def behaviour_ridge(dataset: PreparedDataset, known: pd.DataFrame, asked: Sequence[str]) -> np.ndarray:
    """Predictions for the recordings `asked`, in their order; fitted on the training rows of `known`, all of it inside them."""
    training = known[known["split"] == "training"]
    train, test = (
        np.stack([dataset.recording(name).statistics.to_numpy(float).ravel() for name in names])
        for names in (training["recording_id"], asked)
    )
    seen = np.isfinite(train).all(axis=0)
    groups = training["subject"].to_numpy()
    return ridge_predictions(train[:, seen], training["score"].to_numpy(float), test[:, seen], groups)
