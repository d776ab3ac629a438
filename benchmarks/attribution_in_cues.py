"""What a network's attribution of single frames says while planted movements are on alone, in pairs, or all together (the cue).

    python benchmarks/attribution_in_cues.py RUN BENCHMARK PREPARED [--method deeplift] [--part test]

RUN a trained run that `openada explain` takes; BENCHMARK as `openada synth` wrote it, PREPARED as `openada prepare` did. The
attribution of a frame is the sum of its map over the picture, in the unit of the method; its size is the sum of the sizes. Frames
are told apart by the truth: how many of the three groups of movements (brows, mouth, lids) are on. Mean over the frames of a
recording, over its recordings, and over subjects with a 95 % interval.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.planted.schedule import GROUPS
from openada.evaluation.means import mean_over_subjects
from openada.evaluation.table import to_markdown
from openada.explanation.frame_attribution import frame_sizes, frame_sums, places_of
from openada.explanation.recording_maps import explain_recording
from openada.prepared.dataset import PreparedDataset
from openada.studies.explainable import load_explainable, require_method

KINDS = ("none", "one group", "two groups", "all three: the cue")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--method", default="deeplift")
    parser.add_argument("--part", default="test")
    given = parser.parse_args()
    run, dataset = load_explainable(given.run), PreparedDataset(given.prepared)
    require_method(run, given.method)
    subject = dataset.manifest.set_index("recording_id")["subject"]
    rows = []
    for name in dataset.split().ids[given.part]:
        recording = dataset.recording(name)
        size_px = recording.reference().shape[0]
        maps = explain_recording(
            run.model, run.reader(recording), run.segments(recording), given.method, size_px=size_px
        )
        truth = pd.read_parquet(given.benchmark / "truth" / f"{name}.parquet", columns=[*GROUPS])
        on = truth.to_numpy(float).sum(1).astype(int)[places_of(maps)]
        measures = {"attribution": frame_sums(maps), "size": frame_sizes(maps)}
        for count, kind in enumerate(KINDS):
            for measure, values in measures.items():
                if (on == count).any():
                    value = float(values[on == count].mean())
                    rows.append({"subject": subject[name], "on": kind, "measure": measure, "value": value})
    table = pd.DataFrame(rows)
    shown = []
    for kind in KINDS:
        row: dict[str, object] = {"groups on": kind}
        for measure, bounds in (("attribution", (-np.inf, np.inf)), ("size", (0.0, np.inf))):
            own = table[(table["on"] == kind) & (table["measure"] == measure)]
            found = mean_over_subjects(own["value"], own["subject"], bounds=bounds)
            row[f"{measure} of a frame"] = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]".replace("-", "−")
            row["recordings"] = found.n
        shown.append(row)
    print(to_markdown(pd.DataFrame(shown)))


if __name__ == "__main__":
    main()
