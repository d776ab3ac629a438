"""What simple pictures and motions say about the label once rendered: the baselines printed on the benchmark's card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.manifest import read_manifest
from openada.datasets.planted.ridge import ridge_predictions
from openada.errors import UnusableInput
from openada.files import read_json, write_json

SIDE_PX, GRID, FACE = 64, 8, 16
MEDIAN_FRAMES = 60
BASELINES = (
    "region-grid motion",
    "frame difference",
    "encoded bytes",
    "median face",
    "single frame",
    "peak energy",
    "pairs",
)


def rendered_features(video: Path) -> dict[str, np.ndarray]:
    """Features of one video per name of `BASELINES`, each (F,) float64, from grey 64×64 frames."""
    import cv2

    from openada.video import frames

    small = np.stack(
        [
            cv2.resize(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
            for frame in frames(video)
        ]
    ).astype(np.float32)
    motion = _cells(np.abs(np.diff(small, axis=0)))
    chosen = np.linspace(0, len(small) - 1, min(len(small), MEDIAN_FRAMES)).astype(int)
    median = np.median(small[chosen], axis=0)
    away = _cells(np.abs(small - median)).reshape(len(small), GRID, GRID)
    # Rows 2, 3 and 5 of the grid hold brows, eyes and mouth of an upright face between the columns 2 to 5.
    bands = np.stack([away[:, row, 2:6].mean(axis=1) for row in (2, 3, 5)])
    energy = away.mean(axis=(1, 2))
    return {
        "region-grid motion": np.concatenate([motion.mean(axis=0), motion.std(axis=0)]).astype(np.float64),
        "frame difference": np.array([motion.mean()], dtype=np.float64),
        "encoded bytes": np.array([video.stat().st_size / len(small)]),
        "median face": cv2.resize(median, (FACE, FACE), interpolation=cv2.INTER_AREA).ravel().astype(np.float64),
        "single frame": cv2.resize(small[len(small) // 2], (FACE, FACE), interpolation=cv2.INTER_AREA)
        .ravel()
        .astype(np.float64),
        "peak energy": np.quantile(energy, [0.98]).astype(np.float64),
        "pairs": np.array([(bands[a] * bands[b]).mean() for a, b in ((0, 1), (0, 2), (1, 2))], dtype=np.float64),
    }


def _cells(pictures: np.ndarray) -> np.ndarray:
    """Means of (T, 64, 64) over an 8×8 grid of cells: (T, 64)."""
    step = SIDE_PX // GRID
    return np.asarray(
        pictures.reshape(len(pictures), GRID, step, GRID, step).mean(axis=(2, 4)).reshape(len(pictures), -1)
    )


def describe_rendered(folder: Path) -> pd.DataFrame:
    """Each baseline on a generated benchmark: ridge fitted on training, tested on test recordings, both as rendered.

    Returns baseline, ratio (RMSE over the training mean's), n (test recordings), and keeps the table in the folder's card.json.
    """
    folder = Path(folder)
    card_path = folder / "card.json"
    if not card_path.is_file():
        raise UnusableInput(f"{card_path} is missing: {folder} was not written by `openada synth`, or not to its end")
    manifest = read_manifest(folder / "manifest.csv")
    features = [rendered_features(Path(video)) for video in manifest["video"]]
    score = manifest["score"].to_numpy(np.float64)
    train, test = ((manifest["split"] == part).to_numpy() for part in ("training", "test"))
    constant = np.sqrt(((score[test] - score[train].mean()) ** 2).mean())
    rows = []
    for name in BASELINES:
        values = np.stack([each[name] for each in features])
        predicted = np.clip(ridge_predictions(values[train], score[train], values[test]), 0, 63)
        rows.append((name, float(np.sqrt(((score[test] - predicted) ** 2).mean()) / constant), int(test.sum())))
    table = pd.DataFrame(rows, columns=["baseline", "ratio", "n"])
    write_json(card_path, {**read_json(card_path), "baselines_on_rendered_data": table.to_dict("records")})
    return table
