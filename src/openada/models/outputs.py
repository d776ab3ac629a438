"""What networks return."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class SegmentOutput(NamedTuple):
    """What a segment encoder returns: feature unit (B, D), score (B,), and C − 1 ordered logits (B, C − 1)."""

    feature: Tensor
    score: Tensor
    ordinal_logits: Tensor


class Representations(NamedTuple):
    """Representations of all temporal scales, scale 1 first, in time order within a scale.

    features (B, M, D); mask (B, M), False where padding takes part; spans (M, 2), the units [first, last + 1) that each covers;
    scale (M,), from 1.
    """

    features: Tensor
    mask: Tensor
    spans: Tensor
    scale: Tensor


class SelectionOutput(NamedTuple):
    """What the multi-scale selection returns for B recordings of up to M representations and C categories.

    Relevance of padding is 0; its segment scores and logits are 0 too and take no part in anything.
    """

    score: Tensor  # (B,) mean score of the selected representations, on the label's scale
    P: Tensor  # (B, M, C) categories of each representation; sums to 1 over C
    R: Tensor  # (B, M, C) relevance; sums to 1 over the valid M, for each category
    R_hat: Tensor  # (B, M, C) P · R
    z: Tensor  # (B, C) sum of R_hat over M, each in (0, 1)
    category: Tensor  # (B,) the recording's category I
    sdr: Tensor  # (B, M) R_hat[..., I]: support for the predicted category, not evidence of severity
    severity_relevance: Tensor  # (B, M) R_hat[..., C - 1]: support for the most severe category
    selected: Tensor  # (B, M) bool
    K: Tensor  # (B,) how many are selected
    segment_score: Tensor  # (B, M)
    segment_category_logits: Tensor  # (B, M, C)
    features: Tensor  # (B, M, D) the representations
    mask: Tensor  # (B, M) bool
    spans: Tensor  # (M, 2) units [first, last + 1)
    scale: Tensor  # (M,) from 1

    @property
    def category_support(self) -> Tensor:
        """The paper's segment depression relevance (SDR) under the name that says what it is, (B, M)."""
        return self.sdr

    @property
    def category_logits(self) -> Tensor:
        """Mean category logits of the selected representations, (B, C)."""
        chosen = self.selected.unsqueeze(-1)
        return self.segment_category_logits.masked_fill(~chosen, 0).sum(1) / self.K.unsqueeze(-1)
