"""What a few single frames of a planted recording can say of its score at most, read from the truth instead of pixels.

    python benchmarks/depnet_planted.py BENCHMARK PREPARED [--frames 5 16 64 0]

BENCHMARK as `openada synth` wrote it, PREPARED as `openada prepare` did. The reader knows whether the cue is on in each of
the frames that DepNet sees at test (evenly spaced over the tracked ones; 0: all of them). A line from the cue's share of
them to the label, fitted on the training part, predicts the test part: what a network could reach that recognises the cue
in every single frame without fault, and reads nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from openada.clips.sampling import spread_frames
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import interval, paired_difference
from openada.evaluation.table import to_markdown
from openada.prepared.dataset import PreparedDataset


def shares(dataset: PreparedDataset, benchmark: Path, counts: list[int]) -> pd.DataFrame:
    """A row per recording of the official split: what the manifest says, its part, and the cue's share by number of frames."""
    manifest = dataset.manifest.set_index("recording_id")
    rows = []
    for part, ids in dataset.split().ids.items():
        for recording_id in ids:
            tracked = dataset.recording(recording_id).tracked
            cue = pd.read_parquet(benchmark / "truth" / f"{recording_id}.parquet", columns=["cue"])["cue"].to_numpy()
            seen = {count: cue[spread_frames(tracked, count) if count else tracked].mean() for count in counts}
            own = manifest.loc[recording_id, ["subject", "session", "score"]].to_dict()
            rows.append({"recording_id": recording_id, **own, "part": part, **seen})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--frames", type=int, nargs="+", default=[5, 16, 64, 0])
    given = parser.parse_args()
    table = shares(PreparedDataset(given.prepared), given.benchmark, given.frames)
    training, test = (table[table["part"] == part] for part in ("training", "test"))
    mean = training["score"].mean()
    rows = []
    for count in given.frames:
        slope, start = np.polyfit(training[count].astype(float), training["score"].astype(float), 1)
        read = test.assign(prediction=start + slope * test[count])
        for unit, shown in (("recordings", read), ("sessions", by_session(read))):
            label, subject, constant = shown["score"], shown["subject"], np.full(len(shown), mean)
            error = interval("rmse", label, shown["prediction"], subject, unit=unit)
            alone = interval("rmse", label, constant, subject, unit=unit)
            less = paired_difference("rmse", label, shown["prediction"], constant, subject, unit=unit)
            rows.append(
                {
                    "frames of a recording": count or "all",
                    "unit": unit,
                    "n": error.n,
                    "subjects": error.n_subjects,
                    "RMSE": f"{error.value:.2f} [{error.low:.2f}, {error.high:.2f}]",
                    "RMSE / constant's": f"{error.value / alone.value:.2f}",
                    "RMSE − constant's": f"{less.value:.2f} [{less.low:.2f}, {less.high:.2f}]".replace("-", "−"),
                }
            )
    print(to_markdown(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
