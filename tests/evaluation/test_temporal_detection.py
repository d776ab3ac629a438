import numpy as np
import pytest
from scipy import stats

from openada.errors import UnusableInput
from openada.evaluation.temporal_detection import (
    RecordingDetections,
    SubjectAveragePrecision,
    matched,
    mean_average_precision,
    runs_above,
    suppress,
    temporal_iou,
)

NOTHING = np.empty((0, 2))


def found(name, spans, score, episodes):
    as_spans = [np.array(x, float).reshape(-1, 2) for x in (spans, episodes)]
    return RecordingDetections(name, name.split("_")[0], as_spans[0], np.array(score, float), as_spans[1])


def test_temporal_iou_by_hand():
    np.testing.assert_allclose(
        temporal_iou([[0, 2], [1, 4], [5, 6]], [[1, 3], [0, 8]]), [[1 / 3, 1 / 4], [2 / 3, 3 / 8], [0, 1 / 8]]
    )
    assert temporal_iou(NOTHING, [[0, 1]]).shape == (0, 1)
    assert temporal_iou([[0, 1], [1, 2]], NOTHING).shape == (2, 0)


def test_suppression_by_hand():
    spans = [[0, 2], [0, 3], [1, 3], [4, 6], [0, 2]]
    # best 1; it overlaps 0, 2 and 4 by 2/3; 3 stands apart; the NaN goes
    assert suppress(spans, [5, 9, 7, 1, 6]).tolist() == [1, 3]
    assert suppress(spans, [5, np.nan, 7, 1, 6], iou=0.5).tolist() == [2, 4, 3]  # 2 and 4 overlap by 1/3, 4 and 0 by 1
    assert suppress([[0, 1], [0, 2]], [3, 2], iou=0.5).tolist() == [0, 1]  # an IoU of exactly the threshold stays
    assert suppress([[2, 3], [0, 1]], [1, 1]).tolist() == [1, 0]  # of equal scores the earlier first
    assert suppress(NOTHING, []).size == 0


def test_runs_above_by_hand():
    units = np.column_stack([np.arange(7) * 2.0, np.arange(7) * 2.0 + 2])
    # medians and up: 3 of the 6 tracked units reach 3, one reaches 9
    spans, score = runs_above([1, 9, 3, np.nan, 4, 0, 2], units, quantiles=(0.5, 0.99))
    # q = .5 is 2 (the third of six): runs 9 3 | 4 | 2; q = .99 is 9: run 9, which overlaps 9 3 by exactly one half
    assert spans.tolist() == [[2, 4], [2, 6], [8, 10], [12, 14]]
    assert score.tolist() == [9, 6, 4, 2]
    spans, score = runs_above([1, 9, 3, np.nan, 4, 0, 2], units, quantiles=(0.5, 0.99), iou=0.4)
    assert spans.tolist() == [[2, 4], [8, 10], [12, 14]]
    spans, score = runs_above([5, 5, np.nan, 5, 5, 5, 5], units)
    assert spans.tolist() == [[0, 4], [6, 14]] and score.tolist() == [5, 5]
    assert runs_above([np.nan] * 7, units)[0].shape == (0, 2)
    with pytest.raises(UnusableInput, match="7 units"):
        runs_above([1, 2], units)


def test_each_episode_is_found_once_and_by_the_best():
    one = found("a", [[0, 4], [0, 2], [2, 4], [9, 10]], [4, 3, 2, 1], [[0, 2], [2, 4]])
    # the first overlaps both by one half and takes the first of them; the second comes too late for [0, 2] and misses [2, 4]
    assert matched(one, 0.5).tolist() == [True, False, True, False]
    assert matched(one, 0.6).tolist() == [False, True, True, False]
    assert matched(found("a", [[0, 1]], [1], []), 0.3).tolist() == [False]
    assert matched(found("a", [[0.1, 0.4]], [1], [[0.0, 0.6]]), 0.5).tolist() == [True]  # 0.3 / 0.6 in floating point
    with pytest.raises(UnusableInput, match="'a': give a score"):
        matched(found("a", [[0, 1]], [np.nan], []), 0.5)


def test_average_precision_by_hand():
    recordings = [
        found("a_1", [[0, 2], [5, 6], [8, 9]], [0.9, 0.7, 0.3], [[0, 2], [8, 9]]),  # right, wrong, right
        found("b_1", [[0, 1], [3, 5]], [0.8, 0.6], [[3, 5], [7, 8]]),  # wrong, right; one episode missed
        found("c_1", [[0, 9]], [0.1], []),  # wrong, after everything
    ]
    # ranked: right, wrong, wrong, right, right, wrong: precision at the hits 1, 2/4, 3/5; envelope 1, 3/5, 3/5; 4 episodes
    table = mean_average_precision([recordings])
    assert list(table) == ["map_iou_0.3", "map_iou_0.5", "map_iou_0.7", "map_iou_mean"]
    for of in table.values():
        assert of.value == pytest.approx((1 + 0.6 + 0.6) / 4, abs=1e-12)
        assert (of.n, of.n_subjects, of.unit) == (3, 3, "recordings")
    # without a: wrong, right of 2: 1/2 · 1/2; without b: 1, 1/2·…: hits 1, 2/3 of 2; without c nothing changes
    without = np.array([0.25, (1 + 2 / 3) / 2, 0.55])
    z = np.log(without / (1 - without))
    reach = stats.t.ppf(0.975, 2) * np.sqrt(2 / 3 * np.sum((z - z.mean()) ** 2))
    centre = np.log(0.55 / 0.45)
    ends = 1 / (1 + np.exp(-np.array([centre - reach, centre + reach])))
    assert (table["map_iou_0.5"].low, table["map_iou_0.5"].high) == pytest.approx(tuple(ends), abs=1e-12)


def test_thresholds_differ_and_the_mean_is_theirs():
    recordings = [found(f"{name}_1", [[0, 5]], [1], [[0, 10]]) for name in "abc"]  # IoU one half
    table = mean_average_precision([recordings])
    assert [table[f"map_iou_{iou}"].value for iou in (0.3, 0.5, 0.7)] == [1, 1, 0]
    assert table["map_iou_mean"].value == pytest.approx(2 / 3)


def reference(recordings, iou, weight):
    """Float64 brute force: sort, match, step through thresholds of score; a subject counts `weight` times."""
    rows, total = [], 0
    for one in recordings:
        free = list(range(len(one.episodes_s)))
        total += weight[one.subject] * len(free)
        for k in sorted(range(len(one.score)), key=lambda k, one=one: (-one.score[k], *one.spans_s[k])):
            a, b = one.spans_s[k]
            best, at = -1.0, None
            for e in free:
                c, d = one.episodes_s[e]
                shared = max(0.0, min(b, d) - max(a, c))
                if shared / (b - a + d - c - shared) > best:
                    best, at = shared / (b - a + d - c - shared), e
            if at is not None and best >= iou - 1e-9:
                free.remove(at)
                rows += [(one.score[k], 1)] * weight[one.subject]
            else:
                rows += [(one.score[k], 0)] * weight[one.subject]
    curve = []
    for cut in sorted({score for score, _ in rows}, reverse=True):
        said = [right for score, right in rows if score >= cut]
        curve.append((sum(said) / total, sum(said) / len(said)))
    area, before = 0.0, 0.0
    for k, (recall, _) in enumerate(curve):
        area += (recall - before) * max(precision for _, precision in curve[k:])
        before = recall
    return area


def drawn(n_subjects, seed):
    rng = np.random.default_rng(seed)
    made = []
    for subject in range(n_subjects):
        for take in range(1 + subject % 3):
            episodes = np.sort(rng.uniform(0, 30, 2 * (subject % 4))).reshape(-1, 2)
            start = rng.uniform(0, 29, 11)
            spans = np.column_stack([start, start + rng.uniform(0.5, 6, 11)])
            near = min(len(episodes), 11)
            spans[:near] = episodes[:near] + rng.normal(0, 0.2, (near, 2)) * [[1, -1]]
            spans[:, 1] = np.maximum(spans[:, 1], spans[:, 0] + 0.1)
            score = np.round(rng.uniform(0, 1, 11) + 0.4 * (np.arange(11) < near), 1)  # with ties
            made.append(found(f"s{subject:02d}_{take}", spans, score, episodes))
    return made


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
def test_equals_a_brute_force_reference_whoever_is_left_out_or_drawn_twice(iou):
    recordings = drawn(13, 5)
    everyone = sorted({one.subject for one in recordings})
    table = mean_average_precision([recordings], ious=(iou,))
    assert table[f"map_iou_{iou}"].value == pytest.approx(
        reference(recordings, iou, dict.fromkeys(everyone, 1)), abs=1e-12
    )
    codes = {name: k for k, name in enumerate(everyone)}
    figure = SubjectAveragePrecision(
        np.concatenate([matched(one, iou) for one in recordings]),
        np.concatenate([one.score for one in recordings]),
        np.repeat([codes[one.subject] for one in recordings], 11),
        np.bincount([codes[one.subject] for one in recordings], [len(one.episodes_s) for one in recordings]),
    )
    without = [reference(recordings, iou, {**dict.fromkeys(everyone, 1), name: 0}) for name in everyone]
    np.testing.assert_allclose(figure.delete_one(), without, atol=1e-12)
    weights = np.random.default_rng(2).integers(0, 4, (7, 13))
    expected = [reference(recordings, iou, dict(zip(everyone, row.tolist(), strict=True))) for row in weights]
    np.testing.assert_allclose(figure.weighted(weights.astype(float)), expected, atol=1e-12)


def test_the_order_of_rows_decides_nothing():
    recordings = drawn(11, 3)
    table = mean_average_precision([recordings])
    rng = np.random.default_rng(1)
    turned = []
    for one in recordings[::-1]:
        order = rng.permutation(11)
        turned.append(
            RecordingDetections(one.recording_id, one.subject, one.spans_s[order], one.score[order], one.episodes_s)
        )
    for name, of in mean_average_precision([turned]).items():
        assert (of.value, of.low, of.high) == pytest.approx((table[name].value, table[name].low, table[name].high))


def test_draws_are_averaged():
    draws = [drawn(7, seed) for seed in (1, 2, 3)]
    fixed = [[RecordingDetections(a.recording_id, a.subject, b.spans_s, b.score, a.episodes_s) for a, b in zip(draws[0], draw, strict=True)] for draw in draws]  # fmt: skip  # noqa: E501
    values = [mean_average_precision([draw])["map_iou_0.5"].value for draw in fixed]
    assert len(set(values)) == 3
    assert mean_average_precision(fixed)["map_iou_0.5"].value == pytest.approx(np.mean(values))


def test_nothing_to_find_and_nothing_said():
    silent = [found("a_1", [], [], [[0, 1]]), found("b_1", [], [], [])]
    assert mean_average_precision([silent])["map_iou_mean"].value == 0
    vain = mean_average_precision([[found("a_1", [[0, 1]], [1], [])]])["map_iou_mean"]
    assert np.isnan(vain.value) and np.isnan(vain.low)
    assert np.isnan(mean_average_precision([[]])["map_iou_0.3"].value)
    with pytest.raises(UnusableInput, match="each recording once"):
        mean_average_precision([silent * 2])
    with pytest.raises(UnusableInput, match="each recording once"):
        mean_average_precision([silent, silent[:1]])
