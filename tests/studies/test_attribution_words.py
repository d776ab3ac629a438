"""Sentences about an attribution: only what hand-made numbers carry."""

import numpy as np
import pandas as pd
import pytest

from openada.explanation.region_pooling import POOLS
from openada.studies.attribution import RecordingAttribution, completeness_sentence
from openada.studies.attribution_words import outside_sentences, sentences

TIME_S = np.arange(100) / 5


def found(along, *, r=0.61, q=0.01, method="deeplift", outside=0.1, area=0.4, size=0.0):
    """A recording of 20 s; along: pool → (100,) what raised the score there."""
    series = np.stack([along.get(name, np.zeros(100)) for name in POOLS], axis=1)
    shares = series.sum(0) / series.sum()
    regions = pd.DataFrame({"region": POOLS, "share": shares, "share_raised": shares, "area_share": 0.05})
    regions.loc[regions["region"] == "outside the face", ["share", "area_share"]] = outside, area
    regions["area_normalised"] = regions["share"] / regions["area_share"]
    units = pd.DataFrame(
        {"signal": ["AU01_g", "AU12_g"], "name": ["inner brow raise (AU01)", "lip corner pull (AU12)"], "r": [r, 0.1]}
    ).assign(q_value=[q, 0.9], n_frames=96, r_size=[0.2, size], q_size=[0.9, 0.01 if size else 0.9])
    return RecordingAttribution(method, "points", True, TIME_S, series.sum(1), series, regions, units, None)


def bump(first, last, height=1.0):
    return np.where((np.arange(100) >= first) & (np.arange(100) <= last), height, 0.0)


def test_most_is_said_with_its_place_its_time_and_its_movement():
    said = sentences(found({"brows": bump(62, 75) + 0.01, "mouth": bump(0, 99, 0.04)}))
    assert said[0].startswith("Most of what raised the score came from the brows between 12.")
    assert "rose and fell together with inner brow raise (AU01), r = 0.61" in said[1]
    assert "10% of the attribution lies outside the face" in said[2] and "limit" not in said[2]


def test_a_movement_that_the_size_alone_goes_with_is_said_beside():
    said = sentences(found({"brows": bump(0, 99)}, q=0.2, size=0.45))
    assert "none of 2 measured movements" in said[1]
    assert said[2].startswith(
        "Frame by frame the size of the attribution, upwards or downwards, rose and fell together with lip corner pull"
    )
    assert "(AU12), r = 0.45" in said[2]


def test_without_a_majority_in_a_narrow_stretch_less_is_claimed():
    even = sentences(found({"brows": bump(0, 99), "mouth": bump(0, 99, 0.5)}, q=0.2))
    assert even[0] == "Most of what raised the score (67%) came from the brows, spread over the recording."
    assert "none of 2 measured movements" in even[1]
    small = sentences(found({"brows": bump(10, 19, 4.0), "mouth": bump(0, 99, 0.3), "nose": bump(0, 99, 0.3)}, r=-0.7))
    assert small[0].startswith(
        "The largest part of what raised the score, 40%, came from the brows, half of that between 2.0 s"
    )
    assert "rose where there was less of" in small[1]
    assert sentences(found({"jaw": bump(0, 99)}, method="saliency"))[0].startswith("Most of the map")


def test_what_lies_outside_the_face_is_flagged_above_an_even_maps_share():
    texts, flagged = outside_sentences(found({"brows": bump(0, 9)}, outside=0.5, area=0.4))
    assert flagged and "1.25 times" in texts[0] and "Above the limit" in texts[0]
    assert not outside_sentences(found({"brows": bump(0, 9)}, outside=0.4, area=0.4))[1]


def test_completeness_in_words():
    facts = {"score": 20.0, "baseline_score": 10.0, "attribution_sum": 9.5, "error": 0.5, "error_relative": 0.05}
    facts["baseline"] = "every pixel mid-grey"
    text = completeness_sentence({**facts, "largest_clip_error": 0.75})
    assert "add up to 9.500 points" in text and "0.5 points, 5.0% of the difference" in text
    assert "0.75 points" in text and "less the baseline's (every pixel mid-grey), 10.000, is 10.000" in text
    assert "difference" not in completeness_sentence({**facts, "error_relative": None, "largest_clip_error": 1.0})


@pytest.mark.parametrize("count", [2, 7])
def test_top_and_bottom_frames_are_those_of_the_series(count):
    one = found({"brows": np.linspace(0, count, 100)})
    top, bottom = one.extremes
    assert top[0] == 99 and bottom[0] == 0 and len(top) == len(bottom) == 5
