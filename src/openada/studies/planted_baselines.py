"""What simple measurements of rendered recordings say about the planted score: the benchmark's check baselines.

The features are those of the benchmark's card, here taken from the aligned crops, where they are steadier than on raw frames.
Ridge regression with scaling and penalty fitted on training recordings turns them into predictions. By the benchmark's design the
first five families should not beat the constant predictor; peak energy and pairs measure coincidences, which is what the cue is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.datasets.planted.rendered import BASELINES, rendered_features
from openada.evaluation.baselines import ridge_predictions
from openada.prepared.dataset import PreparedDataset

if TYPE_CHECKING:
    import pandas as pd

MAY_BEAT_CONSTANT = ("pairs", "peak energy")


def planted_baselines(dataset: PreparedDataset, table: pd.DataFrame, part: str) -> dict[str, np.ndarray]:
    """Predictions of every baseline for the recordings of `part`, in the order of `table`; fitted on its training rows."""
    training, asked = table[table["split"] == "training"], table[table["split"] == part]
    train, test = (
        [rendered_features(dataset.recording(recording).face_file) for recording in rows["recording_id"]]
        for rows in (training, asked)
    )
    label, subject = training["score"].to_numpy(float), training["subject"].to_numpy()
    return {
        name: ridge_predictions(
            np.stack([each[name] for each in train]), label, np.stack([each[name] for each in test]), subject
        )
        for name in BASELINES
    }
