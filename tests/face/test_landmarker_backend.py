"""The tracker on a user's model file: the checks of the file, the mesh against known answers, the tracker on footage."""

import hashlib
import os
import re
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skimage.data import astronaut

from landmarker_bundle import INNER_LIPS, JAW_GAIN, JAW_OPEN, SHARES, networks, write_bundle
from openada.errors import UnusableInput
from openada.face.landmarker_backend import (
    BLENDSHAPES,
    NETWORKS,
    FaceLandmarkerTracker,
    LandmarkerMesh,
    blendshape_signals,
    read_bundle,
)
from openada.face.tracker import create_tracker
from openada.video import Frame, frames

FAKE = dict.fromkeys(NETWORKS, b"network" * 100)


@pytest.fixture(scope="module")
def members():
    return networks()


@pytest.fixture(scope="module")
def bundle(members, tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("model") / "face_landmarker.task", members)


@pytest.fixture(scope="module")
def mesh(bundle):
    return LandmarkerMesh(read_bundle(bundle))


@pytest.fixture(scope="module")
def portrait():
    """The face of scikit-image's portrait in the middle of a square of twice its size."""
    return np.ascontiguousarray(astronaut()[10:240, 105:335])


def refusal(call, *arguments):
    with pytest.raises(UnusableInput) as caught:
        call(*arguments)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 500
    return text


def test_the_names_are_those_of_mediapipes_own_enumeration():
    from mediapipe.tasks.python.vision.face_landmarker import Blendshapes

    members = sorted(Blendshapes, key=int)
    camel = [re.sub(r"_([a-z])", lambda m: m[1].upper(), member.name.lower()) for member in members]
    assert ["_neutral", *camel[1:]] == list(BLENDSHAPES) and [int(m) for m in members] == list(range(52))


def test_every_movement_has_a_column_described():
    rows = blendshape_signals()
    assert [row[0] for row in rows] == [f"blendshape_{name}" for name in BLENDSHAPES[1:]]
    assert rows[24][:3] == ("blendshape_jawOpen", "coefficient", "0 to 1") and "jawOpen" in rows[24][3]


def test_a_whole_bundle_is_read_as_it_is(tmp_path):
    path = write_bundle(tmp_path / "a.task", {**FAKE, "geometry_pipeline_metadata_landmarks.binarypb": b"x"})
    assert read_bundle(path) == path.read_bytes()


def test_a_missing_file_says_where_one_comes_from(tmp_path):
    text = refusal(read_bundle, tmp_path / "nowhere.task")
    assert "nowhere.task" in text and "--tracker-model FILE" in text
    assert "MediaPipe's model page" in text and "face_landmarker.task" in text


def test_a_folder_is_refused(tmp_path):
    assert "cannot be read" in refusal(read_bundle, tmp_path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><title>404</title>", b"TFL3" * 50])
def test_a_file_that_is_no_zip_is_refused(content, tmp_path):
    (tmp_path / "page.task").write_bytes(content)
    text = refusal(read_bundle, tmp_path / "page.task")
    assert "page.task" in text and "is not a face landmarker model" in text


def test_the_bundle_of_another_task_is_named_by_what_it_lacks_and_holds(tmp_path):
    hand = ("hand_detector.tflite", "hand_landmarks_detector.tflite")
    text = refusal(read_bundle, write_bundle(tmp_path / "hand_landmarker.task", dict.fromkeys(hand, b"x")))
    assert f"lacks {', '.join(NETWORKS)}" in text and f"holds {', '.join(hand)})" in text


def test_a_bundle_without_blendshapes_lacks_them_only(tmp_path):
    text = refusal(read_bundle, write_bundle(tmp_path / "a.task", dict.fromkeys(NETWORKS[:2], b"x")))
    assert "lacks face_blendshapes.tflite (it" in text


def test_a_file_cut_off_anywhere_is_called_so(tmp_path):
    path = write_bundle(tmp_path / "a.task", FAKE)
    content = path.read_bytes()
    for kept in (*range(4, len(content), 53), len(content) - 1):
        path.write_bytes(content[:kept])
        assert "is cut off or damaged" in refusal(read_bundle, path)


def test_a_changed_byte_is_found(tmp_path):
    path = write_bundle(tmp_path / "a.task", FAKE)
    content = bytearray(path.read_bytes())
    content[content.index(b"face_landmarks_detector.tflite") + 100] ^= 1
    path.write_bytes(content)
    assert "damaged in its face_landmarks_detector.tflite" in refusal(read_bundle, path)


def test_mediapipes_reason_for_refusing_a_model_is_quoted(members, bundle, portrait, tmp_path):
    broken = write_bundle(tmp_path / "a.task", {**members, "face_blendshapes.tflite": b"x" * 500})
    assert "not a valid Flatbuffer" in refusal(LandmarkerMesh, read_bundle(broken))
    packed = write_bundle(tmp_path / "b.task", members, zipfile.ZIP_DEFLATED)
    assert "Expected uncompressed zip archive. Use" in refusal(LandmarkerMesh, read_bundle(packed))
    # A wrong network of the right kind is found out at the first face.
    wrong = {**members, "face_blendshapes.tflite": members["face_detector.tflite"]}
    mesh = LandmarkerMesh(read_bundle(write_bundle(tmp_path / "c.task", wrong)))
    assert "num_classes" in refusal(mesh.landmarks, portrait, True)


def test_a_mediapipe_without_tasks_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python", None)
    text = refusal(LandmarkerMesh, b"")
    assert "lacks the Tasks API" in text and "mediapipe.tasks.python" in text


def test_blendshapes_by_other_names_are_refused(mesh, portrait, monkeypatch):
    shapes = [SimpleNamespace(category_name=name, score=0.0) for name in (*BLENDSHAPES[:-1], "tongueOut")]
    found = SimpleNamespace(face_landmarks=[[SimpleNamespace(x=0.0, y=0.0, z=0.0)] * 478], face_blendshapes=[shapes])
    monkeypatch.setattr(mesh, "_landmarker", SimpleNamespace(detect=lambda image: found))
    assert "1 of the model's blendshapes otherwise (noseSneerRight is tongueOut)" in refusal(
        mesh.landmarks, portrait, True
    )


def test_nothing_is_written_to_the_terminal(bundle, portrait, capfd):
    LandmarkerMesh(read_bundle(bundle)).landmarks(portrait, True)
    assert capfd.readouterr() == ("", "")


def test_blendshapes_are_what_the_networks_weights_make_of_the_landmarks(mesh, portrait):
    for crop in (portrait, portrait[7:, :-7]):
        found = mesh.landmarks(np.ascontiguousarray(crop), True)
        assert found.points.shape == (478, 3) and found.points.dtype == np.float64
        upper, lower = found.points[list(INNER_LIPS), 1] * len(crop)
        odds = SHARES / (1 - SHARES)
        odds[JAW_OPEN] *= np.exp(JAW_GAIN * (lower - upper))
        assert lower - upper > 3 and found.blendshapes.dtype == np.float32
        np.testing.assert_allclose(found.blendshapes, odds / (1 + odds), atol=1e-4)


def test_a_crop_without_a_face_gives_nothing_and_nothing_is_remembered(mesh, portrait):
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    first = mesh.landmarks(portrait, True)
    assert mesh.landmarks(np.full((211, 211, 3), 90, np.uint8), False) is None
    other = mesh.landmarks(mirrored, False)
    again = mesh.landmarks(portrait, False)
    np.testing.assert_array_equal(again.points, first.points)
    np.testing.assert_array_equal(again.blendshapes, first.blendshapes)
    assert np.abs(other.points - first.points).max() > 0.01


def test_what_the_model_is_not_where_it_lies_defines_the_output(members, bundle, tmp_path):
    moved = write_bundle(tmp_path / "elsewhere.task", members)
    moved.write_bytes(bundle.read_bytes())
    ours, same = FaceLandmarkerTracker(bundle), FaceLandmarkerTracker(moved)
    assert ours.parameters == same.parameters
    assert ours.parameters["model_sha256"] == hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert (ours.name, ours.parameters["backend"], ours.parameters["mediapipe"]) == (
        "face-landmarker",
        "face-landmarker",
        version("mediapipe"),
    )
    other = write_bundle(tmp_path / "other.task", FAKE)
    assert FaceLandmarkerTracker(other).parameters != ours.parameters


def test_the_registry_gives_it_the_file(bundle):
    assert isinstance(create_tracker("face-landmarker", model_file=bundle), FaceLandmarkerTracker)


def portrait_frames(shifts):
    """The portrait moved in a black picture; none where the shift is None."""
    for i, shift in enumerate(shifts):
        rgb = np.zeros((500, 700, 3), np.uint8)
        if shift is not None:
            rgb[60:460, 80 + shift : 480 + shift] = astronaut()[:400, :400]
        yield Frame(i, i / 20, rgb)


def test_the_same_network_sees_the_same_face_as_in_the_offline_tracker(bundle):
    """The stand-in's mesh is the offline one, which refines its lips and eyelids besides: most points must be the same.

    Exactly so where the offline mesh begins anew; later it looks where the face was, the Tasks API where it detects it.
    """
    shifts = (0, 2, 5, None, 9)
    ours = [o for _, o in FaceLandmarkerTracker(bundle).track(portrait_frames(shifts))]
    offline = [o for _, o in create_tracker("mediapipe").track(portrait_frames(shifts))]
    assert [o.tracked for o in ours] == [o.tracked for o in offline] == [shift is not None for shift in shifts]
    assert ours[3].blendshapes is None and np.isnan(ours[3].landmarks_px).all()
    for i, anew in ((0, True), (1, False), (2, False), (4, True)):
        apart = np.abs(ours[i].landmarks_px - offline[i].landmarks_px)
        assert np.median(apart[:, :2]) <= (1 / 32 if anew else 0.5)
        assert apart[468:, :2].max() <= (1 / 16 if anew else 1) and apart[:468, 2].max() <= (1 / 16 if anew else 2)
        upper, lower = ours[i].landmarks_px[list(INNER_LIPS), 1]
        odds = SHARES[JAW_OPEN] / (1 - SHARES[JAW_OPEN]) * np.exp(JAW_GAIN * (lower - upper))
        assert ours[i].blendshapes[JAW_OPEN] == pytest.approx(odds / (1 + odds), abs=2e-3)


def test_a_second_pass_repeats_the_first_bit_for_bit(bundle):
    tracker = FaceLandmarkerTracker(bundle)
    passes = [[o for _, o in tracker.track(portrait_frames((0, 3, None, 8)))] for _ in range(2)]
    passes.append([o for _, o in FaceLandmarkerTracker(bundle).track(portrait_frames((0, 3, None, 8)))])
    for again in passes[1:]:
        for a, b in zip(passes[0], again, strict=True):
            np.testing.assert_array_equal(a.landmarks_px, b.landmarks_px)
            np.testing.assert_array_equal(a.box_px, b.box_px)
            assert (a.blendshapes is None) == (b.blendshapes is None)
            assert a.blendshapes is None or (a.blendshapes == b.blendshapes).all()


def test_footage(bundle, footage):
    seen = [o for _, o in FaceLandmarkerTracker(bundle).track(frames(footage / "face_noface.mov"))]
    assert [o.tracked for o in seen] == [True] * 72 + [False] * 97


@pytest.fixture(scope="module")
def real_model():
    """The model that MediaPipe publishes; nothing of it can be part of this repository."""
    path = os.environ.get("OPENADA_FACE_LANDMARKER")
    if not path:
        pytest.skip("OPENADA_FACE_LANDMARKER does not name a face_landmarker.task file")
    return Path(path)


def test_the_published_model_agrees_with_the_offline_tracker(real_model, footage):
    tracker = FaceLandmarkerTracker(real_model)
    ours = [o for _, o in tracker.track(frames(footage / "single_face.mp4"))]
    offline = [o for _, o in create_tracker("mediapipe").track(frames(footage / "single_face.mp4"))]
    assert len(ours) == 72 and all(o.tracked for o in ours)
    for a, b in zip(ours, offline, strict=True):
        distance = np.linalg.norm((a.landmarks_px - b.landmarks_px)[:, :2], axis=1) / a.box_px[2]
        assert np.median(distance) < 0.05
    shapes = np.stack([o.blendshapes for o in ours])
    assert shapes.shape == (72, 52) and shapes.min() >= 0 and shapes.max() <= 1 and shapes.std(axis=0).max() > 0.01
    again = [o for _, o in tracker.track(frames(footage / "single_face.mp4"))]
    assert all((a.landmarks_px == b.landmarks_px).all() for a, b in zip(ours, again, strict=True))
