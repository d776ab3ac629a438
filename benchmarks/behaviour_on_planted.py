"""How well the behaviour signals follow what is planted in rendered faces, as a table.

    python benchmarks/behaviour_on_planted.py [--subjects 10] [--seconds 30] [--seed 11] > benchmarks/behaviour_on_planted.md

Renders planted recordings (25 frames/s), runs what `openada features` runs on each, and sets its tables against the truth.
These are figures about rendered faces, all of them warped from one portrait; on people nothing was measured.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.planted.generate import generate
from openada.datasets.planted.schedule import GROUPS
from openada.face.pose import rotation_from_angles_deg
from openada.prepared.job import Job, Parameters
from openada.prepared.writer import prepare_recording

UNITS = {
    "AU01_g": "AU01", "AU02_g": "AU02", "AU04_g": "AU04", "AU06_g": "AU06",
    "AU12_g": "AU12", "AU15_g": "AU15", "AU26_g": "AU26", "AU45_g": "AU45",
}  # fmt: skip
OWN_GROUP = {"AU01_g": "brows", "AU04_g": "brows", "AU15_g": "mouth", "AU45_g": "lids"}
ANGLES = ("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg")
OPEN = 0.6  # planted closure above which the iris is hidden
BLINK = 0.6  # planted closure that only blinks reach


def spans(time_s: np.ndarray, flag: np.ndarray) -> list[tuple[float, float]]:
    """Start and end of every run of set frames that does not touch an end of the recording."""
    edges = np.flatnonzero(np.diff(np.r_[0, flag.astype(int), 0]))
    runs = edges.reshape(-1, 2)
    return [(time_s[a], time_s[b - 1]) for a, b in runs if a > 2 and b < len(flag) - 2]


def matched(found: list[tuple[float, float]], true: list[tuple[float, float]]) -> int:
    """Pairs of overlapping spans, one to one, in order of time."""
    count, used = 0, -1
    for start, end in true:
        for index, (other_start, other_end) in enumerate(found):
            if index > used and other_start <= end and other_end >= start:
                count, used = count + 1, index
                break
    return count


def rotation_errors(signals: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Mean angle in degrees between measured and true head rotation, a constant rotation between them set aside."""
    names = list(ANGLES[2:])
    measured, true = (rotation_from_angles_deg(table[names].to_numpy(float)) for table in (signals, truth))
    u, _, vt = np.linalg.svd((np.swapaxes(true, 1, 2) @ measured).mean(axis=0))
    left = np.swapaxes(true @ (u @ vt), 1, 2) @ measured
    cosine = (np.trace(left, axis1=1, axis2=2) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())


def crosstalk(signals: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """(unit of OWN_GROUP, group) least-squares slopes of each measured unit on what is planted in the three groups."""
    seen = signals["tracked"].to_numpy()
    planted = truth.loc[seen, list(GROUPS)].to_numpy(float)
    measured = signals.loc[seen, list(OWN_GROUP)].to_numpy(float)
    return np.linalg.lstsq(planted - planted.mean(0), measured - measured.mean(0), rcond=None)[0].T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--variant", default="standard")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        manifest = generate(
            root / "planted", subjects=arguments.subjects, seconds=arguments.seconds, fps=25.0, seed=arguments.seed,
            variant=arguments.variant, progress=False,
        )  # fmt: skip
        correlations: dict[str, list[float]] = {unit: [] for unit in UNITS}
        angles: dict[str, list[tuple[float, float, float, float]]] = {angle: [] for angle in ANGLES}
        rotations: list[float] = []
        slopes: list[np.ndarray] = []
        hits = detected = planted = 0
        for recording_id, video in zip(manifest["recording_id"], manifest["video"], strict=True):
            folder = root / "features" / recording_id
            prepare_recording(Job(recording_id, root / "planted" / video, folder, Parameters(crops=False)))
            truth = pd.read_parquet(root / "planted" / "truth" / f"{recording_id}.parquet")
            signals = pd.read_parquet(folder / "behaviour.parquet")
            events = pd.read_parquet(folder / "events.parquet")
            assert len(truth) == len(signals), recording_id
            for unit, source in UNITS.items():
                if truth[source].std() > 0.01:
                    correlations[unit].append(signals[unit].corr(truth[source].astype(float)))
            seen = signals["tracked"].to_numpy() & (truth["AU45"].to_numpy() < OPEN)
            for angle in ANGLES:
                measured, true = signals.loc[seen, angle].to_numpy(float), truth.loc[seen, angle].to_numpy(float)
                error = measured - true
                angles[angle].append(
                    (
                        float(np.abs(error).mean()),
                        float(np.abs(error - np.median(error)).mean()),
                        float(np.corrcoef(measured, true)[0, 1]),
                        float(np.polyfit(true, measured, 1)[0]),
                    )
                )
            slopes.append(crosstalk(signals, truth))
            rotations.append(rotation_errors(signals[seen], truth[seen]))
            true_blinks = spans(truth["time_s"].to_numpy(), truth["AU45"].to_numpy() > BLINK)
            blinks = events[events["kind"] == "blink"]
            found_blinks = list(zip(blinks["start_s"], blinks["end_s"], strict=True))
            hits += matched(found_blinks, true_blinks)
            detected += len(found_blinks)
            planted += len(true_blinks)
    report(arguments, len(manifest), correlations, angles, rotations, (hits, detected, planted))
    report_crosstalk(np.mean(slopes, axis=0))


def report_crosstalk(slopes: np.ndarray) -> None:
    print("\n## Crosstalk\n")
    print(
        "Slope of a measured unit on what is planted in each group of movements, as a share of the slope on its own group:\n"
    )
    print(f"| unit | {' | '.join(GROUPS)} |\n|---{'|---' * len(GROUPS)}|")
    for (unit, own), row in zip(OWN_GROUP.items(), slopes, strict=True):
        shares = row / row[GROUPS.index(own)]
        print(f"| {unit} | {' | '.join(f'{share:.2f}' for share in shares)} |")
    print(
        "\nIn the `standard` variant no planted unit tells the score by itself, only the coincidence of groups does. Crosstalk\n"
        "lets a measured unit's spread depend on coincidence, so statistics of measured signals say a little about the score."
    )


def report(
    arguments: argparse.Namespace,
    recordings: int,
    correlations: dict[str, list[float]],
    angles: dict[str, list[tuple[float, float, float, float]]],
    rotations: list[float],
    blinks: tuple[int, int, int],
) -> None:
    print("# Behaviour signals against the truth of the planted benchmark\n")
    print("Rendered faces, warped from one portrait: nothing here was measured on people.\n")
    print(
        f"    python benchmarks/behaviour_on_planted.py --subjects {arguments.subjects} --seconds {arguments.seconds:g} "
        f"--seed {arguments.seed} --variant {arguments.variant}\n"
    )
    print(
        f"{recordings} recordings of {arguments.seconds:g} s at 25 frames/s; Python {platform.python_version()}, one CPU core.\n"
    )
    print("| unit | mean r | least | recordings |\n|---|---|---|---|")
    means = {unit: float(np.mean(values)) for unit, values in correlations.items()}
    for unit, values in correlations.items():
        print(f"| {unit} | {means[unit]:.2f} | {min(values):.2f} | {len(values)} |")
    print(
        f"\nMedian over units {np.median(list(means.values())):.2f} (aim 0.8), least {min(means.values()):.2f} (aim 0.5).\n"
    )
    print(
        "The benchmark plants no others: of AU05, 09, 10, 17, 24 and 25 nothing is known here. How the units are defined was"
    )
    print("chosen on another data seed (7).\n")
    print("| angle | mean abs. error | less each recording's median error | r | slope |\n|---|---|---|---|---|")
    for angle, values in angles.items():
        raw, centred, r, slope = np.mean(values, axis=0)
        print(f"| {angle} | {raw:.1f}° | {centred:.1f}° | {r:.2f} | {slope:.2f} |")
    print(
        f"\nHead rotation as one angle, less each recording's constant: {np.mean(rotations):.1f}° (aim 3°). The truth counts from"
    )
    print(
        "the pose that the portrait has in its picture, so a constant per person is part of the errors in the first column."
    )
    hits, detected, planted = blinks
    precision, recall = hits / max(detected, 1), hits / max(planted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    print(
        f"\nBlinks: {planted} planted, {detected} found, {hits} matched: precision {precision:.2f}, recall {recall:.2f}, "
        f"F1 {f1:.2f} (aim 0.9)."
    )


if __name__ == "__main__":
    main()
