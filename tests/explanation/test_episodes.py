"""Episodes and agreement of scales against answers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from openada.errors import UnusableInput
from openada.explanation.episodes import KINDS, counting_segments, episodes, stretches
from openada.explanation.scale_agreement import scale_agreement
from openada.models.expada.dfs import top

# Seven units between irregular frame times; unit 3 lost its face and is in no segment.
EDGES_S = np.array([0.5, 1.6, 2.0, 3.7, 4.1, 5.9, 6.0, 7.3])
LOST = 3


def table(values: dict[tuple[int, int], float], edges_s: np.ndarray = EDGES_S, lost: int | None = LOST) -> pd.DataFrame:
    """Segments of 1, 2 and 3 units of 5 frames, scale 1 first; severity by (first, end), 0.01 elsewhere; support twice that."""
    rows = []
    for scale in (1, 2, 3):
        for first in range(len(edges_s) - scale):
            end = first + scale
            if lost is not None and first <= lost < end:
                continue
            severity = values.get((first, end), 0.01)
            rows.append((first, end, edges_s[first], edges_s[end], 5 * scale, 2 * severity, severity, False))
    names = ("first_unit", "end_unit", "start_s", "end_s", "scale_frames", "category_support", "severity_relevance")
    return pd.DataFrame(rows, columns=[*names, "selected"])


def counting(segments: pd.DataFrame, *spans: tuple[int, int], kind: str = "severity_relevance") -> pd.DataFrame:
    """That these segments count for one kind, and none for the other."""
    found = pd.DataFrame(False, index=segments.index, columns=list(KINDS))
    for span in spans:
        found.loc[(segments["first_unit"] == span[0]) & (segments["end_unit"] == span[1]), kind] = True
    assert found[kind].sum() == len(spans)
    return found


def test_segments_of_all_scales_merge_by_hand() -> None:
    values = {(0, 1): 0.03, (0, 2): 0.05, (1, 2): 0.07, (4, 7): 0.02, (6, 7): 0.11}
    segments = table(values)
    # units 0-2 and 4-6: of 1, 2, 3 units there are 6 + 4 + 2 segments
    assert len(segments) == 12
    found = episodes(segments, counting(segments, (0, 1), (0, 2), (4, 7), (6, 7)))
    assert found["kind"].tolist() == ["severity_relevance"] * 2
    assert found[["start_s", "end_s"]].to_numpy().tolist() == [[0.5, 2.0], [4.1, 7.3]]
    mean = (0.03 + 0.05 + 0.07 + 0.02 + 0.11 + 7 * 0.01) / 12
    np.testing.assert_allclose(found["strength"], [12 * 0.04, 12 * 0.065], rtol=1e-12)
    np.testing.assert_allclose(found["times_even_share"], [0.04 / mean, 0.065 / mean], rtol=1e-12)
    # unit 0 is in (0,1), (0,2), (0,3): 0.03; unit 1 in (1,2), (0,2), (1,3), (0,3): 0.035, the peak although (1,2) does not count
    np.testing.assert_allclose(found["peak_s"], [1.8, (6.0 + 7.3) / 2], rtol=1e-12)
    assert found["rank"].tolist() == [2, 1]
    assert found["segments"].tolist() == [2, 2] and found["scales_frames"].tolist() == ["5+10", "5+15"]
    assert found[["first_unit", "end_unit"]].to_numpy().tolist() == [[0, 2], [4, 7]]


def test_touching_segments_merge_and_a_lost_unit_or_one_that_does_not_count_splits() -> None:
    segments = table({})
    touching = episodes(segments, counting(segments, (0, 1), (1, 3)))
    assert touching[["start_s", "end_s"]].to_numpy().tolist() == [[0.5, 3.7]]
    across_lost = episodes(segments, counting(segments, (1, 3), (4, 6)))
    assert across_lost[["start_s", "end_s"]].to_numpy().tolist() == [[2.0 - 0.4, 3.7], [4.1, 6.0]]
    between = episodes(segments, counting(segments, (4, 5), (6, 7)))
    assert between[["start_s", "end_s"]].to_numpy().tolist() == [[4.1, 5.9], [6.0, 7.3]]


def test_a_long_segment_holds_together_what_begins_after_a_short_one_ended() -> None:
    segments = table({}, lost=None)
    found = episodes(segments, counting(segments, (0, 3), (1, 2), (3, 4)))
    assert found[["first_unit", "end_unit"]].to_numpy().tolist() == [[0, 4]]


def test_strength_depends_neither_on_length_nor_on_scale() -> None:
    values = {(0, 1): 0.05, (4, 5): 0.05, (4, 6): 0.05, (5, 7): 0.05, (4, 7): 0.05}
    segments = table(values)
    found = episodes(segments, counting(segments, *values))
    assert found["strength"].iloc[0] == pytest.approx(found["strength"].iloc[1], rel=1e-12) == 12 * 0.05
    assert found["rank"].tolist() == [1, 2], "the earlier of equal ones first"


def test_all_count_none_count_and_a_single_segment() -> None:
    segments = table({(0, 1): 0.04})
    everything = pd.DataFrame(True, index=segments.index, columns=list(KINDS))
    found = episodes(segments, everything)
    assert found["kind"].tolist() == [kind for kind in KINDS for _ in range(2)], "the lost unit splits"
    # every segment counts, so the mean strength over segments is z, the sum over all, and the mean share is 1
    for kind, rows in found.groupby("kind"):
        weighed = (rows["strength"] * rows["segments"]).sum() / len(segments)
        assert weighed == pytest.approx(segments[kind].sum(), rel=1e-12)
        assert (rows["times_even_share"] * rows["segments"]).sum() == pytest.approx(len(segments), rel=1e-12)
    assert episodes(segments, ~everything).empty and stretches(segments, ~everything).empty
    one = table({(0, 1): 0.4}, EDGES_S[:2], lost=None)
    only = episodes(one, counting(one, (0, 1))).iloc[0]
    assert (only["start_s"], only["end_s"], only["peak_s"], only["strength"]) == (0.5, 1.6, 1.05, 0.4)
    assert only["times_even_share"] == 1.0


def test_relevance_that_is_nought_everywhere_has_no_share() -> None:
    segments = table({}).assign(category_support=0.0)
    found = episodes(segments, counting(segments, (0, 1), kind="category_support")).iloc[0]
    assert found["strength"] == 0.0 and math.isnan(found["times_even_share"])


def test_the_order_of_rows_changes_nothing() -> None:
    segments = table({(0, 2): 0.05, (1, 2): 0.05, (5, 6): 0.05, (6, 7): 0.09})
    segments["selected"] = segments["severity_relevance"] > 0.04
    expected = episodes(segments, counting_segments(segments, 34))
    mixed = segments.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(episodes(mixed, counting_segments(mixed, 34)), expected)
    assert set(expected["kind"]) == set(KINDS)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (20, 2), (34, 4), (100, 4)])
def test_severity_counts_as_many_as_the_network_selects_but_only_above_the_mean(percent: int, expected: int) -> None:
    # 12 segments: the top 1, 2, 4 and 12, of which four lie above the mean of (0.03 + 3 · 0.02 + 8 · 0.01) / 12
    segments = table({(0, 1): 0.02, (0, 2): 0.02, (4, 5): 0.03, (4, 7): 0.02})
    found = counting_segments(segments, percent)["severity_relevance"]
    assert found.sum() == expected
    # ties: the shorter one first
    spans = [tuple(span) for span in segments.loc[found, ["first_unit", "end_unit"]].to_numpy().tolist()]
    assert sorted(spans) == sorted([(4, 5), (0, 1), (0, 2), (4, 7)][:expected])


def test_ties_fall_as_they_do_in_the_network() -> None:
    rng = np.random.default_rng(11)
    segments = table({}, np.arange(24.0), lost=None)
    segments["severity_relevance"] = rng.integers(1, 5, len(segments)) / 8
    values = torch.tensor(segments["severity_relevance"].to_numpy())[None]
    chosen, _ = top(values, torch.ones_like(values, dtype=torch.bool), 20)
    assert counting_segments(segments, 20)["severity_relevance"].tolist() == chosen[0].tolist()


def test_where_all_is_the_same_nothing_stands_out() -> None:
    segments = table({}).assign(severity_relevance=np.float32(0.1) / 3)
    assert not counting_segments(segments, 20)["severity_relevance"].any()


def test_category_support_counts_what_the_network_selected() -> None:
    segments = table({}).assign(selected=[True, False, True] * 4)
    assert counting_segments(segments, 20)["category_support"].tolist() == [True, False, True] * 4


def test_a_method_without_relevance_has_no_episodes() -> None:
    segments = table({}).assign(category_support=np.nan, severity_relevance=np.nan, selected=True)
    counts = counting_segments(segments, 20)
    assert not counts.to_numpy().any() and episodes(segments, counts).empty


def test_stretches_keep_to_one_scale() -> None:
    values = {(0, 2): 0.03, (1, 3): 0.05, (2, 3): 0.06, (4, 6): 0.04}
    segments = table(values)
    found = stretches(segments, counting(segments, *values))
    assert found[["scales_frames", "first_unit", "end_unit", "segments"]].to_numpy().tolist() == [
        ["5", 2, 3, 1], ["10", 0, 3, 2], ["10", 4, 6, 1],
    ]  # fmt: skip
    np.testing.assert_allclose(found["strength"], [12 * 0.06, 12 * 0.04, 12 * 0.04], rtol=1e-12)


def test_units_that_are_no_segments_are_refused() -> None:
    segments = table({})
    without = segments[~((segments["first_unit"] == 5) & (segments["end_unit"] == 6))]
    with pytest.raises(UnusableInput, match="units 4 to 5, of which 5 is no segment"):
        episodes(without, counting(without, (4, 6)))


# ---- agreement of scales


def test_agreement_by_hand() -> None:
    edges = np.array([0.0, 1.0, 3.0, 6.0, 10.0])  # units of 1, 2, 3 and 4 s
    values = {
        (0, 1): 0.1, (1, 2): 0.2, (2, 3): 0.3, (3, 4): 0.4, (0, 2): 0.4, (1, 3): 0.2, (2, 4): 0.6, (0, 3): 0.1, (1, 4): 0.1,
    }  # fmt: skip
    segments = table(values, edges, lost=None)
    counts = counting(segments, (1, 2), (2, 3), (2, 4))
    found = scale_agreement(segments, counts).set_index(["kind", "shorter_frames", "longer_frames"])
    first = found.loc[("severity_relevance", 5, 10)]
    # projected, scale 2 is 0.4, 0.3, 0.4, 0.6: ranks 2.5, 1, 2.5, 4 against 1, 2, 3, 4
    assert first["n_units"] == 4
    ranks_a, ranks_b = np.array([1, 2, 3, 4.0]), np.array([2.5, 1, 2.5, 4])
    assert first["spearman"] == pytest.approx(np.corrcoef(ranks_a, ranks_b)[0, 1], rel=1e-12)
    # scale 1 counts 5 of 10 s (units 1, 2), scale 2 counts 7 (units 2, 3); 3 s in both, 9 in either
    assert first["overlap"] == pytest.approx(3 / 9, rel=1e-12)
    assert first["overlap_by_chance"] == pytest.approx(0.35 / (0.5 + 0.7 - 0.35), rel=1e-12)
    third = found.loc[("severity_relevance", 5, 15)]
    assert math.isnan(third["spearman"]) and third["spearman_missing_reason"] == "relevance is the same in all units"
    assert math.isnan(third["overlap"]) and third["overlap_missing_reason"] == "no segment of 15 frames counts"
    support = found.loc[("category_support", 5, 10)]
    assert support["spearman"] == pytest.approx(first["spearman"]) and math.isnan(support["overlap"])


def test_agreement_of_two_units_is_not_defined() -> None:
    segments = table({(0, 1): 0.3}, EDGES_S[:3], lost=None)
    (row,) = (
        scale_agreement(segments, counting(segments, (0, 1), (0, 2))).query("kind == 'severity_relevance'").itertuples()
    )
    assert math.isnan(row.spearman) and row.spearman_missing_reason == "only 2 units in both"
    assert row.overlap == pytest.approx(1.1 / 1.5)


def test_one_scale_has_nothing_to_agree_with() -> None:
    segments = table({}, EDGES_S[:2], lost=None)
    assert scale_agreement(segments, counting(segments, (0, 1))).empty


def test_lost_units_take_no_part() -> None:
    segments = table({})
    found = scale_agreement(segments, counting(segments, (0, 1), (0, 2)))
    assert set(found["n_units"]) == {6}
