import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from openada.errors import UnusableInput
from openada.evaluation.localisation import (
    COLUMNS,
    RecordingRelevance,
    localisation_table,
    localise,
    project_to_units,
    random_control,
    uniform_control,
    unit_truth,
)

UNITS = np.column_stack([np.arange(5.0), np.arange(5.0) + 1.0])


def recording(name, truth, relevance, support=None, category=None):
    return RecordingRelevance(
        name, name.split("_")[0], np.array(truth, bool), np.array(relevance, float),
        None if support is None else np.array(support, float), category,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("episodes", "expected"),
    [
        ([], [0, 0, 0, 0, 0]),
        ([[0.5, 2.4]], [1, 1, 0, 0, 0]),  # exactly half counts, 0.4 does not
        ([[1.0, 1.3], [1.7, 1.95], [4.6, 9.0]], [0, 1, 0, 0, 0]),  # pieces add up
        ([[2.0, 2.4], [2.1, 2.45]], [0, 0, 0, 0, 0]),  # an overlap counts once
        ([[-3.0, 99.0]], [1, 1, 1, 1, 1]),
    ],
)
def test_unit_truth_by_hand(episodes, expected):
    assert unit_truth(UNITS, episodes).tolist() == [bool(x) for x in expected]


def test_unit_truth_with_rounding_and_other_shares():
    assert unit_truth([[0.1, 0.3]], [[0.2, 0.5]]).tolist() == [True]  # half, but 0.3 − 0.2 < 0.1 in floating point
    assert unit_truth(UNITS, [[0.5, 2.4]], min_overlap=0.4).tolist() == [True, True, True, False, False]
    assert unit_truth(np.empty((0, 2)), [[0.0, 1.0]]).shape == (0,)
    with pytest.raises(UnusableInput, match="episode 1 spans"):
        unit_truth(UNITS, [[0.0, 1.0], [3.0, 3.0]])
    with pytest.raises(UnusableInput, match="count, 2"):
        unit_truth(UNITS, [0.0, 1.0, 2.0])
    with pytest.raises(UnusableInput, match="min_overlap"):
        unit_truth(UNITS, [], min_overlap=0.0)


def test_projection_by_hand():
    values, spans = [1.0, 2.0, 4.0, np.nan], [[0, 2], [1, 3], [0, 3], [2, 5]]
    np.testing.assert_allclose(project_to_units(values, spans, 5), [2.5, 7 / 3, 3.0, np.nan, np.nan])
    np.testing.assert_array_equal(project_to_units([3.0, 5.0], [[0, 1], [1, 2]], 2), [3.0, 5.0])
    assert np.isnan(project_to_units([], np.empty((0, 2)), 3)).all()
    with pytest.raises(UnusableInput, match="segment 1 spans units"):
        project_to_units([1.0, 2.0], [[0, 1], [1, 4]], 3)


def test_planted_localisation_by_hand():
    nan = np.nan
    recordings = [
        recording("a_1", [1, 1, 0, 0, 0], [9, 8, 1, 2, 3]),  # 1
        recording("a_2", [1, 0, 0, 1], [5, 1, 5, 1]),  # (0.5 + 1 + 0 + 0.5) / 4 = 0.5
        recording("b_1", [0, 1, 0], [nan, 1, 2]),  # 0, one unit not tracked
        recording("c_1", [0, 0, 0], [1, 2, 3]),  # no cue: excluded
        recording("c_2", [1, 0, 0], [nan, 2, 3]),  # its cue was not tracked: excluded
        recording("d_1", [1, 0, 1], [2, 1, 3]),  # 1
    ]
    found = localise(recordings, lambda r: r.severity_relevance)
    assert found.per_recording == {"a_1": 1.0, "a_2": 0.5, "b_1": 0.0, "d_1": 1.0}
    assert (found.recordings_excluded, found.units_left_out) == (2, 2)
    of = found.interval
    assert (of.value, of.n, of.n_subjects, of.unit) == (0.625, 4, 3, "recordings")
    without = np.array([0.5, 2.5 / 3, 0.5])  # without a, b, d: means over the recordings that are left
    error = np.sqrt(2 / 3 * np.sum((without - without.mean()) ** 2))
    reach = stats.t.ppf(0.975, 2) * error
    assert (of.low, of.high) == pytest.approx((max(0, 0.625 - reach), min(1, 0.625 + reach)), abs=1e-12)


def many(n_subjects, seed, signal):
    rng = np.random.default_rng(seed)
    made = []
    for k in range(n_subjects):
        for take in range(1 + k % 2):
            truth = rng.random(23) < 0.3
            truth[:2] = [True, False]
            relevance = rng.standard_normal(23) + signal * truth
            category = ["minimal", "severe"][k % 2]
            support = relevance if category == "severe" else -relevance
            made.append(recording(f"s{k:02d}_{take}", truth, relevance, support, category))
    return made


def test_areas_equal_scikit_learn_and_the_controls_are_a_half():
    recordings = many(19, 3, 2.0)
    found = localise(recordings, lambda r: r.severity_relevance)
    for r in recordings:
        assert found.per_recording[r.recording_id] == pytest.approx(
            roc_auc_score(r.truth, r.severity_relevance), abs=1e-12
        )
    uniform = uniform_control(recordings)
    assert uniform.interval.value == 0.5
    assert set(uniform.per_recording.values()) == {0.5}
    random = random_control(recordings, seed=1)
    assert random.interval.low < 0.5 < random.interval.high
    assert random.interval.high - random.interval.low < 0.1
    assert found.interval.low > 0.8


def test_random_control_is_seeded_and_ignores_order():
    recordings = many(7, 3, 0.0)
    first = random_control(recordings, seed=5)
    again = random_control(recordings[::-1], seed=5)
    assert again.per_recording == first.per_recording
    assert again.interval.low == pytest.approx(first.interval.low, abs=1e-12)
    assert random_control(recordings, seed=6).per_recording != first.per_recording


def test_table_separates_support_by_predicted_category():
    table = localisation_table(many(19, 3, 2.0))
    assert tuple(table.columns) == COLUMNS
    rows = table.set_index(["measure", "predicted_category"])["value"]
    assert list(rows.index[:3]) == [
        ("severity relevance", "all"), ("random control", "all"), ("uniform control", "all"),
    ]  # fmt: skip
    assert rows["category support", "minimal"] == pytest.approx(1 - rows["severity relevance", "minimal"], abs=1e-12)
    assert rows["category support", "severe"] == rows["severity relevance", "severe"]
    plain = [recording(r.recording_id, r.truth, r.severity_relevance) for r in many(5, 1, 1.0)]
    assert len(localisation_table(plain)) == 3


def test_nothing_to_measure():
    table = localisation_table([recording("a_1", [0, 0], [1, 2]), recording("b_1", [0, 1], [np.nan, np.nan])])
    assert table["value"].isna().all()
    assert (table["recordings_excluded"] == 2).all()
    assert table["note"][0] == "no recording has both cue and other units"
    assert localisation_table([])["n"].tolist() == [0, 0, 0]


def test_unusable_recordings():
    with pytest.raises(UnusableInput, match="'a_1' is given twice"):
        localise([recording("a_1", [0, 1], [1, 2])] * 2, lambda r: r.severity_relevance)
    with pytest.raises(UnusableInput, match="one score for each scale-1 unit"):
        localise([recording("a_1", [0, 1], [1, 2, 3])], lambda r: r.severity_relevance)
    with pytest.raises(UnusableInput, match="boolean truth"):
        localise([RecordingRelevance("a", "a", np.array([0.0, 1.0]), np.zeros(2))], lambda r: r.severity_relevance)
