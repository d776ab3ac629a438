import numpy as np
import pytest

from openada.datasets.planted.draws import draw_recording
from openada.datasets.planted.eyes import EYEBALL_RADIUS_MM, INTEROCULAR_MM
from openada.datasets.planted.identity import apply_identity, draw_identity
from openada.datasets.planted.renderer import FaceRenderer
from openada.face import create_tracker
from openada.face.pose import head_pose_deg
from openada.face.regions import EYE_LEFT, IRIS_LEFT, IRIS_RIGHT
from openada.video import Frame

UNITS = ("AU01", "AU02", "AU04", "AU06", "AU12", "AU15", "AU26", "AU45")
POSE = ("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg", "shift_x", "shift_y")
REST = dict.fromkeys((*UNITS, *POSE), 0.0)


@pytest.fixture(scope="module")
def renderer(portraits) -> FaceRenderer:
    return FaceRenderer(portraits[0].rgb, portraits[0].landmarks_px, 1.5, np.random.default_rng(0))


def tracked(pictures: list[np.ndarray]) -> np.ndarray:
    """(T, 478, 3) meshes that the real tracker sees, after a few frames of the first picture to settle."""
    still = [pictures[0]] * 4
    stream = (Frame(k, k / 30, rgb) for k, rgb in enumerate([*still, *pictures]))
    return np.stack([seen.landmarks_px for _, seen in create_tracker().track(stream)])[4:]


def test_at_rest_the_face_is_the_portrait_but_for_the_eyes(renderer, portraits):
    rgb, mesh = renderer.frame(REST)
    np.testing.assert_allclose(mesh, portraits[0].landmarks_px[:, :2], atol=1e-4)
    difference = np.abs(rgb.astype(int) - portraits[0].rgb).max(axis=-1)
    for eye in renderer.eyes:
        difference[eye.box] = 0
    difference[renderer.jaw.box] = 0
    assert difference.max() <= 2
    assert np.abs(rgb.astype(int) - portraits[0].rgb)[renderer.jaw.box].mean() < 1.5


@pytest.mark.parametrize(
    ("unit", "index", "direction"),
    [
        ("AU01", 107, (0, -1)),
        ("AU02", 70, (0, -1)),
        ("AU04", 55, (1, 0)),
        ("AU06", 118, (0, -1)),
        ("AU12", 61, (-1, -1)),
        ("AU15", 61, (0, 1)),
        ("AU26", 14, (0, 1)),
        ("AU45", 159, (0, 1)),
    ],
)
def test_each_unit_moves_its_landmark_the_right_way(renderer, unit, index, direction):
    _, mesh = renderer.frame({**REST, unit: 1.0})
    step = (mesh - renderer.landmarks_px[:, :2])[index] / renderer.axes.interocular_px
    assert step @ np.array(direction) > 0.04
    assert np.abs(mesh - renderer.landmarks_px[:, :2])[10].max() < 0.02 * renderer.axes.interocular_px


def test_the_iris_shifts_as_an_eyeball_of_the_stated_radius(renderer):
    _, mesh = renderer.frame({**REST, "gaze_yaw_deg": 15.0, "gaze_pitch_deg": -10.0})
    radius = EYEBALL_RADIUS_MM / INTEROCULAR_MM * renderer.axes.interocular_px
    right = radius * np.sin(np.radians(15)) * np.cos(np.radians(10))
    down = radius * np.sin(np.radians(-10))
    for index in (*IRIS_LEFT, *IRIS_RIGHT):
        step = mesh[index] - renderer.landmarks_px[index, :2]
        np.testing.assert_allclose([step @ renderer.axes.right, step @ renderer.axes.down], [right, down], atol=1e-6)


def test_the_tracker_sees_lids_lips_gaze_and_head_where_the_truth_has_them(renderer):
    changes = [{}, {"AU45": 1.0}, {"AU26": 0.8}, {"gaze_yaw_deg": 18.0}, {"gaze_yaw_deg": -18.0}]
    changes += [
        {"head_yaw_deg": 10.0},
        {"head_pitch_deg": 8.0},
        {"head_roll_deg": 6.0},
        {"AU15": 1.0},
        {"AU01": 1, "AU04": 1},
    ]
    drawn = [renderer.frame({**REST, **change}) for change in changes]
    seen = tracked([rgb for rgb, _ in drawn for _ in range(3)])[2::3]
    true = np.stack([mesh for _, mesh in drawn])
    unit = renderer.axes.interocular_px
    assert np.sqrt(((seen[..., :2] - true) ** 2).sum(axis=-1).mean()) < 0.04 * unit

    def height(mesh: np.ndarray, top: int, bottom: int) -> float:
        return float(mesh[bottom, 1] - mesh[top, 1])

    assert height(seen[1], 159, 145) < 0.5 * height(seen[0], 159, 145)
    assert height(seen[2], 13, 14) - height(seen[0], 13, 14) > 0.08 * unit
    assert seen[3, IRIS_LEFT[0], 0] - seen[4, IRIS_LEFT[0], 0] > 0.6 * (
        true[3, IRIS_LEFT[0], 0] - true[4, IRIS_LEFT[0], 0]
    )
    pose = head_pose_deg(seen) - head_pose_deg(seen[0])
    assert 5 < pose[5, 0] < 13 and 3 < pose[6, 1] < 11 and 4.5 < pose[7, 2] < 7.5
    assert seen[8, [61, 291], 1].mean() - seen[0, [61, 291], 1].mean() > 0.06 * unit
    assert seen[9, [107, 336], 1].mean() - seen[0, [107, 336], 1].mean() < -0.04 * unit


def test_identities_differ_and_their_landmarks_follow(portraits):
    pictures, meshes = [], []
    for seed in range(5):
        identity = draw_identity(np.random.default_rng(seed))
        rgb, mesh = apply_identity(portraits[int(identity.mirrored)], identity)
        seen = tracked([rgb, rgb])[-1]
        unit = np.hypot(*(mesh[33, :2] - mesh[263, :2]))
        assert np.sqrt(((seen[:, :2] - mesh[:, :2]) ** 2).sum(axis=-1).mean()) < 0.04 * unit
        assert mesh[list(EYE_LEFT), 0].mean() < mesh[263, 0]
        pictures.append(rgb)
        meshes.append(mesh)
    for a in range(5):
        for b in range(a):
            assert np.abs(pictures[a].astype(int) - pictures[b]).mean() > 5
            assert np.abs(meshes[a] - meshes[b]).max() > 1


def test_a_clip_is_tracked_throughout(portraits):
    for seed, variant in ((1, "standard"), (2, "hard")):
        identity = draw_identity(np.random.default_rng(seed), 2.5 if variant == "hard" else 1.0)
        rgb, mesh = apply_identity(portraits[int(identity.mirrored)], identity)
        renderer = FaceRenderer(rgb, mesh, identity.noise_sd, np.random.default_rng(seed))
        _, truth = draw_recording(seed, 0, "talk", 40.0, 5.0, 13.0, variant)
        pictures = [renderer.add_noise(renderer.frame(row)[0]) for row in truth.to_dict("records")]
        assert np.isfinite(tracked(pictures)).all(axis=(1, 2)).mean() >= 0.99
