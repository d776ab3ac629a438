"""Runs as training leaves them, with made-up predictions of many people: what evaluation needs, and nothing to train."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.datasets.scales import SCALES, band_index
from openada.datasets.splits import Split
from openada.files import read_json, write_json

PARTS = {"training": 17, "development": 11, "test": 23}  # subjects; each records tasks F and N in one session
NO_FACE, BARELY, EXCLUDED = "test000_F", "test001_N", "test022"  # a lost recording, a poor one, a lost subject
BOTH_SIDES = {"test003": "training003", "test004": "training004"}  # subjects of test who are subjects of training


def data_set(folder: Path, seed: int = 3) -> Path:
    """A prepared data set of statistics alone, 2 recordings per subject, one of them in no part of the split."""
    rng = np.random.default_rng(seed)
    rows = []
    for part, n in PARTS.items():
        for k in range(n):
            subject = f"{part}{k:03d}"
            score = float(np.round(min(63.0, abs(rng.normal(0, 18)))))
            for task in "FN":
                name = f"{subject}_{task}"
                lost = name == NO_FACE or subject == EXCLUDED
                rows.append(
                    {
                        "recording_id": name, "video": f"{name}.mp4", "subject": BOTH_SIDES.get(subject, subject),
                        "session": "1" if part == "training" else "2", "task": task, "split": part, "score": score,
                        "scale": "BDI-II", "corpus": "AVEC2014", "status": "no face" if lost else "prepared", "error": "",
                        "frames": 40, "tracked_share": 0.0 if lost else 0.55 if name == BARELY else 1.0,
                    }
                )  # fmt: skip
    rows.append({**rows[0], "recording_id": "spare_F", "subject": "spare", "split": ""})
    manifest = pd.DataFrame(rows)
    folder.mkdir(parents=True)
    manifest.to_parquet(folder / "manifest.parquet", index=False)
    write_json(folder / "dataset.json", {})
    placed = manifest[manifest["split"] != ""]
    ids = {part: tuple(placed.loc[placed["split"] == part, "recording_id"]) for part in PARTS}
    subjects = dict(zip(placed["recording_id"], placed["subject"], strict=True))
    Split("official", ids, subjects).save(folder / "splits" / "official.json")
    for row in manifest[manifest["status"] == "prepared"].itertuples():
        there = folder / "recordings" / row.recording_id
        there.mkdir(parents=True)
        signs = rng.normal(0.02 * row.score, 1.0, 5)
        pd.DataFrame([signs], columns=[f"s{k}" for k in range(5)]).to_parquet(there / "statistics.parquet", index=False)
    return folder


def tested_run(trained: Path, data: Path, folder: Path, *, seed: int = 0, shrink: float = 0.5, noise: float = 5.0,
               draw: int | None = None, recipe: dict[str, Any] | None = None) -> Path:  # fmt: skip
    """A copy of the run `trained` that was tested on `data`: predictions shrunk towards the training mean, plus noise.

    `draw` seeds the noise (default: `seed`); `recipe` overrides settings of the recipe.
    """
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("units"))
    manifest = pd.read_parquet(data / "manifest.parquet")
    used = manifest[(manifest["status"] == "prepared") & (manifest["split"] != "")].reset_index(drop=True)
    lost = manifest[(manifest["status"] != "prepared") & (manifest["split"] != "")]
    used.to_parquet(folder / "recordings.parquet", index=False)
    shutil.copy(data / "splits" / "official.json", folder / "split.json")
    config = read_json(folder / "config.json")
    counted = used.groupby("split")
    config.update(
        data=str(data),
        split_sha256=read_json(folder / "split.json")["sha256"],
        corpus=["AVEC2014"],
        recordings={part: len(counted.get_group(part)) for part in PARTS},
        subjects={part: int(counted.get_group(part)["subject"].nunique()) for part in PARTS},
        dropped=[{"recording_id": name, "reason": "no face"} for name in lost["recording_id"]],
        recipe={**config["recipe"], **(recipe or {}), "seed": seed},
    )
    write_json(folder / "config.json", config)
    rng = np.random.default_rng(seed if draw is None else draw)
    mean = used.loc[used["split"] == "training", "score"].mean()
    held = used[used["split"] != "training"]
    person = {name: rng.normal(0, noise) for name in held["subject"].unique()}
    prediction = (
        mean + shrink * (held["score"] - mean) + held["subject"].map(person) + rng.normal(0, noise / 2, len(held))
    )
    predictions = held[["recording_id", "subject", "session", "task", "split", "score"]].assign(prediction=prediction)
    bands = SCALES["BDI-II"]
    predictions["band"] = [band_index(value, bands) for value in predictions["score"]]
    predictions["predicted_band"] = [band_index(value, bands) for value in prediction]
    predictions = predictions.assign(category=0, method="selection")
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    pd.DataFrame({"recording_id": held["recording_id"]}).to_parquet(folder / "segments.parquet", index=False)
    return folder


def fold_run(trained: Path, data: Path, folder: Path, split: str, *, seed: int = 0, noise: float = 5.0) -> Path:
    """The same for one fold, NAME/K, of a set of folds of `data`: nothing is in development, the others train."""
    from openada.prepared.dataset import PreparedDataset

    dataset = PreparedDataset(data)
    found = dataset.split(split)
    part_of = found.part_of()
    manifest = dataset.manifest.assign(split=dataset.manifest["recording_id"].map(part_of))
    used = manifest[manifest["status"] == "prepared"].reset_index(drop=True)
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("units", "split.json"))
    used.to_parquet(folder / "recordings.parquet", index=False)
    found.save(folder / "split.json")
    config = read_json(folder / "config.json")
    config.update(
        data=str(data),
        split_sha256=found.sha256,
        corpus=["AVEC2014"],
        recordings={part: int((used["split"] == part).sum()) for part in PARTS},
        subjects={part: int(used.loc[used["split"] == part, "subject"].nunique()) for part in PARTS},
        dropped=[
            {"recording_id": name, "reason": "no face"}
            for name in manifest.loc[manifest["status"] != "prepared", "recording_id"]
        ],
        recipe={**config["recipe"], "split": split, "seed": seed},
    )
    write_json(folder / "config.json", config)
    held = used[used["split"] == "test"]
    rng = np.random.default_rng([seed, len(held), int(split.rsplit("/", 1)[1])])
    prediction = 0.5 * held["score"] + 8 + rng.normal(0, noise, len(held))
    bands = SCALES["BDI-II"]
    predictions = held[["recording_id", "subject", "session", "task", "split", "score"]].assign(
        prediction=prediction,
        band=[band_index(value, bands) for value in held["score"]],
        predicted_band=[band_index(value, bands) for value in prediction],
        category=0,
        method="selection",
    )
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    pd.DataFrame({"recording_id": held["recording_id"]}).to_parquet(folder / "segments.parquet", index=False)
    return folder
