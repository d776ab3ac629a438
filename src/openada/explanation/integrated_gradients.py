"""Integrated gradients (Sundararajan et al. 2017, eq. 1) on the pixels of clips, by captum."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.explanation.clip_model import ClipModel, gradients_wanted, one_score_each, require_clip_model
from openada.explanation.pixel_attribution import PixelAttribution

STEPS = 32
RULE = "gausslegendre"
CLIPS_AT_ONCE = 2


def integrated_gradients(
    model: nn.Module, clips: Tensor, baseline: Tensor | float, *, steps: int = STEPS, at_once: int = CLIPS_AT_ONCE
) -> PixelAttribution:
    """Attributions (B, T, H, W), summed over the colours, in points of the score, of clips (B, 3, T, H, W).

    (pixel − baseline) times the mean gradient along the straight path to a clip from `baseline`, of a shape that broadcasts to
    the clips', at `steps` Gauss-Legendre nodes: exact for scores that are polynomials of the pixels of a degree below 2 · steps
    + 1, and otherwise as near as `completeness` says. At most `at_once` clips are in memory with their graph.
    """
    network = require_clip_model(model)

    def score_of(given: Tensor) -> Tensor:
        return one_score_each(model, network.score_from_map(network.feature_map(given.clone())), len(given))

    with gradients_wanted(model, clips) as own:
        from captum.attr import IntegratedGradients

        start = torch.as_tensor(baseline).to(own).expand_as(own)
        with torch.no_grad():
            ends = [torch.cat([_plain(network, part) for part in both.split(at_once)]) for both in (own, start)]
        # clip by clip: what captum puts into one chunk then does not depend on the batch
        values = torch.cat(
            [
                IntegratedGradients(score_of).attribute(
                    clip, its, n_steps=steps, method=RULE, internal_batch_size=at_once
                )
                for clip, its in zip(own.split(1), start.split(1), strict=True)
            ]
        )
    return PixelAttribution(values.sum(1).detach(), ends[0], ends[1])


def _plain(network: ClipModel, part: Tensor) -> Tensor:
    return network.score_from_map(network.feature_map(part.clone()))
