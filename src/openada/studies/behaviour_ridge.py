"""The honest floor without a deep network: ridge regression from a recording's behaviour statistics to its score (rule 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.evaluation.baselines import ridge_predictions
from openada.prepared.dataset import PreparedDataset

if TYPE_CHECKING:
    import pandas as pd

BEHAVIOUR_RIDGE = "behaviour-statistics ridge"


def behaviour_ridge(dataset: PreparedDataset, training: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    """(m,) predictions for the recordings `asked`; statistics missing in a training recording are left out.

    `training` has recording_id, subject and score, `asked` recording_id. Everything is fitted on `training` alone.
    """
    train, test = (
        np.stack([dataset.recording(name).statistics.to_numpy(float).ravel() for name in rows["recording_id"]])
        for rows in (training, asked)
    )
    seen = np.isfinite(train).all(axis=0)
    return ridge_predictions(
        train[:, seen], training["score"].to_numpy(float), test[:, seen], training["subject"].to_numpy()
    )
