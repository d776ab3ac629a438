"""What single frames and windows of a planted recording can say of its score at most, read from the truth instead of pixels.

    python benchmarks/planted_bounds.py BENCHMARK PREPARED [--frames 5 16 64 0] [--windows 16x1 32x1 64x1 16x4]

BENCHMARK as `openada synth` wrote it, PREPARED as `openada prepare` did. The reader knows in which frames the cue is on.

Frames: those that DepNet sees at test, evenly spaced over the tracked ones (0: all of them). A line from the cue's share of them
to the label, fitted on the training part, predicts the test part.

Windows of T frames, every S-th (TxS), overlapping by half: the line is fitted on the windows of the training part, each with the
label of its recording, and a recording's prediction is the mean over its windows: what clip models do that are trained on
single windows. A short window says little of the label, so the line is flat, and the mean of many keeps its slope.

So this is about what a network could reach that recognises the cue in every frame without fault, and reads nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from openada.clips.sampling import end_to_end, sampled_frames, spread_frames
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import interval, paired_difference
from openada.evaluation.table import to_markdown
from openada.prepared.dataset import PreparedDataset, PreparedRecording

OVERLAP = 0.5


def of_frames(recording: PreparedRecording, cue: np.ndarray, count: int) -> np.ndarray:
    """The cue's share of the frames that are seen, (1,)."""
    tracked = recording.tracked
    return np.array([cue[spread_frames(tracked, count) if count else tracked].mean()])


def of_windows(recording: PreparedRecording, cue: np.ndarray, frames: int, step: int) -> np.ndarray:
    """The cue's share of each window, (W,)."""
    cut = end_to_end(recording.time_s, recording.tracked, frames=frames, step=step, overlap=OVERLAP)
    firsts = cut.first_frame[cut.usable]
    return np.array([cue[sampled_frames(len(cue), int(first), frames, step)].mean() for first in firsts])


def rows_of(table: pd.DataFrame, shares: list[np.ndarray], name: str, shown_as: object) -> list[dict[str, object]]:
    """The errors on the test part, by recording and by session; `shares` of every row of `table`."""
    training = (table["part"] == "training").to_numpy()
    inside = [seen for seen, chosen in zip(shares, training, strict=True) if chosen]
    labels = np.repeat(table.loc[training, "score"].to_numpy(float), [len(seen) for seen in inside])
    known = np.concatenate(inside)
    slope, start = np.polyfit(known, labels, 1)
    read = table.assign(prediction=[start + slope * seen.mean() for seen in shares])[~training]
    mean = table.loc[training, "score"].mean()
    rows = []
    for unit, shown in (("recordings", read), ("sessions", by_session(read))):
        label, subject, constant = shown["score"], shown["subject"], np.full(len(shown), mean)
        error = interval("rmse", label, shown["prediction"], subject, unit=unit)
        alone = interval("rmse", label, constant, subject, unit=unit)
        less = paired_difference("rmse", label, shown["prediction"], constant, subject, unit=unit)
        rows.append(
            {
                name: shown_as,
                "r² with the label": f"{np.corrcoef(known, labels)[0, 1] ** 2:.2f}",
                "unit": unit,
                "n": error.n,
                "subjects": error.n_subjects,
                "RMSE": f"{error.value:.2f} [{error.low:.2f}, {error.high:.2f}]",
                "RMSE / constant's": f"{error.value / alone.value:.2f}",
                "RMSE − constant's": f"{less.value:.2f} [{less.low:.2f}, {less.high:.2f}]".replace("-", "−"),
                "r of the predictions": f"{np.corrcoef(label, shown['prediction'])[0, 1]:.2f}",
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--frames", type=int, nargs="*", default=[5, 16, 64, 0])
    parser.add_argument("--windows", nargs="*", default=["16x1", "32x1", "64x1", "16x2", "16x4", "32x4"])
    given = parser.parse_args()
    dataset = PreparedDataset(given.prepared)
    parts = {name: part for part, ids in dataset.split().ids.items() for name in ids if part in ("training", "test")}
    table = dataset.manifest.set_index("recording_id").loc[list(parts)].reset_index().assign(part=list(parts.values()))
    seen = [
        (
            dataset.recording(name),
            pd.read_parquet(given.benchmark / "truth" / f"{name}.parquet", columns=["cue"])["cue"].to_numpy(float),
        )
        for name in parts
    ]
    by_count, by_window = [], []
    for count in given.frames:
        shares = [of_frames(recording, cue, count) for recording, cue in seen]
        by_count += rows_of(table, shares, "frames of a recording", count or "all")
    for window in given.windows:
        frames, step = map(int, window.split("x"))
        shares = [of_windows(recording, cue, frames, step) for recording, cue in seen]
        by_window += rows_of(
            table, shares, "window", f"{frames} frames, every {step}" if step > 1 else f"{frames} frames"
        )
    for rows in (by_count, by_window):
        if rows:
            print(to_markdown(pd.DataFrame(rows)), end="\n\n")


if __name__ == "__main__":
    main()
