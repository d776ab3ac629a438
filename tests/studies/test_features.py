"""`openada features` as a user runs it, on real footage and on the defects that recordings have."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from skimage.data import astronaut

from landmarker_bundle import networks, write_bundle
from openada.cli import main
from openada.files import read_json
from openada.prepared.job import Job, Parameters
from openada.prepared.writer import prepare_recording
from openada.video import VideoWriter, frames


def measured(video: Path, out: Path, **parameters: object) -> tuple[pd.DataFrame, dict]:
    quality = prepare_recording(Job(video.stem, video, out / video.stem, Parameters(crops=False, **parameters)))
    return pd.read_parquet(out / video.stem / "behaviour.parquet"), quality


def portrait_at(x: float, width: int = 640, height: int = 360, side: int = 200) -> np.ndarray:
    """The portrait's head on grey, its left edge at x; nothing of it where x is far outside."""
    picture = np.full((height, width, 3), 110, np.uint8)
    head = cv2.resize(astronaut()[:300, 80:380], (side, side), interpolation=cv2.INTER_AREA)
    left, right = max(round(x), 0), min(round(x) + side, width)
    if left < right:
        picture[60 : 60 + side, left:right] = head[:, left - round(x) : right - round(x)]
    return picture


def write(path: Path, pictures: list[np.ndarray], times_s: np.ndarray | None = None) -> Path:
    height, width = pictures[0].shape[:2]
    with VideoWriter(path, width, height, crf=18) as out:
        for index, picture in enumerate(pictures):
            out.write(picture, index / 25 if times_s is None else float(times_s[index]))
    return path


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the real footage through the command."""
    from conftest import FOOTAGE

    if not FOOTAGE.is_dir():
        pytest.skip("the real footage is not beside this checkout")
    out = tmp_path_factory.mktemp("features")
    assert (
        main(["features", str(FOOTAGE), "--out", str(out), "--workers", "1"]) == 0
    )  # a video without a face is no failure
    return out


@pytest.mark.parametrize(
    ("name", "rows", "tracked", "faces"),
    [
        ("single_face", 72, 72, 1),
        ("no_face", 95, 0, None),
        ("face_noface", 169, 72, 1),
        ("multi_face", 1, 1, 5),
        ("image_with_alpha", 1, 1, 1),
    ],
)
def test_real_footage_gives_what_is_known_of_it(
    features: Path, name: str, rows: int, tracked: int, faces: int | None
) -> None:
    behaviour = pd.read_parquet(features / name / "behaviour.parquet")
    assert len(behaviour) == rows
    np.testing.assert_array_equal(behaviour["tracked"], np.arange(rows) < tracked)
    lost = behaviour[~behaviour["tracked"]].drop(columns=["time_s", "tracked"])
    assert lost.isna().all(axis=None)
    assert behaviour.loc[behaviour["tracked"], "AU12_g"].notna().all()
    if faces is not None:
        assert read_json(features / name / "quality.json")["faces_seen_max"] == faces


def test_the_batch_has_a_table_and_a_page(features: Path) -> None:
    table = pd.read_csv(features / "recordings.csv").set_index("recording_id")
    assert table["status"].value_counts().to_dict() == {"prepared": 4, "no face": 1}
    page = (features / "report.html").read_text(encoding="utf-8")
    assert "no_face.mp4" in page and "https://" not in page


def test_everyone_in_view_gets_a_folder(footage: Path, tmp_path: Path) -> None:
    prepare_recording(Job("all", footage / "multi_face.jpg", tmp_path / "all", Parameters(crops=False, subject="all")))
    people = sorted((tmp_path / "all").glob("person_*"))
    assert len(people) == 5
    boxes = [pd.read_parquet(person / "track.parquet", columns=["box_x_px", "tracked"]).iloc[0] for person in people]
    assert all(box["tracked"] for box in boxes)
    assert len({round(box["box_x_px"] / 20) for box in boxes}) == 5


def test_a_phone_video_on_its_side_is_measured_upright(tmp_path: Path) -> None:
    upright = write(tmp_path / "upright.mp4", [portrait_at(220)] * 9)
    sideways = tmp_path / "sideways.mp4"
    turned = write(tmp_path / "turned.mp4", [np.rot90(portrait_at(220)).copy()] * 9)
    turn_track(turned, sideways)
    straight, _ = measured(upright, tmp_path / "out")
    found, quality = measured(sideways, tmp_path / "out")
    assert quality["tracked_share"] == 1.0
    np.testing.assert_allclose(found["head_roll_deg"], straight["head_roll_deg"], atol=2)


def turn_track(source: Path, target: Path) -> None:
    """A copy whose track matrix says: to be shown turned by a quarter clockwise."""
    content = bytearray(source.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    matrix = np.frombuffer(bytes(content[at : at + 36]), ">i4").copy()
    matrix[:] = [0, 65536, 0, -65536, 0, 0, 360 << 16, 0, 1 << 30]
    content[at : at + 36] = matrix.tobytes()
    target.write_bytes(bytes(content))


def test_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    times = np.cumsum([0.0, 0.02, 0.09, 0.033, 0.25, 0.017, 0.04, 0.1, 0.02, 0.033, 0.5])
    behaviour, quality = measured(write(tmp_path / "v.mp4", [portrait_at(200)] * 11, times), tmp_path / "out")
    np.testing.assert_allclose(behaviour["time_s"], times, atol=1e-4)
    assert behaviour["tracked"].all() and quality["duration_s"] == pytest.approx(times[-1] + 0.5, abs=1e-3)


def test_a_face_that_leaves_and_returns_has_a_gap_of_rows(tmp_path: Path) -> None:
    path = (
        [200.0] * 10 + list(np.linspace(200, 660, 12)) + [700.0] * 20 + list(np.linspace(660, 200, 12)) + [200.0] * 10
    )
    behaviour, quality = measured(write(tmp_path / "v.mp4", [portrait_at(x) for x in path]), tmp_path / "out")
    tracked = behaviour["tracked"].to_numpy()
    assert len(behaviour) == len(path) and tracked[:12].all() and tracked[-8:].all() and not tracked[22:42].any()
    assert len(quality["gaps"]) == 1


def test_a_file_cut_in_the_middle_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", [portrait_at(150 + 2 * index) for index in range(60)])
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.warns(UserWarning):
        decoded = sum(1 for _ in frames(cut))
    behaviour, quality = measured(cut, tmp_path / "out")
    assert 10 < len(behaviour) == decoded < 60 and behaviour["tracked"].all()
    assert any("cut off" in warning for warning in quality["warnings"])


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    video = write(tmp_path / "v.mp4", [portrait_at(180 + 3 * index) for index in range(31)])
    measured(video, tmp_path / "a")
    measured(video, tmp_path / "b")
    for name in ("track", "behaviour", "events", "statistics"):
        first, second = ((tmp_path / folder / "v" / f"{name}.parquet").read_bytes() for folder in "ab")
        assert first == second, name


def test_a_model_file_brings_blendshapes_and_a_bad_one_stops_the_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = write(tmp_path / "v.mp4", [portrait_at(200)] * 5)
    model = tmp_path / "face_landmarker.task"
    write_bundle(model, networks())
    behaviour, quality = measured(video, tmp_path / "out", tracker="face-landmarker", tracker_model=str(model))
    assert behaviour.filter(like="blendshape_").shape == (5, 51)
    assert quality["tracker"]["model_sha256"]
    arguments = ["features", str(video), "--out", str(tmp_path / "other"), "--tracker", "face-landmarker"]
    assert main(arguments) == 2
    assert "--tracker-model" in capsys.readouterr().err
    assert main([*arguments, "--tracker-model", str(video)]) == 2
    assert not (tmp_path / "other").exists()


def test_failures_are_listed_and_give_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "good.mp4", [portrait_at(200)] * 5)
    (tmp_path / "in" / "bad.mp4").write_bytes(b"no video")
    assert main(["features", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 3
    printed = capsys.readouterr()
    assert "bad.mp4" in printed.out and "1 of 2 videos failed" in printed.err
    assert "bad.mp4" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
