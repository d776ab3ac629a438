"""SmoothGrad (Smilkov et al. 2017, section 3): the mean of signed gradients under pixel noise, by captum's noise tunnel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from openada.explanation.clip_model import gradients_wanted, one_score_each, require_clip_model

NOISE_SHARE = 0.15
SAMPLES = 16
SEED = 0


class SmoothGradient(NamedTuple):
    """`gradient` (B, 3, T, H, W), the mean over noisy copies, and the scores (B,) of the clips without noise."""

    gradient: Tensor
    score: Tensor


def smooth_gradient(
    model: nn.Module, clips: Tensor, *, noise_share: float = NOISE_SHARE, samples: int = SAMPLES, seed: int = SEED
) -> SmoothGradient:
    """The mean gradient of each clip's score over `samples` copies with Gaussian noise, clips (B, 3, T, H, W).

    The noise's standard deviation is `noise_share` of the clip's own range (largest less smallest pixel), as the paper has it;
    a clip without range gets its plain gradient. Every clip gets the same draws, from `seed`: a batch gives what its clips give
    alone, and torch's global generator is left as it was. One copy is in memory at a time.
    """
    network = require_clip_model(model)

    def score_of(given: Tensor) -> Tensor:
        return one_score_each(model, network.score_from_map(network.feature_map(given.clone())), len(given))

    with gradients_wanted(model, clips) as own:
        from captum.attr import NoiseTunnel, Saliency

        tunnel = NoiseTunnel(Saliency(score_of))
        found = []
        for clip in own.split(1):
            with torch.random.fork_rng(devices=[clip.device] if clip.is_cuda else []):
                torch.manual_seed(seed)
                found.append(
                    tunnel.attribute(
                        clip.clone().requires_grad_(),
                        nt_type="smoothgrad",
                        nt_samples=samples,
                        nt_samples_batch_size=1,
                        stdevs=noise_share * float(clip.max() - clip.min()),
                        abs=False,
                    ).detach()
                )
        with torch.no_grad():
            score = torch.cat([network.score_from_map(network.feature_map(clip.clone())) for clip in own.split(1)])
    return SmoothGradient(torch.cat(found), score)
