import numpy as np
import pytest
import torch
from torch import nn

from openada.models.expada.selector import PredictionHead, Selector
from openada.training.losses import selection_loss


class Fixed(nn.Module):
    """Gives its columns of the representations, whatever the representations mean."""

    def __init__(self, columns):
        super().__init__()
        self.columns = columns

    def forward(self, features):
        return features[..., self.columns]


class Scores(nn.Module):
    def forward(self, features):
        return features[..., 6], features[..., 3:6]


def by_hand(percent):
    """A selector of one scale whose unit features are, in order: 3 log P, 3 log R, and the last also the score."""
    selector = Selector(feature_size=7, hidden_size=5, scales=1, categories=3, percent=percent)
    selector.encoder.mlps = nn.ModuleList([nn.Identity()])
    selector.selection.category, selector.selection.relevance = Fixed(slice(0, 3)), Fixed(slice(3, 6))
    selector.head = Scores()
    return selector


P = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375], [0.25, 0.25, 0.5], [0.5, 0.125, 0.375], [0.125, 0.125, 0.75]])
R = torch.tensor([[0.1, 0.2, 0.1], [0.2, 0.4, 0.1], [0.3, 0.2, 0.2], [0.2, 0.1, 0.2], [0.2, 0.1, 0.4]])
SCORE = torch.tensor([3.0, 5.0, 7.0, 11.0, 13.0])
UNITS = torch.cat([P.log(), R.log(), SCORE[:, None]], dim=1)[None]


@pytest.mark.parametrize(("percent", "K", "score"), [(20, 1, 13.0), (40, 2, 10.0), (60, 3, 31 / 3), (100, 5, 7.8)])
def test_score_by_hand(percent, K, score):
    # Category 2 wins with support .025, .0375, .1, .075, .3 (see test_dfs): representations 4, 2, 3, 1, 0 in this order.
    out = by_hand(percent)(UNITS, torch.ones(1, 5, dtype=torch.bool))
    assert out.category.tolist() == [2]
    assert out.K.tolist() == [K]
    assert out.score.tolist() == pytest.approx([score])
    assert out.sdr[0].tolist() == pytest.approx([0.025, 0.0375, 0.1, 0.075, 0.3])
    assert torch.equal(out.category_support, out.sdr)
    assert torch.equal(out.severity_relevance, out.R_hat[..., 2])


def test_padding_takes_no_part():
    units = torch.full((2, 7, 7), float("nan"))
    mask = torch.zeros(2, 7, dtype=torch.bool)
    units[0, :5], mask[0, :5] = UNITS[0], True
    units[1, :3], mask[1, :3] = UNITS[0, :3], True
    out = by_hand(40)(units, mask)
    alone = [by_hand(40)(UNITS[:, :n], torch.ones(1, n, dtype=torch.bool)) for n in (5, 3)]
    assert out.score.tolist() == pytest.approx([one.score.item() for one in alone])
    assert out.K.tolist() == [2, 1]
    assert (out.R_hat[~mask] == 0).all()
    assert (out.segment_score[~mask] == 0).all()
    assert not out.selected[~mask].any()
    assert torch.allclose(out.category_logits[0], R.log()[[2, 4]].mean(0))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_head_has_as_many_linear_layers_as_asked(layers):
    torch.manual_seed(0)
    head = PredictionHead(7, 5, 3, 0.5, score_mean=11.0, score_sd=2.0, layers=layers).double().eval()
    features = torch.randn(2, 13, 7).double()
    hidden = features.numpy()
    weights = [layer for layer in head.hidden if isinstance(layer, nn.Linear)]
    assert len(weights) == layers - 1
    for layer in weights:
        hidden = np.maximum(hidden @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    score, logits = (value.detach().numpy() for value in head(features))
    np.testing.assert_allclose(
        score, 11 + 2 * (hidden @ head.score.weight.detach().numpy()[0] + head.score.bias.item()), rtol=1e-12
    )
    np.testing.assert_allclose(
        logits, hidden @ head.category.weight.detach().numpy().T + head.category.bias.detach().numpy(), atol=1e-12
    )
    head.train()
    assert not torch.equal(head(features)[0], head(features)[0])  # dropout acts at every depth


def test_support_and_severity_are_two_things_when_the_category_is_low():
    # Columns turned round: category 0 wins, its support ranks the representations, severity ranks them otherwise.
    units = torch.cat([P.flip(1).log(), R.flip(1).log(), SCORE[:, None]], dim=1)[None]
    out = by_hand(20)(units, torch.ones(1, 5, dtype=torch.bool))
    assert out.category.tolist() == [0]
    assert out.sdr[0].argmax() == 4
    assert out.severity_relevance[0].tolist() == pytest.approx((P * R)[:, 0].tolist())
    assert out.severity_relevance[0].argmax() == 3


def test_stage_2_by_plain_sgd_finds_planted_units():
    """Units of severe recordings hold, now and then, a planted direction: severity relevance must point at it."""
    generator = torch.Generator().manual_seed(2)
    n, N, D = 60, 11, 7
    severe = torch.arange(n) % 2
    cue = (torch.rand(n, N, generator=generator) < 0.3) & severe.bool()[:, None]
    units = torch.randn(n, N, D, generator=generator)
    units[..., 0] += 4 * cue
    torch.manual_seed(0)
    selector = Selector(
        feature_size=D, hidden_size=17, scales=2, categories=4, percent=20, score_mean=20.0, score_sd=10.0
    )
    optimiser = torch.optim.SGD(selector.parameters(), lr=1e-2, momentum=0.9)
    score, category, mask = 10.0 + 20 * severe, 3 * severe, torch.ones(n, N, dtype=torch.bool)
    for _ in range(40):
        for rows in torch.randperm(n, generator=generator).split(10):
            optimiser.zero_grad()
            selection_loss(selector(units[rows], mask[rows]), score[rows], category[rows], score_sd=10.0).backward()
            optimiser.step()
    with torch.no_grad():
        out = selector.eval()(units, mask)
    relevance = out.severity_relevance[:, :N]
    higher = (relevance[cue][:, None] > relevance[~cue][None]).float().mean()
    assert higher > 0.9
    assert (out.score - score).square().mean().sqrt() < 7  # the constant prediction is 10 off
