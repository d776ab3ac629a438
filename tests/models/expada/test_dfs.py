"""Known answers: P and R set by hand, everything that follows from them worked out by hand."""

import math

import pytest
import torch

from openada.models.expada.dfs import Relevance, choose, first_argmax, relevance, top


def logs(rows):
    return torch.tensor(rows, dtype=torch.float64).log()


# Five representations, three categories; rows of P and columns of R sum to 1.
P = [[0.5, 0.25, 0.25], [0.125, 0.5, 0.375], [0.25, 0.25, 0.5], [0.5, 0.125, 0.375], [0.125, 0.125, 0.75]]
R = [[0.1, 0.2, 0.1], [0.2, 0.4, 0.1], [0.3, 0.2, 0.2], [0.2, 0.1, 0.2], [0.2, 0.1, 0.4]]
# z = column sums of P·R:
#   c0: .05 + .025 + .075 + .1 + .025 = .275;  c1: .05 + .2 + .05 + .0125 + .0125 = .325
#   c2: .025 + .0375 + .1 + .075 + .3 = .5375  -> I = 2, column (.025, .0375, .1, .075, .3)
Z = [0.275, 0.325, 0.5375]
SUPPORT = [0.025, 0.0375, 0.1, 0.075, 0.3]


def scores(mask=None):
    mask = torch.ones(1, 5, dtype=torch.bool) if mask is None else mask
    return relevance(logs([P]), logs([R]), mask), mask


def test_relevance_by_hand():
    result, _ = scores()
    assert torch.allclose(result.P[0], torch.tensor(P, dtype=torch.float64))
    assert torch.allclose(result.R[0], torch.tensor(R, dtype=torch.float64))
    assert torch.allclose(result.z[0], torch.tensor(Z, dtype=torch.float64))


@pytest.mark.parametrize(
    ("percent", "K", "selected"),
    [(20, 1, {4}), (39, 1, {4}), (40, 2, {2, 4}), (60, 3, {2, 3, 4}), (1, 1, {4}), (100, 5, {0, 1, 2, 3, 4})],
)
def test_selection_by_hand(percent, K, selected):
    result, mask = scores()
    choice = choose(result, mask, percent)
    assert choice.category.tolist() == [2]
    assert torch.allclose(choice.sdr[0], torch.tensor(SUPPORT, dtype=torch.float64))
    assert choice.K.tolist() == [K]
    assert set(choice.selected[0].nonzero().flatten().tolist()) == selected


def test_the_two_softmaxes_run_along_the_right_axes():
    torch.manual_seed(0)
    a, b = torch.randn(2, 7, 3), torch.randn(2, 7, 3)
    mask = torch.ones(2, 7, dtype=torch.bool)
    result = relevance(a, b, mask)
    for n in range(7):
        for c in range(3):
            p = math.exp(a[1, n, c]) / sum(math.exp(a[1, n, k]) for k in range(3))
            r = math.exp(b[1, n, c]) / sum(math.exp(b[1, m, c]) for m in range(7))
            assert result.R_hat[1, n, c].item() == pytest.approx(p * r, rel=1e-5)
    assert ((result.z > 0) & (result.z < 1)).all()


def test_padding_changes_nothing_and_gets_zero():
    result, mask = scores()
    padded_p, padded_r = (torch.full((1, 7, 3), 50.0, dtype=torch.float64) for _ in range(2))
    padded_p[:, [0, 1, 3, 4, 6]], padded_r[:, [0, 1, 3, 4, 6]] = logs([P]), logs([R])
    padded_mask = torch.tensor([[True, True, False, True, True, False, True]])
    padded = relevance(padded_p, padded_r, padded_mask)
    assert torch.allclose(padded.z, result.z)
    for value in (padded.P, padded.R, padded.R_hat):
        assert (value[:, [2, 5]] == 0).all()
    ours, other = choose(result, mask, 40), choose(padded, padded_mask, 40)
    assert torch.equal(ours.category, other.category)
    assert torch.equal(ours.K, other.K)
    assert torch.equal(other.selected[0].nonzero().flatten(), torch.tensor([3, 6]))


def test_mode_selection_by_hand():
    # Own categories 0, 1, 2, 0, 2: a draw between 0 and 2, the lower wins; confidences .5 and .5, the earlier wins.
    result, mask = scores()
    choice = choose(result, mask, 50, "mode")
    assert choice.category.tolist() == [0]
    assert choice.K.tolist() == [1]
    assert choice.selected.tolist() == [[True, False, False, False, False]]
    # Without the first representation category 2 is the mode; of its two, all of 100 percent.
    mask = torch.tensor([[False, True, True, True, True]])
    choice = choose(relevance(logs([P]), logs([R]), mask), mask, 100, "mode")
    assert choice.category.tolist() == [2]
    assert choice.selected.tolist() == [[False, False, True, False, True]]
    # Of these two the more confident alone.
    choice = choose(relevance(logs([P]), logs([R]), mask), mask, 99, "mode")
    assert choice.selected.tolist() == [[False, False, False, False, True]]


def test_ties_go_to_the_first():
    flat = torch.zeros(1, 101)
    selected, K = top(flat, torch.ones(1, 101, dtype=torch.bool), 20)
    assert K.tolist() == [20]
    assert torch.equal(selected[0].nonzero().flatten(), torch.arange(20))
    assert first_argmax(torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])).tolist() == [1, 0]
    z = torch.full((1, 4), 0.25)
    uniform = Relevance(torch.full((1, 7, 4), 0.25), torch.full((1, 7, 4), 1 / 7), torch.full((1, 7, 4), 0.25 / 7), z)
    assert choose(uniform, torch.ones(1, 7, dtype=torch.bool), 20).category.tolist() == [0]


@pytest.mark.parametrize("M", [1, 2, 3, 5, 7, 11, 13, 101, 997])
@pytest.mark.parametrize("percent", [1, 7, 20, 29, 100])
def test_K_is_whole_number_arithmetic(M, percent):
    # 0.29 * 100 is 28.999…: floating point would lose one.
    mask = torch.ones(1, M, dtype=torch.bool)
    selected, K = top(torch.rand(1, M), mask, percent)
    assert K.item() == max(1, percent * M // 100) == selected.sum().item()


def test_extreme_logits_stay_finite():
    a = torch.tensor([[[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]], requires_grad=True)
    b = torch.tensor([[[-1e4, 1e4, 3e38], [1e4, -1e4, -3e38]]], requires_grad=True)
    result = relevance(a, b, torch.tensor([[True, True]]))
    result.z.sum().backward()
    assert all(torch.isfinite(value).all() for value in (*result, a.grad, b.grad))
