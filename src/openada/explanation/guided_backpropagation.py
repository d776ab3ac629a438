"""Guided backpropagation (Springenberg et al. 2015) and gradient × input, on the pixels of clips."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.explanation.clip_model import gradients_wanted, one_score_each, require_clip_model
from openada.explanation.graph import nodes

RELU_NODE = "ReluBackward0"


class PixelGradient(NamedTuple):
    """`gradient` (B, 3, T, H, W) of the score (B,) with respect to `clips`; `relus`: how many rectifiers were guided."""

    clips: Tensor
    gradient: Tensor
    score: Tensor
    relus: int


def pixel_gradient(model: nn.Module, clips: Tensor, *, guided: bool = False) -> PixelGradient:
    """The gradient of each clip's score with respect to its own pixels, clips (B, 3, T, H, W).

    guided: at every ReLU only what is positive is passed on, R = (A > 0) · (R > 0) · R. The rectifiers are found in the graph of
    this one pass, not among the modules: those of `nn.ReLU`, in place or not, used once or several times, and functional
    ones are all there, and nothing stays behind on the model. Other non-linearities (sigmoid, softmax, GELU) pass their
    gradient as it is.

    Raises UnusableInput if guiding is asked for and the graph holds no ReLU (the map would silently be the plain gradient).
    """
    network = require_clip_model(model)
    with gradients_wanted(model, clips) as own:
        pixels = own.requires_grad_()
        # A network may work in place on what it is given; a leaf would refuse that.
        score = one_score_each(model, network.score_from_map(network.feature_map(pixels.clone())), len(own))
        relus = _guide(score, model) if guided else 0
        (gradient,) = torch.autograd.grad(score.sum(), pixels)
    return PixelGradient(pixels.detach(), gradient.detach(), score.detach(), relus)


def _guide(score: Tensor, model: nn.Module) -> int:
    """Let only positive gradients reach the ReLUs of the graph behind `score`; how many there are."""
    relus = [node for node in nodes(score) if node.name() == RELU_NODE]
    if not relus:
        raise UnusableInput(
            f"guided backpropagation found no ReLU between the score of {type(model).__name__} and its pixels, so there is "
            "nothing to guide and the map would be the plain gradient; use gradient_x_input or grad-cam"
        )
    for node in relus:
        node.register_prehook(_only_positive)
    return len(relus)


def _only_positive(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    return tuple(None if one is None else one.clamp(min=0) for one in gradients)


def times_input(found: PixelGradient) -> Tensor:
    """Gradient × input (after Shrikumar et al. 2017) summed over the colours: (B, T, H, W), signed, in points of the score.

    A value is what the pixel added to the score to first order, against a pixel of 0 (black; for clips less a reference picture:
    the reference).
    """
    return torch.sum(found.gradient * found.clips, dim=1)
