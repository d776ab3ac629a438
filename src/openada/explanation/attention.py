"""How concentrated the segment encoder's attention is, along time.

Attention inside a segment sums to 1 whatever the segment shows, so segments cannot be ranked by how much attention they
get. What can be compared is how unevenly it is spread: here 1 − H / log L of the last layer's attention, averaged over its
heads, H being its entropy and L the number of tokens; 0 is uniform, 1 all on one token. This says how narrowly the encoder
looked, not at what, not whether it raised the score, and not whether the selection used the segment. A flat map over a
segment full of cues gets 0. It stands in tables as the reading of attention that is possible along time, not as one that is
recommended.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.explanation.explanation import Explanation, Spans
from openada.explanation.undisturbed import undisturbed
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.training.units import clip_batches

METHOD = "attention"
MEANING = (
    "how narrowly the segment encoder looked (0 everywhere alike, 1 at one place); not what it saw, and not the score"
)


def concentration(attention: Tensor) -> Tensor:
    """(B,) in 0–1 from attention (B, layers, heads, …), which sums to 1 over the axes after heads."""
    last = attention[:, -1].double().flatten(2).mean(1)
    tokens = last.shape[-1]
    if tokens < 2:
        raise UnusableInput("attention over a single token has no concentration; use larger segments or images")
    return (1 + torch.special.xlogy(last, last).sum(-1) / math.log(tokens)).clamp(0, 1)


@torch.no_grad()
def attention_maps(model: nn.Module, clips: Tensor) -> tuple[Tensor, Tensor]:
    """Where the segment encoder looked, (B, t, h, w) of sum 1 each, the last layer's heads averaged; and its scores (B,).

    clips (B, 3, T, H, W). Raises UnusableInput for a model that is no segment encoder.
    """
    if not isinstance(model, SegmentEncoder):
        raise UnusableInput(
            f"{type(model).__name__} has no attention over space and time that could be drawn; use grad-cam"
        )
    with undisturbed(model):
        feature, attention = model.forward_features(clips.to(next(model.parameters())), return_attention=True)
        return attention[:, -1].mean(1).reshape(len(clips), *model.grid), model.heads(feature).score


@torch.inference_mode()
def attention_concentration(
    encoder: SegmentEncoder, reader: ClipReader, segments: Segments, *, batch: int = 16
) -> Explanation:
    """`concentration` of every segment of one recording, (N,), NaN where a segment is not usable; encodes the recording anew.

    `score` is the mean of the encoder's own segment scores. Raises UnusableInput if no segment is usable.
    """
    if not segments.usable.any():
        raise UnusableInput("no segment of the recording has enough tracked frames")
    found, scores = [], []
    with undisturbed(encoder):
        for clips in clip_batches(encoder, reader, segments, batch):
            feature, attention = encoder.forward_features(clips, return_attention=True)
            found.append(concentration(attention).cpu().numpy())
            scores.append(encoder.heads(feature).score.double().cpu().numpy())
    values = np.full(len(segments), np.nan)
    values[segments.usable] = np.concatenate(found)
    return Explanation(
        values=values,
        axes=(Spans(np.stack([segments.start_s, segments.end_s], axis=1)),),
        method=METHOD,
        meaning=MEANING,
        signed=False,
        score=float(np.concatenate(scores).mean()),
        parameters={"layer": "last", "heads": "mean", "value": "1 − entropy / log(tokens)"},
    )
