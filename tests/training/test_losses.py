import math

import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.models.outputs import SegmentOutput
from openada.training.losses import (
    ordinal_category,
    ordinal_loss,
    ordinal_targets,
    segment_loss,
    selected_category_loss,
    selection_loss,
    selection_terms,
    weakly_supervised_loss,
)


def bce(p, t):
    return -(t * math.log(p) + (1 - t) * math.log(1 - p))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_ordinal_targets_are_a_staircase():
    assert ordinal_targets(torch.arange(4)).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert ordinal_category(torch.tensor([[-1.0, -2, -3], [1, -2, -3], [1, 2, -3], [1, 2, 3]])).tolist() == [0, 1, 2, 3]


def test_ordinal_loss_sums_over_thresholds_and_averages_over_segments():
    logits = torch.randn(5, 3, dtype=torch.float64)
    category = torch.tensor([0, 3, 1, 2, 2])
    expected = sum(bce(sigmoid(logits[n, k]), float(category[n] > k)) for n in range(5) for k in range(3)) / 5
    assert ordinal_loss(logits, category).item() == pytest.approx(expected, abs=1e-12)
    assert ordinal_loss(logits, category, average_thresholds=True).item() == pytest.approx(expected / 3, abs=1e-12)


def test_weakly_supervised_loss_by_hand():
    z = torch.tensor([[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.75]], dtype=torch.float64)
    expected = (
        sum(bce(p, t) for p, t in zip([0.5, 0.25, 0.125, 0.125], [0, 1, 0, 0], strict=True)) / 4
        + sum(bce(p, t) for p, t in zip([0.25, 0.25, 0.25, 0.75], [0, 0, 0, 1], strict=True)) / 4
    ) / 2
    assert weakly_supervised_loss(z, torch.tensor([1, 3])).item() == pytest.approx(expected, abs=1e-12)


def test_weakly_supervised_loss_is_finite_at_both_ends():
    z = torch.tensor([[0.0, 1.0, 0.0, 0.0]], requires_grad=True)
    loss = weakly_supervised_loss(z, torch.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(2 * -math.log(1e-6) / 4, rel=1e-2)
    assert torch.isfinite(z.grad).all()


def test_selected_categories_average_over_the_selected_of_each_recording_first():
    logits = torch.randn(2, 5, 3, dtype=torch.float64)
    selected = torch.tensor([[True, False, True, True, False], [False, True, False, False, False]])
    category = torch.tensor([2, 0])
    means = []
    for b in range(2):
        each = [sum(bce(sigmoid(logits[b, m, c]), float(c == category[b])) for c in range(3)) / 3 for m in range(5)]
        means.append(sum(each[m] for m in range(5) if selected[b, m]) / int(selected[b].sum()))
    assert selected_category_loss(logits, selected, category).item() == pytest.approx(sum(means) / 2, abs=1e-12)


def test_what_was_not_selected_has_no_gradient():
    logits = torch.zeros(1, 3, 4, requires_grad=True)
    selected_category_loss(logits, torch.tensor([[True, False, False]]), torch.tensor([1])).backward()
    assert logits.grad[0, 0].abs().sum() > 0
    assert logits.grad[0, 1:].abs().sum() == 0


def test_stage_1_with_and_without_the_ordinal_term():
    output = SegmentOutput(torch.zeros(2, 5), torch.tensor([3.0, 7.0]), torch.zeros(2, 3))
    score, category = torch.tensor([5.0, 13.0]), torch.tensor([0, 1])
    assert segment_loss(output, score, category, ordinal=False).item() == pytest.approx((4 + 36) / 2)
    assert segment_loss(output, score, category, ordinal=False, score_sd=2.0).item() == pytest.approx(5.0)
    assert segment_loss(output, score, category, ordinal=True).item() == pytest.approx(20 + 3 * math.log(2), rel=1e-6)
    averaged = segment_loss(output, score, category, ordinal=True, average_thresholds=True)
    assert averaged.item() == pytest.approx(20 + math.log(2), rel=1e-6)


def test_stage_2_is_the_sum_of_its_terms_and_ignores_padding():
    selector = models.create("expada", "demo", seed=0).selector
    units, mask = torch.randn(2, 7, 64), torch.ones(2, 7, dtype=torch.bool)
    mask[1, 5:] = False
    score, category = torch.tensor([5, 31]), torch.tensor([0, 3])
    output = selector(units, mask)
    terms = selection_terms(output, score, category, score_sd=7.0)
    assert selection_loss(output, score, category, score_sd=7.0).item() == pytest.approx(sum(t.item() for t in terms))
    assert terms.mse.item() == pytest.approx(((output.score - score) / 7).square().mean().item(), rel=1e-5)
    alone = [
        selection_loss(selector(units[b : b + 1, :n], mask[b : b + 1, :n]), score[b : b + 1], category[b : b + 1])
        for b, n in ((0, 7), (1, 5))
    ]
    assert selection_loss(output, score, category).item() == pytest.approx(sum(a.item() for a in alone) / 2, rel=1e-5)


@pytest.mark.parametrize("category", [torch.tensor([4]), torch.tensor([-1]), torch.tensor([0.5])])
def test_categories_outside_the_scale_are_refused(category):
    for call in (
        lambda: ordinal_loss(torch.zeros(1, 3), category),
        lambda: weakly_supervised_loss(torch.full((1, 4), 0.25), category),
        lambda: selected_category_loss(torch.zeros(1, 2, 4), torch.ones(1, 2, dtype=torch.bool), category),
    ):
        with pytest.raises(UnusableInput, match="0 to 3"):
            call()
