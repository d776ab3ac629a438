"""The losses of ExpADA's two stages (Liao et al. 2026, eq. 12-15) as pure functions of tensors, computed in float32 at least."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from openada.errors import UnusableInput
from openada.models.outputs import SegmentOutput, SelectionOutput
from openada.models.precision import at_least_float32


def check_categories(category: Tensor, categories: int) -> None:
    """Raise `UnusableInput` unless `category` (B,) holds whole numbers from 0 to categories − 1."""
    wrong = category[(category < 0) | (category >= categories)].unique().tolist()
    if category.is_floating_point() or wrong:
        raise UnusableInput(
            f"severity categories {wrong or category.dtype}; they must be whole numbers from 0 to {categories - 1}"
        )


def ordinal_targets(category: Tensor, categories: int = 4) -> Tensor:
    """t_k = [category > k] for k = 0 … categories − 2: (B,) integers to (B, categories − 1) floats."""
    check_categories(category, categories)
    return (category.unsqueeze(-1) > torch.arange(categories - 1, device=category.device)).float()


def ordinal_category(logits: Tensor) -> Tensor:
    """The category (B,) that ordered logits (B, C − 1) say: how many sigmoids are above one half."""
    return (logits > 0).sum(-1)


def ordinal_loss(logits: Tensor, category: Tensor, *, average_thresholds: bool = False) -> Tensor:
    """Eq. 12: binary cross-entropy of ordered logits (B, C − 1), summed over thresholds, averaged over segments.

    The paper's text says "average across all thresholds"; `average_thresholds` does that and divides the loss by C − 1.
    """
    logits = at_least_float32(logits)
    targets = ordinal_targets(category, logits.shape[-1] + 1)
    per_threshold = F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), reduction="none")
    per_segment = per_threshold.mean(-1) if average_thresholds else per_threshold.sum(-1)
    return per_segment.mean()


def squared_error(predicted: Tensor, score: Tensor, score_sd: float) -> Tensor:
    """The mean squared error of scores (B,) in units of `score_sd` points."""
    predicted = at_least_float32(predicted)
    return F.mse_loss(predicted / score_sd, score.to(predicted.dtype) / score_sd)


def segment_loss(
    output: SegmentOutput,
    score: Tensor,
    category: Tensor,
    *,
    ordinal: bool,
    score_sd: float = 1.0,
    average_thresholds: bool = False,
) -> Tensor:
    """Stage 1: mean squared error of segment scores in units of `score_sd`, plus eq. 12 for the ordinal regression method."""
    loss = squared_error(output.score, score, score_sd)
    if not ordinal:
        return loss
    return loss + ordinal_loss(output.ordinal_logits, category, average_thresholds=average_thresholds)


def weakly_supervised_loss(z: Tensor, category: Tensor, *, clamp: float = 1e-6) -> Tensor:
    """Eq. 13: binary cross-entropy between z (B, C) and the one-hot category, mean over categories and recordings.

    z is clamped to [clamp, 1 − clamp], so that no logarithm is infinite.
    """
    check_categories(category, z.shape[-1])
    z = at_least_float32(z).clamp(clamp, 1 - clamp)
    target = F.one_hot(category.long(), z.shape[-1]).to(z.dtype)
    return -(target * z.log() + (1 - target) * (1 - z).log()).mean()


def selected_category_loss(logits: Tensor, selected: Tensor, category: Tensor) -> Tensor:
    """Eq. 15's last term: binary cross-entropy of the four one-hot logits (B, M, C) of each selected representation.

    Mean over categories, then over a recording's selected representations, then over recordings: a long recording
    weighs as much as a short one.
    """
    check_categories(category, logits.shape[-1])
    logits = at_least_float32(logits)
    target = F.one_hot(category.long(), logits.shape[-1]).to(logits.dtype).unsqueeze(1).expand_as(logits)
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(-1)
    return (each.masked_fill(~selected, 0).sum(1) / selected.sum(1)).mean()


class SelectionTerms(NamedTuple):
    """The three terms of stage 2's loss, each a scalar: eq. 13, squared error, and selected categories."""

    wsl: Tensor
    mse: Tensor
    bce: Tensor


def selection_terms(
    output: SelectionOutput, score: Tensor, category: Tensor, *, score_sd: float = 1.0
) -> SelectionTerms:
    """Eq. 15's terms for labels `score` (B,) and `category` (B,).

    The squared error of the recording's score is taken in units of `score_sd` points. At the paper's plain 1 the error of a
    0-63 scale is some hundred times the other two terms, which share their SGD step with it; the standard deviation of
    the training scores puts all three on one footing.
    """
    return SelectionTerms(
        weakly_supervised_loss(output.z, category),
        squared_error(output.score, score, score_sd),
        selected_category_loss(output.segment_category_logits, output.selected, category),
    )


def selection_loss(output: SelectionOutput, score: Tensor, category: Tensor, *, score_sd: float = 1.0) -> Tensor:
    """Eq. 15: the sum of `selection_terms`."""
    terms = selection_terms(output, score, category, score_sd=score_sd)
    return terms.wsl + terms.mse + terms.bce
