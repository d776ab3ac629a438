"""The benchmark laid out as an AVEC 2014 tree, so that the corpus adapter and the whole protocol run on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from openada.datasets.manifest import read_manifest
from openada.errors import UnusableInput
from openada.files import write_text

FIRST_SUBJECT = 203
FOLDERS = {"training": "Training", "development": "Development", "test": "Testing"}
TASKS = {"talk": "Freeform", "read": "Northwind"}


def write_avec2014_tree(folder: Path, out: Path) -> Path:
    """Lay a generated benchmark out below `out` as AVEC 2014 does, with hard links to its videos where possible.

    Videos go to AVEC2014_AudioVisual/Video/{Training,Development,Testing}/{Freeform,Northwind}/203_1_Freeform_video.mp4, labels
    of training and development to Final_Labels, those of test to AVEC2014_Labels_Testset: one number per file, no header.
    Subjects are numbered from 203 in the order of the manifest. The benchmark's own description lies beside, so that nobody takes
    its labels for a questionnaire's. Returns `out`.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise UnusableInput(f"{out} is not empty; choose a new folder for the AVEC 2014 tree")
    manifest = read_manifest(Path(folder) / "manifest.csv")
    numbers = {subject: FIRST_SUBJECT + k for k, subject in enumerate(dict.fromkeys(manifest["subject"]))}
    for row in manifest.to_dict("records"):
        part, session = FOLDERS[row["split"]], f"{numbers[row['subject']]}_{row['session']}"
        task = TASKS[row["task"]]
        video = out / "AVEC2014_AudioVisual" / "Video" / part / task / f"{session}_{task}_video.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(row["video"], video)
        except OSError:
            shutil.copyfile(row["video"], video)
        labels = out / "Final_Labels" / f"{part}_DepressionLabels"
        if part == "Testing":
            labels = out / "AVEC2014_Labels_Testset" / "Testing" / "DepressionLabels"
        write_text(labels / f"{session}_Depression.csv", f"{row['score']:g}\n")
    description = Path(folder) / "benchmark.json"
    if description.is_file():
        shutil.copyfile(description, out / description.name)
    return out
