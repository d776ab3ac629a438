"""Planted effects are where the truth says, and nowhere in the null cohort."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from openada.cohort.associations import associate
from openada.cohort.build import build_cohort
from openada.cohort.instruments import INSTRUMENTS, totals
from openada.cohort.layout import read_cohort
from openada.cohort.measures import MIN_CONFIDENCE, measure_recording
from openada.cohort.synthetic.people import PLANTED, SCALES, Planted, draw_people, truth_table
from openada.cohort.synthetic.recordings import FEATURES, SIGNALS, draw_recordings
from openada.cohort.synthetic.write import write_synthetic_cohort
from openada.errors import UnusableInput

COVARIATES = ["age", "sex", "site"]
MANY, SAMPLE = 20_000, 500


@cache
def population(null: bool = False):
    people = draw_people(np.arange(MANY), 7, FEATURES, () if null else PLANTED)
    features = pd.DataFrame(people.traits, columns=list(FEATURES))
    scores = {
        name: totals(people.table[list(INSTRUMENTS[name].columns)].to_numpy(), INSTRUMENTS[name]) for name in SCALES
    }
    return features, pd.DataFrame(scores), people.table[COVARIATES]


@cache
def truth_of(effects):
    return truth_table(FEATURES, effects).rename(columns={"r_adjusted": "adjusted", "r_unadjusted": "unadjusted"})


def against_truth(found, column, effects=PLANTED):
    together = found.merge(truth_of(effects), on=["feature", "scale"])
    assert len(together) == len(found)
    return together, together["r"] - together[column]


def test_all_effects_are_recovered_adjusted_and_unadjusted():
    features, scores, covariates = population()
    adjusted, off = against_truth(associate(features, scores, covariates, method="pearson"), "adjusted")
    standard_error = 1 / np.sqrt(MANY)
    assert off.abs().max() < 4.5 * standard_error and off.std() < 1.3 * standard_error
    planted = adjusted[adjusted["planted"]]
    assert len(planted) == len(PLANTED) and (planted["low"] * planted["high"] > 0).all()
    some = features.iloc[:, ::3]
    naive, off = against_truth(associate(some, scores, method="pearson"), "unadjusted")
    assert off.abs().max() < 4.5 * standard_error
    assert (naive["unadjusted"] - naive["adjusted"]).abs().max() > 0.02  # confounding that matters


def test_intervals_cover_the_planted_size_at_their_level():
    features, scores, covariates = population()
    names = [effect.feature for effect in PLANTED]
    inside = []
    for first in range(0, MANY, SAMPLE):
        rows = slice(first, first + SAMPLE)
        found, _ = against_truth(
            associate(features.loc[:, names][rows], scores[rows], covariates[rows], method="pearson"), "adjusted"
        )
        found = found[found["planted"]]
        inside += ((found["low"] <= found["adjusted"]) & (found["adjusted"] <= found["high"])).tolist()
    assert len(inside) == 40 * len(PLANTED)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.035)  # three standard errors of 320


def test_the_null_cohort_has_no_effect_but_the_same_confounding():
    features, scores, covariates = population(null=True)
    found, off = against_truth(associate(features, scores, covariates, method="pearson"), "adjusted", ())
    assert found["adjusted"].abs().max() == 0 and off.abs().max() < 4.5 / np.sqrt(MANY)
    assert found["p_value"].lt(0.05).mean() == pytest.approx(0.05, abs=0.06)
    naive = associate(features.iloc[:, ::3], scores, method="pearson")
    assert naive["p_value"].lt(0.05).mean() > 0.3


def test_people_are_the_same_however_many_are_drawn_and_others_with_another_seed():
    few, many = (draw_people(np.arange(first, 13), 3, FEATURES) for first in (11, 0))
    pd.testing.assert_frame_equal(few.table, many.table[11:].reset_index(drop=True))
    np.testing.assert_allclose(few.traits, many.traits[11:])
    assert (draw_people(np.arange(11, 13), 4, FEATURES).traits != few.traits).all()
    one = draw_recordings(np.array([12]), few.traits[1:], 3, seconds=5, fps=10)[0]
    pd.testing.assert_frame_equal(one, draw_recordings(np.arange(11, 13), few.traits, 3, seconds=5, fps=10)[1])


def test_null_people_differ_from_planted_ones_in_planted_features_alone():
    real, null = (draw_people(np.arange(5), 3, FEATURES, effects) for effects in (PLANTED, ()))
    pd.testing.assert_frame_equal(real.table, null.table)
    changed = {FEATURES[column] for column in np.flatnonzero((real.traits != null.traits).any(axis=0))}
    assert changed == {effect.feature for effect in PLANTED}
    with pytest.raises(UnusableInput, match="planted on nothing__mean"):
        draw_people(np.arange(5), 3, FEATURES, (Planted("nothing__mean", SCALES[0], 0.1),))


def test_a_recording_has_the_means_and_spreads_of_its_traits_in_the_frames_that_count():
    traits = np.random.default_rng(3).standard_normal((17, len(FEATURES)))
    for row, table in zip(traits, draw_recordings(np.arange(17), traits, 5, seconds=11, fps=13), strict=True):
        features = measure_recording(table).features
        for place, signal in enumerate(SIGNALS):
            spread = signal.spread * (1 + 0.2 * row[len(SIGNALS) + place])
            assert features[f"{signal.name}__mean"] == pytest.approx(
                signal.level + signal.level_sd * row[place], abs=1e-4
            )
            assert features[f"{signal.name}__std"] == pytest.approx(spread, rel=1e-3)
        doubtful = table["tracked"] & (table["confidence"] < MIN_CONFIDENCE)
        assert table.loc[~table["tracked"], "AU12_g"].isna().all()
        if doubtful.any():
            assert measure_recording(table, min_confidence=0.0).features["AU12_g__mean"] != features["AU12_g__mean"]


@pytest.mark.parametrize("layout", ["set", "files"])
def test_the_wide_table_is_what_a_build_makes_of_the_tables(tmp_path, layout):
    settings = {"people": 29, "seed": 2, "seconds": 5.0, "fps": 10.0}
    write_synthetic_cohort(tmp_path / "a", layout_of_tables=layout, **settings)
    write_synthetic_cohort(tmp_path / "b", only_statistics=True, **settings)
    assert (tmp_path / "a/questionnaire.csv").read_bytes() == (tmp_path / "b/questionnaire.csv").read_bytes()
    built = build_cohort(
        tmp_path / "a/tables", tmp_path / "a/questionnaire.csv", tmp_path / "out", workers=1, progress=False
    ).cohort
    direct = read_cohort(tmp_path / "b/cohort")
    pd.testing.assert_frame_equal(built.features[direct.features.columns], direct.features, rtol=1e-9)
    pd.testing.assert_frame_equal(built.people, direct.people, check_dtype=False)
    assert len(pd.read_csv(tmp_path / "a/truth.csv")) == 3 * len(FEATURES)
    with pytest.raises(UnusableInput, match="1 people"):
        write_synthetic_cohort(tmp_path / "c", people=1)
