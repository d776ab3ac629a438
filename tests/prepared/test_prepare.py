from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import face_points, write_video
from openada.behaviour.recorder import BehaviourRecorder
from openada.errors import UnusableInput
from openada.files import read_json
from openada.prepared import layout
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.prepared.job import Job, Parameters
from openada.prepared.prepare import prepare
from openada.prepared.track import landmarks_of
from openada.prepared.writer import finished, prepare_recording
from openada.video import frames

# Irregular times, a gap in tracking, and a grey level that names the frame.
TIMES_S = np.cumsum(np.array([0.017, 0.033, 0.051, 0.02, 0.2, 0.041] * 9)) + 0.1
LEVEL = 70 + 3 * np.arange(len(TIMES_S))
LOST = np.isin(np.arange(len(TIMES_S)), [0, 7, 8, 9, 40, len(TIMES_S) - 1])


@pytest.fixture
def prepared(tmp_path: Path, scripted: None) -> PreparedRecording:
    write_video(tmp_path / "v.mp4", TIMES_S, LOST, LEVEL)
    prepare_recording(Job("v", tmp_path / "v.mp4", tmp_path / "out" / "v", Parameters()))
    return PreparedRecording("v", tmp_path / "out" / "v")


def test_frame_k_of_the_face_video_is_row_k_of_the_track(prepared: PreparedRecording) -> None:
    crops = list(frames(prepared.face_file))
    assert len(crops) == len(prepared.times) == len(TIMES_S)
    np.testing.assert_allclose(prepared.time_s, TIMES_S, atol=1e-5)
    np.testing.assert_allclose([crop.time_s for crop in crops], prepared.time_s, atol=1e-5)
    np.testing.assert_array_equal(prepared.tracked, ~LOST)
    for crop, level, lost in zip(crops, LEVEL, LOST, strict=True):
        assert abs(float(crop.rgb[112, 112].mean()) - (128 if lost else level)) < 4


def test_any_span_of_crops_equals_the_whole_read_once(prepared: PreparedRecording) -> None:
    whole = prepared.crops()
    for first, end in ((0, 5), (6, 11), (17, 18), (31, len(TIMES_S))):
        np.testing.assert_array_equal(prepared.crops(first, end), whole[first:end])
    np.testing.assert_array_equal(prepared.memory_map(32)[20:23], prepared.crops(20, 23, 32))
    with pytest.raises(UnusableInput, match=r"frames 0 to 53.*asked for 50 to 59"):
        prepared.crops(50, 60)


def test_lost_frames_are_nan_rows_with_every_column(prepared: PreparedRecording) -> None:
    track = prepared.track()
    landmarks = landmarks_of(track)
    assert np.isnan(landmarks[LOST]).all()
    np.testing.assert_array_equal(landmarks[~LOST], np.broadcast_to(face_points(), (int((~LOST).sum()), 478, 3)))
    transforms = np.stack(list(track["crop_from_frame"])).reshape(-1, 2, 3)
    assert np.isnan(transforms[LOST]).all() and np.isfinite(transforms[~LOST]).all()
    for name in (*layout.BOX_COLUMNS, *layout.POSE_COLUMNS):
        assert track.loc[LOST, name].isna().all()
    assert prepared.behaviour.drop(columns=["time_s", "tracked"])[LOST].isna().all(axis=None)


def test_the_reference_is_the_median_of_tracked_crops(prepared: PreparedRecording) -> None:
    middle = prepared.reference()[112, 112].mean()
    assert abs(middle - np.median(LEVEL[~LOST])) < 4


def test_a_file_that_changed_is_prepared_anew_and_one_that_did_not_is_kept(prepared: PreparedRecording) -> None:
    job = Job("v", prepared.folder.parents[1] / "v.mp4", prepared.folder, Parameters())
    assert finished(job) is not None
    assert finished(Job("v", job.video, job.folder, Parameters(crf=20))) is None
    write_video(job.video, TIMES_S[:30], LOST[:30], LEVEL[:30])
    assert finished(job) is None


def test_an_interrupted_recording_leaves_nothing_and_the_next_run_finishes(
    tmp_path: Path, scripted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path / "v.mp4", TIMES_S, LOST, LEVEL)
    row = {"recording_id": "v", "video": "v.mp4", "subject": "p", "session": "1", "task": "x", "split": "test", "score": 3,
           "scale": "BDI-II"}  # fmt: skip
    pd.DataFrame([row]).to_csv(tmp_path / "m.csv", index=False)

    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BehaviourRecorder, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(tmp_path / "m.csv", tmp_path / "out", workers=1, progress=False)
    assert not list((tmp_path / "out" / "recordings").glob("*"))
    with pytest.raises(UnusableInput, match="not finished: run 'openada prepare' again"):
        PreparedDataset(tmp_path / "out")
    outcomes = prepare(tmp_path / "m.csv", tmp_path / "out", workers=1, progress=False)
    assert [outcome.status for outcome in outcomes] == ["done"]
    assert [o.status for o in prepare(tmp_path / "m.csv", tmp_path / "out", workers=1, progress=False)] == ["kept"]
    assert PreparedDataset(tmp_path / "out").split().ids["test"] == ("v",)


def test_one_bad_video_fails_alone_and_says_why(tmp_path: Path, scripted: None) -> None:
    write_video(tmp_path / "good.mp4", TIMES_S, LOST, LEVEL)
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    rows = [
        {"recording_id": name, "video": f"{name}.mp4", "subject": name, "session": "1", "task": "x", "split": "test", "score": 3,
         "scale": "BDI-II"} for name in ("bad", "good")
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "m.csv", index=False)
    bad, good = prepare(tmp_path / "m.csv", tmp_path / "out", workers=1, progress=False)
    assert (bad.status, good.status) == ("failed", "done")
    manifest = PreparedDataset(tmp_path / "out").manifest.set_index("recording_id")
    assert manifest["status"].to_dict() == {"bad": "failed", "good": "prepared"}
    assert "bad.mp4" in manifest.loc["bad", "error"]


def test_other_parameters_never_mix_into_a_prepared_folder(tiny_prepared: Path) -> None:
    source = Path(read_json(tiny_prepared / "dataset.json")["source_manifest"])
    with pytest.raises(UnusableInput, match="choose another --out"):
        prepare(source, tiny_prepared, parameters=Parameters(crf=30), workers=1, progress=False)


def test_a_corpus_without_video_is_refused_at_once(tmp_path: Path) -> None:
    row = {"recording_id": "300_P", "video": "300_P/300_CLNF_AUs.txt", "subject": "300", "session": "1", "task": "interview",
           "split": "test", "score": 3, "scale": "PHQ-8", "kind": "behaviour"}  # fmt: skip
    pd.DataFrame([row]).to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(UnusableInput, match=r"behaviour tables.*docs/corpora.md"):
        prepare(tmp_path / "m.csv", tmp_path / "out", workers=1, progress=False)
    assert not (tmp_path / "out").exists()
