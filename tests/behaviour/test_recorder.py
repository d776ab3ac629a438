import numpy as np
import pandas as pd
import pytest

from openada.behaviour.dictionary import DICTIONARY, dictionary_markdown
from openada.behaviour.recorder import BehaviourRecorder
from openada.behaviour.signals import signals
from openada.behaviour.statistics import statistics

FRAMES = 1009


@pytest.fixture(scope="module")
def recording():
    """Landmarks of a rough face that blinks and nods, with a gap."""
    rng = np.random.default_rng(3)
    from conftest import face_points

    landmarks = face_points()[None] + rng.normal(0, 0.3, (FRAMES, 478, 3)).astype(np.float32)
    tracked = np.ones(FRAMES, bool)
    tracked[310:331] = False
    landmarks[~tracked] = np.nan
    return landmarks, tracked, np.cumsum(rng.uniform(0.03, 0.05, FRAMES))


def written(recording, folder, step, kind="median", **kwargs):
    landmarks, tracked, time_s = recording
    names = ("behaviour", "events", "statistics")
    paths = [folder / f"{name}.parquet" for name in names]
    with BehaviourRecorder(folder / "raw") as recorder:
        for start in range(0, FRAMES, step):
            part = slice(start, start + step)
            recorder.add(time_s[part], tracked[part], landmarks[part], **{k: v[part] for k, v in kwargs.items()})
        recorder.write(*paths, reference=recorder.reference(kind), kind=kind)
    assert not (folder / "raw").exists()
    return {name: pd.read_parquet(path) for name, path in zip(names, paths, strict=True)}


@pytest.mark.parametrize("kind", ["median", "first-seconds", "none"])
def test_stretches_give_what_the_whole_gives(recording, tmp_path, kind, monkeypatch):
    monkeypatch.setattr("openada.behaviour.recorder.ROWS_AT_ONCE", 97)
    tables = written(recording, tmp_path, 101, kind)
    whole = signals(*recording, reference=kind)
    pd.testing.assert_frame_equal(tables["behaviour"], whole, check_exact=False, rtol=1e-5, atol=1e-6)
    expected = statistics(whole)
    found = tables["statistics"][expected.columns]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-4, atol=1e-4)
    assert list(tables["behaviour"].columns[2:]) == [signal.name for signal in DICTIONARY]


def test_events_and_flags_agree(recording, tmp_path):
    tables = written(recording, tmp_path, 211)
    events, behaviour = tables["events"], tables["behaviour"]
    for kind in ("blink", "saccade", "fixation"):
        inside = np.zeros(FRAMES, bool)
        for event in events[events["kind"] == kind].itertuples():
            inside |= (behaviour["time_s"] >= event.start_s) & (behaviour["time_s"] <= event.end_s)
        flag = behaviour[kind].to_numpy()
        np.testing.assert_array_equal(np.isnan(flag), ~behaviour["tracked"])
        np.testing.assert_array_equal(flag[behaviour["tracked"]] == 1, inside[behaviour["tracked"]])
    assert len(events) and events["start_s"].is_monotonic_increasing


def test_another_recordings_median_can_be_the_reference(recording, tmp_path):
    landmarks, tracked, time_s = recording
    shifted = landmarks.copy()
    shifted[:, [55, 107, 285, 336], 1] -= 2.0  # brows raised all the time: no median of its own shows it
    with BehaviourRecorder(tmp_path / "rest.raw") as rest:
        rest.add(time_s, tracked, landmarks)
        baseline = rest.reference("median")
    raised = signals(shifted, tracked, time_s, reference=baseline)["AU01_g"].median()
    assert raised > 0.05 and abs(signals(shifted, tracked, time_s)["AU01_g"].median()) < 1e-6


def test_blendshapes_become_columns(recording, tmp_path):
    coefficients = np.random.default_rng(1).uniform(0, 1, (FRAMES, 52)).astype(np.float32)
    behaviour = written(recording, tmp_path, 307, blendshapes=coefficients)["behaviour"]
    tracked = recording[1]
    np.testing.assert_array_equal(behaviour.loc[tracked, "blendshape_jawOpen"], coefficients[tracked, 25])
    assert behaviour.loc[~tracked, "blendshape_jawOpen"].isna().all()


def test_the_docs_print_the_dictionary(request):
    page = (request.config.rootpath / "docs" / "behaviour_signals.md").read_text(encoding="utf-8")
    assert dictionary_markdown() in page
