import numpy as np
import pytest

from openada.datasets.planted.draws import draw_recording
from openada.datasets.planted.references import coincidence_share, draw_shares, references


def test_the_true_share_tells_the_score_up_to_the_label_noise():
    table = references(3000, seconds=30.0).set_index(["reference", "level"])["ratio"]
    bound = table["true score (label noise alone)", "recording"]
    assert 0.13 < bound < 0.19
    assert bound < table["isotonic on true cue share", "recording"] < 0.22
    assert table["isotonic on true cue share", "session"] < table["isotonic on true cue share", "recording"]
    assert (table["training mean"] == 1).all()


def test_shorter_recordings_tell_less():
    short = references(2000, seconds=12.0).set_index(["reference", "level"])["ratio"][
        "isotonic on true cue share", "recording"
    ]
    assert 0.3 < short < 0.6


def test_null_labels_cannot_be_read():
    table = references(2000, variant="null")
    assert table.loc[table["reference"].str.startswith("isotonic"), "ratio"].min() > 0.95
    assert not table["reference"].str.contains("noise").any()


def test_drawn_shares_are_reproducible_and_two_per_subject():
    table = draw_shares(11, 12.0, 5, "standard")
    assert len(table) == 12 and (table.groupby("subject")["score"].nunique() == 1).all()
    assert table.equals(draw_shares(11, 12.0, 5, "standard"))


def test_coincidence_share_of_the_truths_own_signals():
    found, true = [], []
    for subject in range(11):
        _, truth = draw_recording(3, subject, "talk", 6.0 * subject, 30.0, 25.0, "standard")
        signals = [truth[c].to_numpy() for c in ("AU01", "AU15", "gaze_pitch_deg")]
        found.append(coincidence_share(*signals, truth["time_s"].to_numpy()))
        true.append(truth["cue"].mean())
    np.testing.assert_allclose(found, true, atol=0.08)
    assert np.corrcoef(found, true)[0, 1] > 0.97


def test_coincidence_share_of_known_signals_with_gaps():
    time_s = np.arange(100) / 10
    on = [np.zeros(100), np.zeros(100), np.zeros(100)]
    on[0][10:60] = 1
    on[1][30:70] = 1
    on[2][20:50] = 1
    assert coincidence_share(*on, time_s) == pytest.approx(0.20, abs=0.02)
    on[0][90:] = np.nan
    assert coincidence_share(*on, time_s) == pytest.approx(20 / 90, abs=0.02)
    assert np.isnan(coincidence_share(np.full(100, np.nan), on[1], on[2], time_s))
