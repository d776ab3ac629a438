"""Maps over space and time of single clips, as explanations: which methods there are, what each says, and its grid.

docs/saliency.md tells users what each can and cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.explanation.attention import attention_maps
from openada.explanation.baseline import MID_GREY, Baseline
from openada.explanation.clip_model import map_and_gradient
from openada.explanation.deeplift import deeplift
from openada.explanation.explanation import Axis, Channels, Explanation, Pixels, Spans
from openada.explanation.grad_cam import grad_cam, grad_cam_plus_plus, modified_grad_cam_plus_plus
from openada.explanation.guided_backpropagation import pixel_gradient, times_input
from openada.explanation.integrated_gradients import RULE, STEPS, integrated_gradients
from openada.explanation.pixel_attribution import PixelAttribution, completeness
from openada.explanation.smooth_grad import NOISE_SHARE, SAMPLES, SEED, smooth_gradient
from openada.models.precision import at_least_float32


class Found(NamedTuple):
    """Maps (B, t, h, w), or (B, 3, T, H, W) per colour, the scores (B,), and what else a reader should know.

    `baseline_score` (B,) and what is known of each clip alone, for methods that compare with a baseline.
    """

    values: Tensor
    score: Tensor
    parameters: dict[str, Any]
    baseline_score: Tensor | None = None
    of_each: Sequence[dict[str, Any]] | None = None


@dataclass(frozen=True)
class SaliencyMethod:
    """How a method is computed for a batch of clips and their baseline, and what its values are.

    `passes`: how many times the network is gone through forwards and backwards for a clip, about.
    """

    compute: Callable[[nn.Module, Tensor, Baseline], Found]
    meaning: str
    unit: str
    signed: bool
    passes: int = 1


def _grad_cam(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = map_and_gradient(model, clips)
    return Found(grad_cam(found.maps, found.gradient), found.score, {"relu": False})


def _grad_cam_plus_plus(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = map_and_gradient(model, clips)
    return Found(
        grad_cam_plus_plus(found.maps, found.gradient), found.score, {"assumes": "Y = exp(S), S piecewise linear"}
    )


def _modified(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = map_and_gradient(model, clips)
    values = modified_grad_cam_plus_plus(found.maps, found.gradient, found.score)
    return Found(values, found.score, {"assumes": "Y = exp(S), S piecewise linear", "omega": "predicted score"})


def _guided(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = pixel_gradient(model, clips, guided=True)
    return Found(found.gradient, found.score, {"relus": found.relus})


def _times_input(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = pixel_gradient(model, clips)
    return Found(times_input(found), found.score, {"target": "score", "input": "pixels, summed over colours"})


def _attention(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    values, score = attention_maps(model, clips)
    return Found(values, score, {"layer": "last", "heads": "mean"})


def _saliency(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = pixel_gradient(model, clips)
    return Found(found.gradient.abs().sum(1), found.score, {"colours": "sum of absolute values"})


def _smooth_grad(model: nn.Module, clips: Tensor, _: Baseline) -> Found:
    found = smooth_gradient(model, clips)
    about = {"noise_share_of_range": NOISE_SHARE, "samples": SAMPLES, "seed": SEED, "colours": "sum"}
    return Found(found.gradient.sum(1), found.score, about)


def _integrated_gradients(model: nn.Module, clips: Tensor, baseline: Baseline) -> Found:
    found = integrated_gradients(model, clips, baseline.values)
    return _against(found, {"baseline": baseline.said, "steps": STEPS, "rule": RULE, "colours": "sum"})


def _deeplift(model: nn.Module, clips: Tensor, baseline: Baseline) -> Found:
    found = deeplift(model, clips, baseline.values)
    return _against(found, {"baseline": baseline.said, "rule": "rescale", "colours": "sum"})


def _against(found: PixelAttribution, parameters: dict[str, Any]) -> Found:
    return Found(found.values, found.score, parameters, found.baseline_score, completeness(found))


METHODS: dict[str, SaliencyMethod] = {
    "grad-cam": SaliencyMethod(
        _grad_cam,
        "what raised (positive) or lowered (negative) the clip's score, to first order in the last feature map",
        "score points per cell",
        signed=True,
    ),
    "grad-cam++": SaliencyMethod(
        _grad_cam_plus_plus,
        "where features that raise the clip's score are strong; it cannot show what lowered the score",
        "arbitrary unit (changes with the score's scale, here points)",
        signed=False,
    ),
    "modified-grad-cam++": SaliencyMethod(
        _modified,
        "Grad-CAM++ times the clip's predicted score: where features that raise the score are strong, and empty at scores of 0 "
        "or below",
        "arbitrary unit × score in points",
        signed=False,
    ),
    "guided-backpropagation": SaliencyMethod(
        _guided,
        "which patterns of pixels excite the network where it fires; it looks much the same whatever the score, so it shows "
        "texture and no reasons",
        "score points per unit of intensity, negative paths left out",
        signed=True,
    ),
    "gradient_x_input": SaliencyMethod(
        _times_input,
        "what each pixel added to the clip's score or took from it, to first order, against a pixel of 0",
        "score points per pixel and frame",
        signed=True,
    ),
    "saliency": SaliencyMethod(
        _saliency,
        "how strongly the clip's score reacts to a small change of each pixel, whichever way; not what raised or lowered it",
        "score points per unit of intensity",
        signed=False,
    ),
    "integrated-gradients": SaliencyMethod(
        _integrated_gradients,
        "what each pixel added to the clip's score or took from it, against the baseline",
        "score points per pixel and frame",
        signed=True,
        passes=STEPS,
    ),
    "smooth-grad": SaliencyMethod(
        _smooth_grad,
        "which way the clip's score goes when a pixel gets a little brighter, averaged over noisy copies of the clip",
        "score points per unit of intensity",
        signed=True,
        passes=SAMPLES,
    ),
    "deeplift": SaliencyMethod(
        _deeplift,
        "what each pixel added to the clip's score or took from it, against the baseline, by the rescale rule",
        "score points per pixel and frame",
        signed=True,
        passes=2,
    ),
    "attention": SaliencyMethod(
        _attention,
        "where the segment encoder looked; not what it saw, nor whether that raised the score",
        "share of the clip's attention per cell",
        signed=False,
    ),
}


def explain_clips(
    model: nn.Module, clips: Tensor, method: str, *, edges_s: np.ndarray, size_px: int, baseline: Baseline = MID_GREY
) -> list[Explanation]:
    """One explanation per clip (B, 3, T, H, W), un-normalised, with the grid (t, h, w) in seconds and pixels of the crop.

    Values of "guided-backpropagation" have an axis of colours in front. edges_s (B, T + 1): when each frame is shown, and when
    the last one ends. size_px: the side of the aligned crop that the clips show, whatever size they have. baseline: what
    "integrated-gradients" and "deeplift" compare with. A clip's map is what it would be alone. Cells are equal parts of
    the clip, as the field draws them; a network with strides looks up to half a cell earlier, higher and further left than the
    cell that its feature is drawn in.

    Raises UnusableInput for an unknown method, a model that the method does not apply to, and times that do not fit.
    """
    if method not in METHODS:
        raise UnusableInput(f"unknown saliency method {method!r}; choose one of: {', '.join(METHODS)}")
    edges = np.asarray(edges_s, dtype=np.float64)
    if clips.ndim == 5 and edges.shape != (len(clips), clips.shape[2] + 1):
        raise UnusableInput(
            f"frame times of shape {edges.shape} for clips of shape {tuple(clips.shape)}; give (batch, frames + 1), the end last"
        )
    about = METHODS[method]
    found = about.compute(model, clips, baseline)
    values = at_least_float32(found.values).cpu().numpy()
    explanations = []
    for row, one in enumerate(values):
        axes: tuple[Axis, ...] = (
            Spans(cell_spans_s(edges[row], one.shape[-3])),
            Pixels(one.shape[-2], size_px),
            Pixels(one.shape[-1], size_px),
        )
        explanations.append(
            Explanation(
                values=one,
                axes=(Channels(), *axes) if one.ndim == 4 else axes,
                method=method,
                meaning=about.meaning,
                signed=about.signed,
                score=float(found.score[row]),
                baseline_score=None if found.baseline_score is None else float(found.baseline_score[row]),
                parameters=found.parameters if found.of_each is None else {**found.parameters, **found.of_each[row]},
                unit=about.unit,
            )
        )
    return explanations


def cell_spans_s(edges_s: np.ndarray, cells: int) -> np.ndarray:
    """(cells, 2) start and end in s of equal parts of a clip whose frames are shown from edges_s[:-1] on, to edges_s[-1]."""
    frames = len(edges_s) - 1
    borders = np.interp(np.linspace(0, frames, cells + 1), np.arange(frames + 1), edges_s)
    return np.stack([borders[:-1], borders[1:]], axis=1)


def frame_edges_s(time_s: np.ndarray, first_frame: int, frames: int, step: int = 1) -> np.ndarray:
    """(frames + 1,) presentation times of a clip's frames, every `step`-th of the recording, and of the clip's end.

    Each frame stands until the next one that was sampled, the last one as long in frames, or until the recording's end, which is
    one mean frame after its last. A recording with fewer frames than the clip, whose frames the clip repeats, is divided evenly.
    """
    count = len(time_s)
    there = -(-(count - first_frame) // step)
    places = np.arange(frames + 1)
    each = step if there >= frames else min(step * there, count - first_frame) / frames
    positions = first_frame + each * places
    mean_s = (time_s[-1] - time_s[0]) / (count - 1) if count > 1 else 1 / 25
    return np.interp(positions, np.arange(count + 1), np.append(time_s, time_s[-1] + mean_s))


def without_colours(explanation: Explanation) -> np.ndarray:
    """(t, h, w) for drawing and measuring: of the colours the value that is largest in size, with its sign."""
    values = explanation.values
    if values.ndim == 3:
        return values
    strongest = np.abs(values).argmax(axis=0)
    return np.take_along_axis(values, strongest[None], axis=0)[0]
