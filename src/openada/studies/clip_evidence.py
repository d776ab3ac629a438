"""Evidence for the maps of a clip model, on the planted benchmark: how much of them lies where and when the cue is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from openada.errors import UnusableInput
from openada.explanation.recording_maps import ClipMap, explain_recording
from openada.explanation.saliency import METHODS
from openada.inference.recording import TrainedRun
from openada.models.registry import explanation_methods
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.studies.evaluation_facts import known_recordings
from openada.studies.explainable import MOSAIC
from openada.studies.planted_saliency import planted_saliency

if TYPE_CHECKING:
    import pandas as pd

SAME_SHARES_AS_GRAD_CAM_PP = "modified-grad-cam++"


SPREAD = (
    "this run's clips are no stretches of the recording (--sampling spread or still), and where a map points is measured on "
    "stretches; use a run with --sampling clip"
)


def clip_evidence(
    run: TrainedRun, truth: Path, part: str, *, data: Path | None = None, tick: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """`planted_saliency` of the run's recordings of `part`, for every method that gives maps of the run's model.

    Controls are those of the first method's grid; a method with a grid of its own is to be read beside them with care. The
    modified Grad-CAM++ multiplies every clip's map by its score, which moves shares between clips alone; it is left out, as are
    the methods that go through the network several times for a clip ('openada reproduce expresso/regions' has those).
    `truth` holds episodes.csv and the truth of each recording; `data` is where the prepared data set lies now. Raises
    UnusableInput for a run whose clips are no stretches of recordings, or show a mosaic.
    """
    if getattr(run.recipe, "sampling", "clip") != "clip":
        raise UnusableInput(SPREAD)
    if getattr(run.recipe, "input", "face") == "mosaic":
        raise UnusableInput(MOSAIC)
    dataset = PreparedDataset(data or Path(run.config["data"]))
    known = known_recordings(run.folder)
    declared = [name for name in explanation_methods(run.config["system"]) if name in METHODS]
    methods = [name for name in declared if METHODS[name].passes == 1]
    explain = {name: partial(_maps, run, name) for name in methods if name != SAME_SHARES_AS_GRAD_CAM_PP}
    return planted_saliency(known[known["split"] == part], dataset, truth, explain, tick=tick)


def _maps(run: TrainedRun, method: str, recording: PreparedRecording) -> Sequence[ClipMap]:
    size_px = recording.reference().shape[0]
    return explain_recording(
        run.model, run.source.reader(recording), run.source.segments(recording), method, size_px=size_px
    )
