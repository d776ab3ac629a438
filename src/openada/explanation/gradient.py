"""Gradient × input on the feature units of stage 2 (after Shrikumar et al. 2017), along time."""

from __future__ import annotations

import numpy as np
import torch

from openada.explanation.explanation import Explanation, Spans
from openada.explanation.undisturbed import undisturbed
from openada.models.expada.selector import Selector

METHOD = "gradient_x_input"
MEANING = "what each moment's feature unit added to the score or took from it, to first order, in score points"


def gradient_times_input(
    selector: Selector, feature: np.ndarray, usable: np.ndarray, unit_spans_s: np.ndarray
) -> Explanation:
    """d score / d unit · unit, summed over D: signed values (N,) in points of the scale, NaN where a unit is not usable.

    feature (N, D), usable (N,) bool, unit_spans_s (N, 2) start and end in seconds. A value is the slope of the score when that
    unit alone is scaled, at its present size. The choice of representations is not differentiable: units in none of those
    selected get exactly 0, and what would have been selected otherwise does not enter.
    """
    weights = next(selector.parameters())
    with undisturbed(selector), torch.inference_mode(False), torch.enable_grad():
        units = torch.from_numpy(np.asarray(feature)).to(weights)[None].clone().requires_grad_()
        mask = torch.from_numpy(np.asarray(usable))[None].to(weights.device)
        score = selector(units, mask).score[0]
        (slope,) = torch.autograd.grad(score, units)
        values = (slope * units).sum(-1)[0].detach().double().cpu().numpy()
    return Explanation(
        values=np.where(usable, values, np.nan),
        axes=(Spans(unit_spans_s),),
        method=METHOD,
        meaning=MEANING,
        signed=True,
        score=float(score.detach()),
        parameters={"target": "score", "input": "feature units"},
    )
