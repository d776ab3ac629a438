"""What a network must offer to be explained over space and time, and what is read from it: map, score, gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.explanation.undisturbed import undisturbed


class ClipModel(Protocol):
    """A network over single clips, cut in two at its last map over space and time.

    `score_from_map(feature_map(clips))` is its score (B,) on the label's scale. In evaluation mode no sample may depend on
    another one of the batch.
    """

    def feature_map(self, clips: Tensor) -> Tensor:
        """Clips (B, 3, T, H, W) to the map (B, K, t, h, w)."""

    def score_from_map(self, maps: Tensor) -> Tensor:
        """The map (B, K, t, h, w) to scores (B,)."""


class MapGradient(NamedTuple):
    """A feature map A and the gradient g of the score with respect to it, (B, K, t, h, w) each, and the score (B,)."""

    maps: Tensor
    gradient: Tensor
    score: Tensor


def require_clip_model(model: nn.Module) -> ClipModel:
    """The model as a `ClipModel`. Raises UnusableInput if it has no map over space and time."""
    if not (hasattr(model, "feature_map") and hasattr(model, "score_from_map")):
        raise UnusableInput(
            f"{type(model).__name__} has no convolutional feature map (feature_map and score_from_map), which maps over space "
            "and time are made from; choose a model that has one"
        )
    return cast(ClipModel, model)


@contextmanager
def gradients_wanted(model: nn.Module, clips: Tensor) -> Iterator[Tensor]:
    """Inside, gradients are on whatever the caller is in, without mixed precision; the model is `undisturbed`.

    Gives a copy of `clips` (B, 3, T, H, W) in the type and on the device of the model's parameters, cut off from any graph.
    Raises UnusableInput for clips of another form, or none.
    """
    if clips.ndim != 5 or not len(clips):
        raise UnusableInput(
            f"clips of shape {tuple(clips.shape)}; give (batch, channel, time, height, width), batch ≥ 1"
        )
    weights = next(model.parameters())
    with (
        undisturbed(model),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast(weights.device.type, enabled=False),
    ):
        yield clips.detach().clone().to(weights)


def map_and_gradient(model: nn.Module, clips: Tensor) -> MapGradient:
    """The feature map of clips (B, 3, T, H, W) and the gradient of each clip's score with respect to its own map.

    Costs little more than a forward pass: the graph begins at the map. Nothing is hooked. Raises UnusableInput if the scores
    are not one per clip, or the score does not depend on the map.
    """
    network = require_clip_model(model)
    with gradients_wanted(model, clips) as own:
        with torch.no_grad():
            maps = network.feature_map(own)
        if maps.ndim != 5 or len(maps) != len(own):
            raise UnusableInput(
                f"{type(model).__name__}.feature_map gave {tuple(maps.shape)} for {len(own)} clips; it must give "
                "(batch, channel, time, height, width)"
            )
        maps = maps.detach().clone().requires_grad_()  # cloned: a network may change it in place
        score = one_score_each(model, network.score_from_map(maps.clone()), len(own))
        (gradient,) = torch.autograd.grad(score.sum(), maps)
    return MapGradient(maps.detach(), gradient.detach(), score.detach())


def one_score_each(model: nn.Module, score: Tensor, clips: int) -> Tensor:
    """The scores as they are, if they are (B,) and finite, and a gradient can be taken of them."""
    if tuple(score.shape) != (clips,):
        raise UnusableInput(
            f"{type(model).__name__} gave scores of shape {tuple(score.shape)} for {clips} clips, not one each"
        )
    if not torch.isfinite(score).all():
        raise UnusableInput(
            f"{type(model).__name__} gave scores that are not finite ({score.tolist()}): nothing to explain"
        )
    if not score.requires_grad:
        raise UnusableInput(f"the score of {type(model).__name__} does not depend on what it is to be explained by")
    return score
