"""What a planted movement of the mouth does to the aligned crop, style by style: its scale, and the pixels of each region.

    python benchmarks/alignment_on_planted.py BENCHMARK PREPARED [--recordings 8]

BENCHMARK as `openada synth` wrote it (variant `standard`), PREPARED as `openada prepare` did, in any style: its landmarks and
the videos are used. Frames in which the truth has the mouth alone are set against those in which none of the three groups of
movements is on. Change of scale: of the medians. Changes of pixels: size of the difference from the recording's median crop of
64 px, the three colours added up (0 to 765), mean over the region, with the mouth on less without. The last columns turn the mesh
of one frame by 30° to either side and say how much larger the crop draws it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from openada.datasets.planted.schedule import GROUPS
from openada.evaluation.table import to_markdown
from openada.explanation.region_pooling import POOLS, pool_labels
from openada.face.alignment import align
from openada.face.alignment_styles import ALIGNMENTS
from openada.prepared.dataset import PreparedDataset
from openada.prepared.layout import LANDMARK_COLUMNS
from openada.prepared.track import landmarks_of

SIDE_PX = 64
SHOWN = ("mouth", "brows", "forehead", "outside the face")
TURNED_DEG = 30


def frames_of(video: Path) -> list[np.ndarray]:
    reader = cv2.VideoCapture(str(video))
    found = []
    while True:
        there, bgr = reader.read()
        if not there:
            return found
        found.append(bgr[..., ::-1])


def scale_of(matrix: np.ndarray) -> float:
    return float(np.sqrt(np.linalg.det(matrix[:, :2])))


def of_regions(crops: np.ndarray, labels: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean size of the change from the median crop, by pool, over the chosen frames; crops (F, S, S, 3), labels (F, S, S)."""
    change = np.abs(crops - np.median(crops, axis=0)).sum(-1)
    means = [
        np.bincount(where.ravel(), values.ravel(), len(POOLS))
        / np.maximum(np.bincount(where.ravel(), minlength=len(POOLS)), 1)
        for where, values in zip(labels[chosen], change[chosen], strict=True)
    ]
    return np.mean(means, axis=0)


def turned(landmarks_px: np.ndarray, degrees: float) -> np.ndarray:
    """The mesh turned about its vertical axis, by its own depth."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return (landmarks_px - landmarks_px.mean(0)) @ turn.T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--recordings", type=int, default=8)
    given = parser.parse_args()
    dataset = PreparedDataset(given.prepared)
    names = dataset.split().ids["training"]
    rows: list[dict[str, object]] = []
    for name in names[:: max(1, len(names) // given.recordings)][: given.recordings]:
        landmarks = landmarks_of(dataset.recording(name).track([*LANDMARK_COLUMNS])).astype(float)
        frames = frames_of(given.benchmark / "videos" / f"{name}.mp4")
        on = pd.read_parquet(given.benchmark / "truth" / f"{name}.parquet", columns=[*GROUPS]).to_numpy(float) > 0
        count, mouth = on.sum(1), on[:, GROUPS.index("mouth")]
        still, alone = count == 0, mouth & (count == 1)
        for style, transform in ALIGNMENTS.items():
            matrices = [transform(mesh, SIDE_PX) for mesh in landmarks]
            crops = np.stack([align(rgb, one, SIDE_PX) for rgb, one in zip(frames, matrices, strict=True)]).astype(
                float
            )
            labels = np.stack(
                [pool_labels(mesh, one, SIDE_PX, SIDE_PX) for mesh, one in zip(landmarks, matrices, strict=True)]
            )
            scales = np.array([scale_of(one) for one in matrices])
            more = of_regions(crops, labels, alone) - of_regions(crops, labels, still)
            straight = scale_of(transform(turned(landmarks[0], 0), SIDE_PX))
            rows.append(
                {
                    "style": style,
                    "scale, mouth on, %": 100 * (np.median(scales[alone]) / np.median(scales[still]) - 1),
                    "sd of scale, %": 100 * scales[still].std() / scales[still].mean(),
                    **{f"pixels, {region}": more[POOLS.index(region)] for region in SHOWN},
                    **{
                        f"turned {way:+d}°, %": 100
                        * (scale_of(transform(turned(landmarks[0], way), SIDE_PX)) / straight - 1)
                        for way in (-TURNED_DEG, TURNED_DEG)
                    },
                }
            )
    table = pd.DataFrame(rows).groupby("style", sort=False).mean().round(1).reset_index()
    print(to_markdown(table))


if __name__ == "__main__":
    main()
