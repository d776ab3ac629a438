"""Stage 2 on cached feature units: multi-scale representations, selection, and the prediction head."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from openada.models.expada.dfs import FeatureSelection, choose
from openada.models.expada.mte import MultiScaleEncoder
from openada.models.outputs import SelectionOutput
from openada.models.precision import at_least_float32


class PredictionHead(nn.Module):
    """A score (B, M) and C category logits (B, M, C) for each representation, from two linear outputs on shared layers.

    `layers` counts the linear layers from a representation to an output: 1 is a linear head, 2 (the default) has one hidden
    layer with a ReLU. The paper writes of an MLP and gives no sizes. Dropout acts on what the hidden layers give, or on the
    representation where there are none. The score is score_mean + score_sd · output.
    """

    def __init__(
        self,
        feature_size: int,
        hidden_size: int,
        categories: int,
        dropout: float,
        score_mean: float = 0.0,
        score_sd: float = 1.0,
        layers: int = 2,
    ) -> None:
        super().__init__()
        self.score_mean, self.score_sd = score_mean, score_sd
        sizes = [feature_size] + [hidden_size] * (layers - 1)
        hidden: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            hidden += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
        self.hidden = nn.Sequential(*hidden or [nn.Dropout(dropout)])
        self.score = nn.Linear(sizes[-1], 1)
        self.category = nn.Linear(sizes[-1], categories)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the head to representations (B, M, D)."""
        hidden = self.hidden(features)
        score, category = at_least_float32(self.score(hidden)), at_least_float32(self.category(hidden))
        return self.score_mean + self.score_sd * score.squeeze(-1), category


class Selector(nn.Module):
    """Feature units (B, N, D) with mask (B, N) to a score per recording, with the relevance of every representation.

    `percent` and `rule` are plain attributes: they hold no parameters and can be changed for a sweep.
    """

    def __init__(
        self,
        *,
        feature_size: int,
        hidden_size: int,
        scales: int,
        categories: int,
        percent: int,
        rule: str = "relevance",
        dropout: float = 0.0,
        score_mean: float = 0.0,
        score_sd: float = 1.0,
        head_layers: int = 2,
    ) -> None:
        super().__init__()
        self.percent = percent
        self.rule = rule
        self.encoder = MultiScaleEncoder(feature_size, hidden_size, scales)
        self.selection = FeatureSelection(feature_size, hidden_size, categories)
        self.head = PredictionHead(feature_size, hidden_size, categories, dropout, score_mean, score_sd, head_layers)

    def forward(self, units: Tensor, mask: Tensor) -> SelectionOutput:
        """Select and score. Gradients reach the relevance MLP through z alone: the choice itself is not differentiable."""
        features, valid, spans, scale = self.encoder(units, mask)
        scores = self.selection(features, valid)
        category, sdr, selected, K = choose(scores, valid, self.percent, self.rule)
        segment_score, segment_logits = self.head(features)
        segment_score = segment_score.masked_fill(~valid, 0)
        segment_logits = segment_logits.masked_fill(~valid.unsqueeze(-1), 0)
        return SelectionOutput(
            score=segment_score.masked_fill(~selected, 0).sum(1) / K,
            P=scores.P,
            R=scores.R,
            R_hat=scores.R_hat,
            z=scores.z,
            category=category,
            sdr=sdr,
            severity_relevance=scores.R_hat[..., -1],
            selected=selected,
            K=K,
            segment_score=segment_score,
            segment_category_logits=segment_logits,
            features=features,
            mask=valid,
            spans=spans,
            scale=scale,
        )
