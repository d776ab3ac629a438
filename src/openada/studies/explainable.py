"""What `openada explain` needs of a trained run, whatever system it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada import models
from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.explanation.deeplift import require_deeplift
from openada.explanation.saliency import METHODS
from openada.inference.checkpoint import CheckpointRun
from openada.inference.expada import ExpADARun
from openada.inference.recording import TrainedRun
from openada.models.registry import explanation_methods, require_explanation
from openada.prepared.dataset import PreparedRecording
from openada.training.clip_recipe import ClipRecipe, model_preset
from openada.training.systems import Recipe

if TYPE_CHECKING:
    from torch import nn

STILL = (
    "this run's clips stand still (--sampling still): a map along time would be of one frame repeated; use a run with --sampling "
    "clip, or the model from Python"
)
MOSAIC = (
    "this run reads a mosaic of face regions (--input mosaic), and maps are drawn on the whole face; use a run with --input "
    "face, or the model from Python"
)


@dataclass(frozen=True, kw_only=True)
class Clips:
    """What a network's clips show, as far as maps on them depend on it.

    frames_in_time: whether a clip shows its frames in the order of time. frames_differ: whether they are different frames, and
    not one that stands still. whole_face: whether it shows the aligned crop. clip_shape: (3, T, H, W) that the model reads; None
    of ExpADA.
    """

    frames_in_time: bool = True
    frames_differ: bool = True
    whole_face: bool = True
    clip_shape: tuple[int, int, int, int] | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> Clips:
        """Of a network that is trained by the recipe."""
        in_time = recipe.frame_order == "time"
        if not isinstance(recipe, ClipRecipe):
            return cls(frames_in_time=in_time)
        side = recipe.model.image_size
        return cls(
            frames_in_time=in_time,
            frames_differ=recipe.sampling != "still",
            whole_face=recipe.input == "face",
            clip_shape=(3, recipe.model.clip_frames, side, side),
        )


@dataclass(frozen=True, kw_only=True)
class ExplainableRun(Clips):
    """A trained network over clips (`explanation.clip_model.ClipModel`), and how recordings become clips for it.

    name, preset: as registered. config: the run's config.json. reader and segments: of a prepared recording. explained: which
    score the maps explain, in words.
    """

    name: str
    preset: str
    config: Mapping[str, Any]
    model: nn.Module
    reader: Callable[[PreparedRecording], ClipReader]
    segments: Callable[[PreparedRecording], Segments]
    min_tracked_share: float
    explained: str


def load_explainable(run: Path) -> ExplainableRun:
    """Read a run, or a clip model's checkpoint. Raises UnusableInput if there is neither, or a run is not trained to the end.

    Of ExpADA the segment encoder with stage 1's head is explained: the selection chooses among whole segments, and which it
    chooses has no gradient.
    """
    return explainable(CheckpointRun.load_or_run(run))


def explainable(trained: TrainedRun) -> ExplainableRun:
    """The same of a run that is loaded."""
    expada = isinstance(trained, ExpADARun)
    model = trained.model.get_submodule("encoder") if expada else trained.model
    return ExplainableRun(
        name=trained.config["system"],
        preset=trained.kind.preset,
        config=trained.config,
        model=model,
        reader=trained.source.reader,
        segments=trained.source.segments,
        min_tracked_share=trained.recipe.min_tracked_share,
        explained="the segment encoder's own score of each segment (stage 1), not the selection's"
        if expada
        else "the score of each clip",
        **asdict(Clips.of(trained.recipe)),
    )


def require_method(run: ExplainableRun, method: str) -> None:
    """Raise UnusableInput, with the reason, if no map over space and time can be made of the run by the method."""
    _require(run.name, run.model, run, method)


def require_before_training(system: str, recipe: ClipRecipe[Any], method: str) -> None:
    """The same of a clip model that is still to be trained by the recipe."""
    model = models.create(system, model_preset(system, recipe.preset), seed=recipe.seed, **asdict(recipe.model))
    _require(system, model, Clips.of(recipe), method)


def _require(system: str, model: nn.Module, run: Clips, method: str) -> None:
    require_explanation(system, method, model)
    if method not in METHODS:
        there = [name for name in explanation_methods(system) if name in METHODS]
        raise UnusableInput(
            f"{method!r} is no map over space and time; 'openada assess' shows what it says about moments. "
            f"For maps choose one of: {', '.join(there)}"
        )
    if not run.frames_in_time:
        raise UnusableInput(
            "this run was trained on frames in shuffled order: a map's cells along time would hold frames from anywhere in the "
            "clip; use a run with --frame-order time"
        )
    if not run.frames_differ:
        raise UnusableInput(STILL)
    if not run.whole_face:
        raise UnusableInput(MOSAIC)
    if method == "deeplift" and run.clip_shape is not None:
        require_deeplift(model, run.clip_shape)


def missing(run: ExplainableRun, method: str) -> str:
    """Why the run has no map by a method; empty if it has."""
    try:
        require_method(run, method)
    except UnusableInput as error:
        return str(error)
    return ""
