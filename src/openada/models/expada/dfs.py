"""Discriminative feature selection (Liao et al. 2026, eq. 8-10, and eq. 4-5 as the other rule).

The paper writes MLP_rel in both eq. 8 and eq. 9, and Softmax_n over what its text calls category probabilities. Read here: two
separate MLPs; P is a softmax over the C categories of each representation, R a softmax over all M valid representations
for each category.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from openada.models.precision import at_least_float32


class Relevance(NamedTuple):
    """P, R, R_hat (B, M, C), z (B, C) of eq. 8-10. All three are 0 on padding."""

    P: Tensor
    R: Tensor
    R_hat: Tensor
    z: Tensor


class Choice(NamedTuple):
    """The recording's category I (B,), its column of R_hat (B, M), which are selected (B, M), and how many (B,)."""

    category: Tensor
    sdr: Tensor
    selected: Tensor
    K: Tensor


def relevance(category_logits: Tensor, relevance_logits: Tensor, mask: Tensor) -> Relevance:
    """Eq. 8-10 from the two MLPs' outputs (B, M, C) and the mask (B, M) of valid representations."""
    padding = ~mask.unsqueeze(-1)
    P = at_least_float32(category_logits).softmax(-1).masked_fill(padding, 0)
    R = at_least_float32(relevance_logits).masked_fill(padding, -torch.inf).softmax(1)
    R_hat = P * R
    return Relevance(P, R, R_hat, R_hat.sum(1))


def first_argmax(values: Tensor) -> Tensor:
    """Index of the largest value along the last axis, the first of equal ones (torch.argmax promises no order)."""
    return values.sort(dim=-1, descending=True, stable=True).indices[..., 0]


def top(values: Tensor, candidates: Tensor, percent: int) -> tuple[Tensor, Tensor]:
    """The best max(1, percent · n // 100) of each row's n candidates: selected (B, M), K (B,).

    Ranked by value, equal values by index: shorter scales before longer ones, earlier before later.
    """
    K = (percent * candidates.sum(1) // 100).clamp(min=1)
    order = values.masked_fill(~candidates, -torch.inf).sort(dim=1, descending=True, stable=True).indices
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    return (rank < K.unsqueeze(1)) & candidates, K


def choose(scores: Relevance, mask: Tensor, percent: int, rule: str = "relevance") -> Choice:
    """Select representations.

    Rule "relevance" (eq. 8-10): I = argmax_c z_c; the top K = max(1, percent · M // 100) of the M valid ones by R_hat[:, I].
    Rule "mode" (eq. 4-5): I is the most frequent of the representations' own categories (the lowest of equally frequent ones); of
    those that agree with I the top percent, at least one, by confidence max_c P.
    """
    P, _, R_hat, z = scores
    if rule == "relevance":
        category = first_argmax(z)
    else:
        own = first_argmax(P)
        votes = nn.functional.one_hot(own, P.shape[-1]) * mask.unsqueeze(-1)
        category = first_argmax(votes.sum(1))
    sdr = R_hat.gather(2, category[:, None, None].expand(-1, R_hat.shape[1], 1)).squeeze(2)
    if rule == "relevance":
        selected, K = top(sdr, mask, percent)
    else:
        selected, K = top(P.amax(-1), mask & (own == category.unsqueeze(1)), percent)
    return Choice(category, sdr, selected, K)


class FeatureSelection(nn.Module):
    """The two MLPs of eq. 8 and 9 (linear, ReLU, linear) on representations (B, M, D).

    Both last layers start at a tenth of the usual size, so that P and R start nearly uniform (z near 1 / C) and the first SGD
    steps come from the data rather than from an arbitrary initial ranking. The relevance MLP's last layer has no
    bias: a number added to all M logits of a category is lost in the softmax.
    """

    def __init__(self, feature_size: int, hidden_size: int, categories: int) -> None:
        super().__init__()
        self.category = nn.Sequential(
            nn.Linear(feature_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, categories)
        )
        self.relevance = nn.Sequential(
            nn.Linear(feature_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, categories, bias=False)
        )
        with torch.no_grad():
            for mlp in (self.category, self.relevance):
                last = mlp[2]
                assert isinstance(last, nn.Linear)
                last.weight.mul_(0.1)

    def forward(self, features: Tensor, mask: Tensor) -> Relevance:
        """P, R, R_hat and z of representations (B, M, D) with mask (B, M)."""
        return relevance(self.category(features), self.relevance(features), mask)
