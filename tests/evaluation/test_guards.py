import numpy as np
import pandas as pd
import pytest

from openada.datasets.splits import Split
from openada.errors import UnusableInput
from openada.evaluation.guards import (
    require_all_folds,
    require_identity_lookup,
    require_no_label_among,
    require_unselected,
    scaled_before_split,
    subjects_on_both_sides,
)

N, D = 47, 5


def drawn(seed=0, n=N, d=D):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 64, n).astype(float)
    columns = [f"AU{k:02d}_g mean" for k in range(d)]
    return pd.DataFrame(rng.gamma(2.0, 3.0, (n, d)), columns=columns), label, np.arange(n) < 31


@pytest.mark.parametrize("selected_on", ["test", ("development", "test"), {"test"}])
def test_selected_on_the_part_reported(selected_on):
    with pytest.raises(UnusableInput, match=r"the test recordings selected this model: .* use another part"):
        require_unselected(selected_on, "test")


def test_what_may_be_reported():
    for selected_on in (None, (), "development", ["development"]):
        require_unselected(selected_on, "test")
    require_unselected(None, "development")
    with pytest.raises(UnusableInput, match="the development recordings selected this model"):
        require_unselected("development", "development")
    with pytest.raises(UnusableInput, match="the training recordings trained this model"):
        require_unselected(None, "training")


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_standardised_over_all(ddof, dtype):
    x, _, training = drawn()
    scaled = ((x - x.mean()) / x.std(ddof=ddof)).astype(dtype)
    finding = scaled_before_split(scaled, training)
    assert finding.startswith("5 of 5 features (AU00_g mean, AU01_g mean,") and "were standardised over all" in finding
    scaled["constant"] = 0.0  # as a scaler leaves it
    scaled.iloc[3, 1] = np.nan
    scaled.iloc[:, 1] -= np.nanmean(scaled.iloc[:, 1])
    assert "of 5 features" in scaled_before_split(scaled, training)


def test_centred_and_spanned_over_all():
    x, _, training = drawn()
    assert "were centred over all" in scaled_before_split(x - x.mean(), training)
    u, s, _ = np.linalg.svd(x - x.mean(), full_matrices=False)
    assert "were centred over all" in scaled_before_split(pd.DataFrame(u * s), training)
    x.iloc[46, 0] = 99.0  # a test recording holds one of the extremes
    assert "scaled to 0–1 over all" in scaled_before_split((x - x.min()) / (x.max() - x.min()), training)


def test_what_is_scaled_honestly_or_not_at_all_is_left_alone():
    x, _, training = drawn()
    assert scaled_before_split(x, training) == ""
    inside = x[training]
    assert scaled_before_split((x - inside.mean()) / inside.std(), training) == ""
    assert scaled_before_split((x - inside.min()) / (inside.max() - inside.min()), training) == ""
    assert scaled_before_split(x - x.mean() + 1e-3, training) == ""
    one = x.assign(**{"AU00_g mean": x["AU00_g mean"] - x["AU00_g mean"].mean()})
    assert scaled_before_split(one, training) == ""  # a single column may be centred by its nature
    paired = np.repeat(np.random.default_rng(1).standard_normal((23, 3)), 2, axis=0) * np.tile([1.0, -1.0], 23)[:, None]
    assert scaled_before_split(pd.DataFrame(paired), np.arange(46) < 30) == ""  # centred within people
    assert scaled_before_split(pd.DataFrame(np.ones((7, 3))), np.arange(7) < 4) == ""
    flags = np.random.default_rng(1).integers(0, 2, (N, 3))  # 0 to 1 by their nature, in training too
    assert scaled_before_split(pd.DataFrame(flags), training) == ""
    with pytest.raises(UnusableInput, match="training has shape"):
        scaled_before_split(x, training.astype(float))


@pytest.mark.parametrize(
    "name",
    ["score", "PHQ8_Score", "phq8Total", "BDI-II", "bdi2", "Final Label", "item_3", "PHQScore", "DepressionSeverity"],
)
def test_a_name_gives_a_label_away(name):
    x, label, _ = drawn()
    x[name] = np.random.default_rng(1).standard_normal(N)
    with pytest.raises(UnusableInput, match=f"feature {name!r} is called like a label"):
        require_no_label_among(x, label)


@pytest.mark.parametrize(
    "copy",
    [
        lambda y: y,
        lambda y: 0.1 - 3.0 * y,
        lambda y: np.exp(y / 20.0),
        lambda y: np.argsort(np.argsort(np.unique(y)))[np.searchsorted(np.unique(y), y)],
        lambda y: np.searchsorted([14, 20, 29], y, side="right"),
        lambda y: (y >= 14).astype(float),
        lambda y: np.where(np.arange(N) % 5 == 0, np.nan, y),
    ],
    ids=["copy", "affine", "monotone", "rank", "band", "class", "with gaps"],
)
def test_a_column_made_from_the_label(copy):
    x, label, _ = drawn()
    x["AU99_g mean"] = copy(label)
    with pytest.raises(UnusableInput, match=r"feature 'AU99_g mean' is a monotone function of the label"):
        require_no_label_among(x, label)


def test_a_noisy_copy_and_a_sum():
    x, label, _ = drawn()
    rng = np.random.default_rng(3)
    with pytest.raises(UnusableInput, match="'f' is all but a copy of the label"):
        require_no_label_among(x.assign(f=label + 0.3 * rng.standard_normal(N)), label)
    parts = {f"f{k}": rng.integers(0, 4, N).astype(float) for k in range(8)}
    total = np.sum(list(parts.values()), axis=0)
    with pytest.raises(UnusableInput, match="features f0, f1, f2, f3, f4 and 3 more add up to the label exactly"):
        require_no_label_among(x.assign(**parts), total)
    require_no_label_among(x.assign(**parts), total + rng.integers(-1, 2, N))


def test_two_classes_as_labels():
    x, _, _ = drawn()
    label = (np.random.default_rng(2).random(N) < 0.4).astype(float)
    require_no_label_among(x, label)
    with pytest.raises(UnusableInput, match="'f' is a monotone function"):
        require_no_label_among(x.assign(f=1.0 - label), label)


def test_honest_features_are_let_through():
    for seed in range(20):
        x, label, _ = drawn(seed, d=37)
        x["strong"] = label + 5.0 * np.random.default_rng(seed).standard_normal(N)
        x["rare"] = (np.arange(N) == np.argmax(label)).astype(float)  # one event, in the person with the highest score
        require_no_label_among(x, label)
    wide, label, _ = drawn(1, d=59)  # more columns than recordings add up to anything
    require_no_label_among(wide, label)
    five = np.repeat(np.arange(5), 7)  # an age that happens to fall into the order of five people's scores
    age, score = np.array([20.0, 31.0, 40.0, 47.0, 66.0])[five], np.array([2.0, 5.0, 9.0, 30.0, 41.0])[five]
    require_no_label_among(pd.DataFrame({"age": age}), score, five)
    with pytest.raises(UnusableInput, match="'age' is a monotone"):
        require_no_label_among(pd.DataFrame({"age": age}), score)
    with pytest.raises(UnusableInput, match="47 rows of features for 3 labels"):
        require_no_label_among(x, [1.0, 2.0, 3.0])
    with pytest.raises(UnusableInput, match="not a number"):
        require_no_label_among(pd.DataFrame({"a": ["x", "y"]}), [1.0, 2.0])


def over_folds(**values):
    rows = [(k + 1, metric, v) for metric, each in values.items() for k, v in enumerate(each)]
    return pd.DataFrame(rows, columns=["fold", "metric", "value"])


def test_a_figure_of_the_best_fold_is_refused():
    folds = over_folds(rmse=[9.1234, 7.1432, 11.0], ccc=[0.2, 0.61, 0.3])
    require_all_folds({"rmse": 9.09, "ccc": 0.37}, folds)  # the means
    require_all_folds({"rmse": 9.31}, folds)  # pooled, say
    with pytest.raises(
        UnusableInput, match=r"rmse 7.14 is that of fold 2, the best of 3: report the mean 9.089 .* 1.9"
    ):
        require_all_folds({"ccc": 0.37, "rmse": 7.14}, folds)
    with pytest.raises(UnusableInput, match=r"ccc 0.61 is that of fold 2"):  # higher is better
        require_all_folds({"ccc": 0.61}, folds)
    with pytest.raises(UnusableInput, match=r"rmse 7.1432 is that of fold 2"):
        require_all_folds({"rmse": 7.1432}, folds)
    require_all_folds({"rmse": 7.0}, over_folds(rmse=[7.0, 7.0]))
    require_all_folds({"rmse": 7.01}, over_folds(rmse=[7.008, 7.009]))  # the mean, to the decimals printed
    with pytest.raises(UnusableInput, match="mae is reported but has no folds"):
        require_all_folds({"mae": 5.0}, folds)


def split(**people):
    ids = {part: tuple(f"{part}_{name}" for name in names) for part, names in people.items()}
    return Split("s", ids, {f"{part}_{name}": name for part, names in people.items() for name in names})


def test_the_identity_look_up_is_required_where_it_knows_someone():
    both = split(training="abc", development="cd", test="bdef")
    assert subjects_on_both_sides(both) == (
        "1 subjects are in both training and development: c; 1 subjects are in both training and test: b; "
        "1 subjects are in both development and test: d"
    )
    bare = pd.DataFrame({"predictor": ["training mean", "model"]})
    with pytest.raises(
        UnusableInput, match=r"1 subjects are in both training and test \(b\) .* no row 'identity look-up'"
    ):
        require_identity_lookup(bare, both)
    one = pd.DataFrame({"predictor": ["training mean", "identity look-up", "model"]})
    with pytest.raises(UnusableInput, match=r"development and test \(d\) .* 'identity look-up with development'"):
        require_identity_lookup(one, both)
    require_identity_lookup(pd.DataFrame({"predictor": [*one["predictor"], "identity look-up with development"]}), both)
    require_identity_lookup(one, both, part="development")
    with pytest.raises(UnusableInput, match=r"training and development \(c\)"):
        require_identity_lookup(bare, both, part="development")
    apart = split(training="abc", test="def")
    assert subjects_on_both_sides(apart) == ""
    require_identity_lookup(bare, apart)
