"""Stage 2 on cached feature units: multi-scale representations, selection, and the prediction head."""

from __future__ import annotations

from torch import Tensor, nn

from openada.models.expada.dfs import FeatureSelection, choose
from openada.models.expada.mte import MultiScaleEncoder
from openada.models.outputs import SelectionOutput


class PredictionHead(nn.Module):
    """A score (B, M) and C category logits (B, M, C) for each representation: linear, ReLU, two linear outputs.

    The score is score_mean + score_sd · output.
    """

    def __init__(
        self,
        feature_size: int,
        hidden_size: int,
        categories: int,
        dropout: float,
        score_mean: float = 0.0,
        score_sd: float = 1.0,
    ) -> None:
        super().__init__()
        self.score_mean, self.score_sd = score_mean, score_sd
        self.hidden = nn.Sequential(nn.Linear(feature_size, hidden_size), nn.ReLU(), nn.Dropout(dropout))
        self.score = nn.Linear(hidden_size, 1)
        self.category = nn.Linear(hidden_size, categories)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the head to representations (B, M, D)."""
        hidden = self.hidden(features)
        return self.score_mean + self.score_sd * self.score(hidden).squeeze(-1), self.category(hidden)


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
    ) -> None:
        super().__init__()
        self.percent = percent
        self.rule = rule
        self.encoder = MultiScaleEncoder(feature_size, hidden_size, scales)
        self.selection = FeatureSelection(feature_size, hidden_size, categories)
        self.head = PredictionHead(feature_size, hidden_size, categories, dropout, score_mean, score_sd)

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
