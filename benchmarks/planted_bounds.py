"""What single frames and windows of a planted recording can say of its score, read from the truth instead of pixels.

    python benchmarks/planted_bounds.py BENCHMARK PREPARED [--frames 5 16 64 0] [--windows 16x1 32x1 64x1 16x4]

BENCHMARK as `openada synth` wrote it, PREPARED as `openada prepare` did. There are two readers. One knows in which frames the cue
is on, and takes its share of them. The other knows how many of the three groups of movements (brows, mouth, lids) are on, and
takes the shares of frames with one, two and three: every group is on equally long for everybody, so what is spent alone cannot
coincide, and lone movements say something too. Least squares make a prediction of it.

Frames: those that DepNet sees at test, evenly spaced over the tracked ones (0: all of them). Fitted on the training part,
predicted on the test part.

Windows of T frames, every S-th (TxS), overlapping by half: fitted on the windows of the training part, each with the label of its
recording, and a recording's prediction is the mean over its windows: what clip models do that are trained on single windows. A
short window says little of the label, so the slope is small, and the mean of many keeps it.

So this is about what a network could reach that recognises the movements in every frame without fault. It is no limit in the
strict sense: how strong a movement is, and how it goes on, is in neither.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from openada.clips.sampling import end_to_end, sampled_frames, spread_frames
from openada.datasets.planted.schedule import GROUPS
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import interval, paired_difference
from openada.evaluation.table import to_markdown
from openada.prepared.dataset import PreparedDataset, PreparedRecording

OVERLAP = 0.5


def of_frames(recording: PreparedRecording, on: np.ndarray, count: int) -> np.ndarray:
    """Shares of the frames that are seen, (1, K), of `on` (F, K)."""
    tracked = recording.tracked
    return on[spread_frames(tracked, count) if count else tracked].mean(0)[None]


def of_windows(recording: PreparedRecording, on: np.ndarray, frames: int, step: int) -> np.ndarray:
    """Shares of each window, (W, K), of `on` (F, K)."""
    cut = end_to_end(recording.time_s, recording.tracked, frames=frames, step=step, overlap=OVERLAP)
    firsts = cut.first_frame[cut.usable]
    return np.stack([on[sampled_frames(len(on), int(first), frames, step)].mean(0) for first in firsts])


def read_truth(path: Path) -> dict[str, np.ndarray]:
    """Reader → what it knows of each frame, (F, K) of 0 and 1."""
    truth = pd.read_parquet(path, columns=["cue", *GROUPS])
    count = truth[[*GROUPS]].to_numpy(float).sum(1)
    return {
        "cue": truth[["cue"]].to_numpy(float),
        "groups on": np.stack([count == n for n in (1, 2, 3)], 1).astype(float),
    }


def rows_of(
    table: pd.DataFrame, shares: list[np.ndarray], reader: str, name: str, shown_as: object
) -> list[dict[str, object]]:
    """The errors on the test part, by recording and by session; `shares` (W, K) of every row of `table`."""
    training = (table["part"] == "training").to_numpy()
    inside = [seen for seen, chosen in zip(shares, training, strict=True) if chosen]
    labels = np.repeat(table.loc[training, "score"].to_numpy(float), [len(seen) for seen in inside])
    known = np.concatenate(inside)
    line = LinearRegression().fit(known, labels)
    read = table.assign(prediction=line.predict(np.stack([seen.mean(0) for seen in shares])))[~training]
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
                "reader of": reader,
                "r² with the label": f"{line.score(known, labels):.2f}",
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
    seen = [(dataset.recording(name), read_truth(given.benchmark / "truth" / f"{name}.parquet")) for name in parts]
    by_count, by_window = [], []
    for count in given.frames:
        for reader in seen[0][1]:
            shares = [of_frames(recording, on[reader], count) for recording, on in seen]
            by_count += rows_of(table, shares, reader, "frames of a recording", count or "all")
    for window in given.windows:
        frames, step = map(int, window.split("x"))
        shown_as = f"{frames} frames, every {step}" if step > 1 else f"{frames} frames"
        for reader in seen[0][1]:
            shares = [of_windows(recording, on[reader], frames, step) for recording, on in seen]
            by_window += rows_of(table, shares, reader, "window", shown_as)
    for rows in (by_count, by_window):
        if rows:
            print(to_markdown(pd.DataFrame(rows)), end="\n\n")


if __name__ == "__main__":
    main()
