import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import write_video
from openada.batch.lock import exclusive
from openada.errors import UnusableInput
from openada.files import read_json
from openada.prepared.features import features, find_videos, folder_names
from openada.prepared.job import Parameters

MEASURED = Parameters(crops=False)


def make(path: Path, frames: int = 23, lost: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, np.arange(frames) / 20, np.full(frames, lost), np.full(frames, 120))
    return path


def run(given: list[Path], out: Path, **kwargs: object) -> tuple[list[str], pd.DataFrame]:
    outcomes, table = features(
        [str(path) for path in given], out, parameters=MEASURED, workers=1, progress=False, **kwargs
    )
    return [outcome.status for outcome in outcomes], table.set_index("recording_id")


def test_a_folder_of_tables_for_each_video_and_nothing_else(tmp_path: Path, scripted: None) -> None:
    make(tmp_path / "in" / "one.mp4")
    statuses, table = run([tmp_path / "in"], tmp_path / "out")
    assert statuses == ["done"] and table.loc["one", "frames"] == 23
    files = sorted(path.name for path in (tmp_path / "out" / "one").iterdir())
    assert files == ["behaviour.parquet", "events.parquet", "quality.json", "statistics.parquet", "track.parquet"]
    behaviour = pd.read_parquet(tmp_path / "out" / "one" / "behaviour.parquet")
    np.testing.assert_allclose(behaviour["time_s"], np.arange(23) / 20, atol=1e-5)


def test_started_again_it_keeps_what_is_done_and_a_failure_does_not_stop_the_rest(
    tmp_path: Path, scripted: None
) -> None:
    good, faceless = make(tmp_path / "good.mp4"), make(tmp_path / "faceless.mp4", lost=True)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    statuses, table = run([good, bad, faceless], tmp_path / "out")
    assert statuses == ["done", "failed", "done"]
    assert table["status"].to_dict() == {"good": "prepared", "bad": "failed", "faceless": "no face"}
    assert "bad.mp4" in table.loc["bad", "error"] and not (tmp_path / "out" / "bad").exists()
    behaviour = pd.read_parquet(tmp_path / "out" / "faceless" / "behaviour.parquet")
    assert len(behaviour) == 23 and not behaviour["tracked"].any()
    assert behaviour.drop(columns=["time_s", "tracked"]).isna().all(axis=None)  # no fabricated value
    assert run([good, bad, faceless], tmp_path / "out")[0] == ["kept", "failed", "kept"]


def test_another_format_is_written_without_tracking_again(tmp_path: Path, scripted: None) -> None:
    video, out = make(tmp_path / "one.mp4"), tmp_path / "out"
    run([video], out)
    track = (out / "one" / "track.parquet").stat().st_mtime_ns
    run([video], out, export="csv")
    run([video], out, export="openface")
    assert (out / "one" / "track.parquet").stat().st_mtime_ns == track
    csv, parquet = pd.read_csv(out / "one" / "behaviour.csv"), pd.read_parquet(out / "one" / "behaviour.parquet")
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False, rtol=1e-5)
    openface = pd.read_csv(out / "one" / "openface.csv")
    assert list(openface["frame"]) == list(range(1, 24)) and (openface["success"] == 1).all()
    assert {"pose_Rx", "gaze_angle_x", "x_67", "AU12_g"} <= set(openface) and "pose_Tz" not in openface
    assert run([video], out, export="openface")[0] == ["kept"]


def test_names_are_stems_and_longer_only_where_they_collide(tmp_path: Path) -> None:
    videos = [tmp_path / name for name in ("a/x.mp4", "b/x.mp4", "b/x.mov", "b/y.mp4", "b/Z.mp4")]
    out = tmp_path / "out"
    assert folder_names(videos, out) == ["a__x", "b__x", "b__x_mov", "y", "Z"]


def test_a_folder_of_another_video_is_never_given_away(tmp_path: Path, scripted: None) -> None:
    first, second = make(tmp_path / "a" / "x.mp4"), make(tmp_path / "b" / "x.mp4", frames=29)
    out = tmp_path / "out"
    run([first], out)
    assert run([second], out)[1].index.tolist() == ["x_mp4", "x"]
    statuses, table = run([first, second], out)
    assert statuses == ["kept", "kept"] and table["frames"].to_dict() == {"x": 23, "x_mp4": 29}
    (out / "mine").mkdir()
    with pytest.raises(UnusableInput, match="belong to other videos"):
        folder_names([tmp_path / "mine"], out)


def test_what_is_given_may_be_files_folders_or_patterns(tmp_path: Path) -> None:
    names = ("a/x.MP4", "a/deep/y.mov", "a/.hidden/z.mp4", "a/notes.txt", "a/still.png", "b.dat")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(*given: str) -> list[str]:
        return [str(path.relative_to(tmp_path)) for path in find_videos([str(tmp_path / text) for text in given])]

    assert found("a") == ["a/deep/y.mov", "a/still.png", "a/x.MP4"]
    assert found("b.dat", "a/**/*.mov", "a/deep") == ["b.dat", "a/deep/y.mov"]
    with pytest.raises(UnusableInput, match="no video or image"):
        find_videos([str(tmp_path / "nothing")])
    with pytest.raises(UnusableInput, match="No video is given"):
        find_videos([])


def test_a_baseline_video_is_part_of_what_was_measured(tmp_path: Path, scripted: None) -> None:
    video, rest = make(tmp_path / "one.mp4"), make(tmp_path / "rest.mp4", frames=31)
    run([video], tmp_path / "out")
    assert run([video], tmp_path / "out", baseline=rest)[0] == ["done"]
    assert run([video], tmp_path / "out", baseline=rest)[0] == ["kept"]
    empty = make(tmp_path / "empty.mp4", lost=True)
    statuses, table = run([video], tmp_path / "out", baseline=empty)
    assert statuses == ["failed"] and "baseline" in table.loc["one", "error"]
    with pytest.raises(UnusableInput, match="no such baseline"):
        run([video], tmp_path / "out", baseline=tmp_path / "missing.mp4")


def test_quality_says_whom_it_came_from(tmp_path: Path, scripted: None) -> None:
    video = make(tmp_path / "one.mp4")
    run([video], tmp_path / "out")
    quality = read_json(tmp_path / "out" / "one" / "quality.json")
    assert quality["source"] == str(video.absolute()) and quality["tracked_share"] == 1.0


def test_a_table_that_went_missing_is_made_again_and_a_broken_quality_file_is_no_fault(
    tmp_path: Path, scripted: None
) -> None:
    video, out = make(tmp_path / "one.mp4"), tmp_path / "out"
    run([video], out)
    (out / "one" / "behaviour.parquet").unlink()
    assert run([video], out)[0] == ["done"] and (out / "one" / "behaviour.parquet").is_file()
    (out / "one" / "quality.json").write_text("{")
    assert run([video], out)[0] == ["done"]  # in a folder of its own: whose the broken one is cannot be known


def test_a_baseline_does_not_change_who_is_followed(tmp_path: Path, scripted: None) -> None:
    video, rest = make(tmp_path / "one.mp4"), make(tmp_path / "rest.mp4", frames=31)
    again = Path(shutil.copy(video, tmp_path / "two.mp4"))
    run([video, again], tmp_path / "out", baseline=rest)
    first, second = ((tmp_path / "out" / name / "behaviour.parquet").read_bytes() for name in ("one", "two"))
    assert first == second
    quality = read_json(tmp_path / "out" / "one" / "quality.json")
    assert quality["reference"] == "baseline rest.mp4" and quality["baseline"] == str(rest)
    for parameters in (Parameters(crops=False, subject="all"), Parameters(crops=False, behaviour_reference="none")):
        with pytest.raises(UnusableInput, match="baseline"):
            features([str(video)], tmp_path / "other", parameters=parameters, baseline=rest, progress=False)


def test_everyone_where_nobody_is_leaves_rows_of_lost_frames(tmp_path: Path, scripted: None) -> None:
    video = make(tmp_path / "one.mp4", lost=True)
    features(
        [str(video)], tmp_path / "out", parameters=Parameters(crops=False, subject="all"), workers=1, progress=False
    )
    behaviour = pd.read_parquet(tmp_path / "out" / "one" / "behaviour.parquet")
    assert len(behaviour) == 23 and not behaviour["tracked"].any()


def test_what_earlier_runs_left_stays_in_the_table_with_its_reference(tmp_path: Path, scripted: None) -> None:
    first, second = make(tmp_path / "one.mp4"), make(tmp_path / "two.mp4")
    out = tmp_path / "out"
    run([first], out)
    features(
        [str(second)], out, parameters=Parameters(crops=False, behaviour_reference="none"), workers=1, progress=False
    )
    table = pd.read_csv(out / "recordings.csv").set_index("recording_id")
    assert table["reference"].to_dict() == {"two": "none", "one": "median"}


def test_another_spelling_of_a_path_is_the_same_video(tmp_path: Path, scripted: None) -> None:
    video = make(tmp_path / "in" / "one.mp4")
    spelled = tmp_path / "in" / ".." / "in" / "one.mp4"
    assert len(find_videos([str(video), str(spelled)])) == 1
    run([video], tmp_path / "out")
    assert run([spelled], tmp_path / "out")[0] == ["kept"]


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path, scripted: None) -> None:
    video = make(tmp_path / "one.mp4")
    (tmp_path / "file").touch()
    with pytest.raises(UnusableInput, match="cannot write there"):
        run([video], tmp_path / "file" / "out")


def test_a_second_run_leaves_alone_what_the_first_is_writing(tmp_path: Path, scripted: None) -> None:
    video, out = make(tmp_path / "one.mp4"), tmp_path / "out"
    writing = out / ".one.1234.partial"
    writing.mkdir(parents=True)
    with exclusive(out / ".lock"), pytest.raises(UnusableInput, match="another run"):
        run([video], out)
    assert writing.is_dir()
    run([video], out)
    assert not writing.exists()
