"""A small generated tree per corpus, in the layout and spelling of the real one, with invented labels.

Each writer takes an empty folder and returns what the adapter has to find: recording_id -> (split, task, score).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from openada.video import VideoWriter

Expected = dict[str, tuple[str, str, float]]
PARTS = {"Training": "training", "Development": "development", "Testing": "test"}
AVEC_SESSIONS = {
    # subject_session: part, score. Subject 205 is in two parts, as the corpus's subjects are.
    "203_1": ("Training", 3),
    "205_1": ("Training", 45),
    "207_2": ("Development", 0),
    "205_2": ("Testing", 38),
    "211_1": ("Testing", 63),
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tiny_video(path: Path, level: int) -> Path:
    """Three grey frames of 32×16; no two levels give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".mp4")
    with VideoWriter(written, 32, 16) as out:
        for frame in range(3):
            out.write(np.full((16, 32, 3), 20 + 7 * level, np.uint8), frame / 25)
    return written.rename(path)


def avec2014(root: Path) -> Expected:
    expected = {}
    for number, (session, (part, score)) in enumerate(AVEC_SESSIONS.items()):
        for place, task in enumerate(("Freeform", "Northwind")):
            folder = root / "AVEC2014_AudioVisual" / "Video" / part / task
            tiny_video(folder / f"{session}_{task}_video.mp4", 2 * number + place)
            expected[f"{session}_{task}"] = (PARTS[part], task, float(score))
        labels = root / "Final_Labels" / f"{part}_DepressionLabels"
        if part == "Testing":
            labels = root / "AVEC2014_Labels_Testset" / "Testing" / "DepressionLabels"
        write(labels / f"{session}_Depression.csv", f"{score}\n")
    return expected


def avec2014_repacked(root: Path) -> Expected:
    short = {"Training": "train", "Development": "dev", "Testing": "test"}
    expected = {}
    for number, (session, (part, score)) in enumerate(AVEC_SESSIONS.items()):
        for place, task in enumerate(("Freeform", "Northwind")):
            tiny_video(root / short[part] / task.lower() / f"{session}_{task.upper()}.avi", 2 * number + place)
            expected[f"{session}_{task}"] = (PARTS[part], task, float(score))
        write(root / "label" / "DepressionLabels" / f"{session}_Depression.csv", f"\ufeff{score}")
    return expected


def avec2013(root: Path) -> Expected:
    expected = {}
    for number, (session, (part, score)) in enumerate(AVEC_SESSIONS.items()):
        top = root / "AVEC2013" / f"{part}_AudioVisual"
        tiny_video(top / "Video" / f"{session}_cut_combined.mp4", number)
        write(root / "AVEC2013" / f"{part}_DepressionLabels" / f"{session}_Depression.csv", f"{score}")
        expected[f"{session}_combined"] = (PARTS[part], "combined", float(score))
    return expected


CLNF_FRAMES = 5


def clnf(folder: Path, participant: str, frames: int = CLNF_FRAMES) -> None:
    """The five files; the third frame is lost. Gaze 10° to image right and 5° down, pose yaw grows by 1° a frame."""
    frame = np.arange(1, frames + 1)
    common = {"frame": frame, "timestamp": (frame - 1) / 30, "confidence": np.full(frames, 0.975)}
    common["success"] = (frame != 3).astype(int)
    gaze = [np.sin(np.radians(10)) * np.cos(np.radians(5)), np.sin(np.radians(5)), 0.0]
    gaze[2] = -np.sqrt(1 - gaze[0] ** 2 - gaze[1] ** 2)
    columns = {
        "AUs.txt": {"AU01_r": 0.1 * frame, "AU04_c": frame % 2},
        "pose.txt": dict(
            zip(
                ("X", "Y", "Z", "Rx", "Ry", "Rz"),
                (frame * 11, frame * 13, frame * 0 + 700, frame * 0.0, -np.radians(frame), frame * 0.0),
                strict=True,
            )
        ),
        "gaze.txt": {
            f"{axis}_{head}{eye}": np.full(frames, gaze["xyz".index(axis)] if head else 0.5)
            for head in ("", "h")
            for eye in (0, 1)
            for axis in "xyz"
        },
        "features.txt": {f"{axis}{k}": frame + 100.0 * k for axis in "xy" for k in range(68)},
        "features3D.txt": {f"{axis}{k}": frame + 1000.0 * k for axis in "XYZ" for k in range(68)},
    }
    for name, own in columns.items():
        text = pd.DataFrame({**common, **own}).to_csv(index=False, lineterminator="\n")
        write(folder / f"{participant}_CLNF_{name}", text.replace(",", ", "))


def transcript(folder: Path, participant: str, speakers: tuple[str, ...] = ("Ellie", "Participant", "Ellie")) -> Path:
    """Turns of 40 ms one after the other, the value with a quotation mark as transcripts have them."""
    lines = ["start_time\tstop_time\tspeaker\tvalue"]
    lines += [f'{0.04 * k:.3f}\t{0.04 * (k + 1):.3f}\t{who}\t"well' for k, who in enumerate(speakers)]
    return write(folder / f"{participant}_TRANSCRIPT.csv", "\n".join(lines) + "\n")


def daic_woz(root: Path) -> Expected:
    for number, participant in enumerate(("300", "302", "373", "451", "402")):
        clnf(root / f"{participant}_P", participant, frames=CLNF_FRAMES + number)
        transcript(
            root / f"{participant}_P",
            participant,
            ("Participant",) if participant == "451" else ("Ellie", "Participant"),
        )
    write(
        root / "train_split_Depression_AVEC2017.csv",
        "Participant_ID,PHQ8_Binary,PHQ8_Score,Gender,PHQ8_NoInterest\n302,0,4,1,0\n373,1,12,0,2\n",
    )
    write(root / "dev_split_Depression_AVEC2017.csv", "Participant_ID,PHQ8_Binary,PHQ8_Score,Gender\n402,0,9,0\n,,,\n")
    write(root / "test_split_Depression_AVEC2017.csv", "participant_ID,Gender\n300,1\n451,0\n")
    write(root / "full_test_split.csv", "Participant_ID,PHQ_Binary,PHQ_Score,Gender\n300,0,2,1\n451,1,24,0\n")
    return {
        "300": ("test", "interview", 2.0),
        "302": ("training", "interview", 4.0),
        "373": ("training", "interview", 12.0),
        "402": ("development", "interview", 9.0),
        "451": ("test", "interview", 24.0),
    }


def openface(path: Path, frames: int = 4, level: float = 0.5) -> Path:
    frame = np.arange(1, frames + 1)
    table = {"frame": frame, "face_id": 0, "timestamp": (frame - 1) / 30, "confidence": 0.98, "success": 1}
    return write(path, pd.DataFrame({**table, "AU12_r": level * frame}).to_csv(index=False).replace(",", ", "))


def e_daic(root: Path) -> Expected:
    rows = {
        "300": ("train", "male", 5),
        "600": ("train", "female", 17),
        "601": ("dev", "male", 10),
        "702": ("test", "female", 0),
    }
    text: dict[str, str] = {}
    for number, (participant, (part, sex, score)) in enumerate(rows.items()):
        spelling = "Pose_gaze_AUs" if number % 2 else "Pose_Gaze_AUs"
        openface(root / f"{participant}_P" / "features" / f"{participant}_OpenFace2.1.0_{spelling}.csv", 4 + number)
        head = text.get(part, "Participant_ID,Gender,PHQ_Binary,PHQ_Score,PCL-C (PTSD)\n")
        text[part] = head + f"{participant},{sex},{int(score >= 10)},{score},0\n"
    for part, content in text.items():
        write(root / "labels" / f"{part}_split.csv", content)
    splits = {"train": "training", "dev": "development", "test": "test"}
    return {key: (splits[part], "interview", float(score)) for key, (part, _, score) in rows.items()}


def face68(rows: int, seed: int = 3) -> np.ndarray:
    """(rows, 68, 2): an upright face from the image's left, jaw a half ellipse, chin lowest, all else inside it."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(np.pi, 0, 17)
    points = rng.uniform(-0.3, 0.3, (68, 2))
    points[:17] = np.stack([np.cos(angle), 1.2 * np.sin(angle)], axis=1)
    points[27] = (0.0, -0.1)
    return points + 0.01 * rng.standard_normal((rows, 68, 2))


def d_vlog(root: Path) -> Expected:
    rows = {"0": ("depression", "f", "train"), "9": ("normal", "m", "valid"), "10": ("normal", "f", "test")}
    lines = ["index,label,duration,gender,fold"]
    expected = {}
    for vlog, (label, sex, fold) in rows.items():
        lines.append(f"{vlog},{label},{31.5 + int(vlog)},{sex},{fold}")
        folder = root / "dvlog-dataset" / vlog
        folder.mkdir(parents=True)
        points = face68(7, seed=int(vlog))
        points[2] = 0
        np.save(folder / f"{vlog}_visual.npy", points.transpose(0, 2, 1).reshape(7, 136))
        split = {"train": "training", "valid": "development", "test": "test"}[fold]
        expected[vlog] = (split, "vlog", float(label == "depression"))
    write(root / "labels.csv", "\n".join(lines) + "\n")
    return expected


def lmvd(root: Path) -> Expected:
    expected = {}
    for number, (vlog, score) in enumerate({"0007": 1, "0602": 0, "1117": 1}.items()):
        openface(root / "Video_feature" / "part" / f"{vlog}.csv", 4 + number)
        write(root / "label" / f"{vlog}_Depression.csv", f"{score}")
        expected[vlog] = ("", "vlog", float(score))
    return expected


def manifest(root: Path) -> Expected:
    rows = []
    for number, part in enumerate(("training", "development", "test")):
        tiny_video(root / "videos" / f"r{number}.mp4", number)
        rows.append(
            {
                "recording_id": f"r{number}", "video": f"videos/r{number}.mp4", "subject": f"00{number}", "session": "1",
                "task": "talk", "split": part, "score": 10 * number, "scale": "PHQ-9", "site": "a",
            }
        )  # fmt: skip
    write(root / "manifest.csv", pd.DataFrame(rows).to_csv(index=False))
    return {f"r{n}": (part, "talk", 10.0 * n) for n, part in enumerate(("training", "development", "test"))}


@dataclass(frozen=True)
class Generated:
    """A corpus's tree: its writer, and where one of its label files and one of its data files lie."""

    corpus: str
    writer: Callable[[Path], Expected]
    label: str
    data: str
    recording: str
    """The recording that `data` belongs to; `label` holds its score."""


TREES = {
    "avec2013": Generated(
        "avec2013",
        avec2013,
        "AVEC2013/Training_DepressionLabels/203_1_Depression.csv",
        "AVEC2013/Training_AudioVisual/Video/203_1_cut_combined.mp4",
        "203_1_combined",
    ),
    "avec2014": Generated(
        "avec2014",
        avec2014,
        "Final_Labels/Training_DepressionLabels/203_1_Depression.csv",
        "AVEC2014_AudioVisual/Video/Training/Freeform/203_1_Freeform_video.mp4",
        "203_1_Freeform",
    ),
    "avec2014-repacked": Generated(
        "avec2014",
        avec2014_repacked,
        "label/DepressionLabels/203_1_Depression.csv",
        "train/freeform/203_1_FREEFORM.avi",
        "203_1_Freeform",
    ),
    "daic-woz": Generated("daic-woz", daic_woz, "dev_split_Depression_AVEC2017.csv", "402_P/402_CLNF_AUs.txt", "402"),
    "e-daic": Generated(
        "e-daic", e_daic, "labels/dev_split.csv", "601_P/features/601_OpenFace2.1.0_Pose_Gaze_AUs.csv", "601"
    ),
    "d-vlog": Generated("d-vlog", d_vlog, "labels.csv", "dvlog-dataset/9/9_visual.npy", "9"),
    "lmvd": Generated("lmvd", lmvd, "label/0007_Depression.csv", "Video_feature/part/0007.csv", "0007"),
    "manifest": Generated("manifest", manifest, "manifest.csv", "videos/r1.mp4", "r1"),
}


def planted_description(root: Path, variant: str) -> Path:
    return write(root / "benchmark.json", json.dumps({"variant": variant}))
