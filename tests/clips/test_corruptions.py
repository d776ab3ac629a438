import numpy as np
import pytest

from openada.clips.corruptions import (
    KINDS,
    Surroundings,
    blur_sigma_px,
    corrupt,
    corruption_seed,
    covered,
    held_frames,
    scaled_polygon,
)
from openada.errors import UnusableInput

EVERY_STRENGTH = [(kind, strength) for kind, about in KINDS.items() for strength in about.strengths]


def smooth_clip(frames: int = 7, side: int = 64) -> np.ndarray:
    """A moving pattern with fine and coarse detail."""
    y, x = np.mgrid[:side, :side]
    rows = [
        128 + 70 * np.sin((x + 2 * k) / 7) + 40 * np.cos(y / 3) + 15 * ((x // 4 + y // 4) % 2) for k in range(frames)
    ]
    grey = np.clip(np.stack(rows), 0, 255)
    return np.stack([grey, 0.8 * grey, 255 - grey], axis=-1).astype(np.uint8)


def around(clip: np.ndarray, **given: object) -> Surroundings:
    square = np.array([[8, 8], [24, 8], [24, 24], [8, 24], [8, 8]], float)
    return Surroundings(**{"seed": 5, "polygons": [np.tile(square, (len(clip), 1, 1))], **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "strength"), EVERY_STRENGTH)
def test_every_strength_changes_the_clip_repeatably_and_leaves_its_argument_alone(kind: str, strength: float) -> None:
    clip = smooth_clip(frames=11)
    before = clip.copy()
    out = corrupt(clip, kind, strength, around(clip))
    assert out.shape == clip.shape and out.dtype == np.uint8
    assert (out != clip).any() and (clip == before).all()
    assert (corrupt(clip, kind, strength, around(clip)) == out).all()


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_neutral_strength_is_the_identity(kind: str) -> None:
    clip = smooth_clip()
    assert (corrupt(clip, kind, KINDS[kind].neutral, around(clip)) == clip).all()


def test_strengths_of_the_paper() -> None:
    assert KINDS["noise"].strengths == (0.03, 0.06, 0.125, 0.25, 0.375, 0.5, 1)
    assert KINDS["blur"].strengths == (3, 5, 7, 15, 27, 49, 81)


@pytest.mark.parametrize("sigma", [0.03, 0.06, 0.125])
def test_noise_on_mid_grey_has_the_standard_deviation_asked_for_and_no_pattern(sigma: float) -> None:
    clip = np.full((5, 67, 71, 3), 128, np.uint8)
    change = corrupt(clip, "noise", sigma, Surroundings(seed=3)).astype(float) - 128
    n = change.size
    expected = np.hypot(255 * sigma, np.sqrt(1 / 12))  # rounding adds a twelfth
    assert change.std() == pytest.approx(expected, rel=5 / np.sqrt(2 * n))
    assert abs(change.mean()) < 5 * expected / np.sqrt(n)
    pairs = ((change[1:], change[:-1]), (change[:, 1:], change[:, :-1]), (change[..., 1], change[..., 0]))
    for one, other in pairs:  # between frames, rows, colours
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(one.size)


def test_noise_is_clipped_at_the_borders() -> None:
    black, white = (np.full((1, 101, 103, 3), level, np.uint8) for level in (0, 255))
    dark, light = (corrupt(clip, "noise", 0.25, Surroundings(seed=1)) for clip in (black, white))
    assert (dark == 0).mean() == pytest.approx(0.5, abs=0.02) and (light == 255).mean() == pytest.approx(0.5, abs=0.02)
    # The mean of max(0, x) for a centred Gaussian is sd/√(2π): nothing wraps round.
    assert dark.mean() == pytest.approx(0.25 * 255 / np.sqrt(2 * np.pi), rel=0.03)
    strong = corrupt(np.full((1, 101, 103, 3), 128, np.uint8), "noise", 1.0)
    assert strong.min() == 0 and strong.max() == 255 and strong.std() < 0.45 * 255


def test_noise_of_a_frame_depends_on_its_place_and_not_on_the_clip_it_is_read_in() -> None:
    clip = np.full((5, 13, 17, 3), 128, np.uint8)
    whole = corrupt(clip, "noise", 0.1, Surroundings(seed=9))
    part = corrupt(clip[3:], "noise", 0.1, Surroundings(seed=9, first_frame=3))
    assert (part == whole[3:]).all() and (whole[0] != whole[1]).any()


@pytest.mark.parametrize("kernel", [3, 7, 15])
def test_a_blurred_impulse_is_the_kernel(kernel: int) -> None:
    clip = np.zeros((2, 41, 43, 3), np.uint8)
    clip[1, 20, 21] = 255
    out = corrupt(clip, "blur", kernel)
    offset = np.arange(kernel) - kernel // 2
    line = np.exp(-(offset**2) / (2 * blur_sigma_px(kernel) ** 2))
    expected = 255 * np.outer(line, line) / line.sum() ** 2
    half = kernel // 2
    patch = out[1, 20 - half : 21 + half, 21 - half : 22 + half]
    for colour in range(3):
        np.testing.assert_allclose(patch[..., colour], expected, atol=1.0)
    assert not out[0].any() and out[1].astype(int).sum() == patch.astype(int).sum()


def test_sigma_that_goes_with_a_kernel() -> None:
    assert blur_sigma_px(3) == pytest.approx(0.8) and blur_sigma_px(81) == pytest.approx(12.5)


def test_a_wider_kernel_leaves_less_detail() -> None:
    clip = smooth_clip(2, side=128)
    spread = [float(corrupt(clip, "blur", kernel).std()) for kernel in (1, *KINDS["blur"].strengths)]
    assert spread == sorted(spread, reverse=True) and spread[-1] < 0.5 * spread[0]


def test_compression_errs_more_the_higher_the_crf() -> None:
    clip = smooth_clip(13)
    errors = [
        float(np.abs(corrupt(clip, "compression", crf).astype(float) - clip).mean())
        for crf in (1, *KINDS["compression"].strengths)
    ]
    assert errors == sorted(errors) and len(set(errors)) == len(errors)
    assert errors[0] < 6 and errors[-1] > 2 * errors[0]


def test_compression_of_grey_alone_is_nearly_lossless_at_a_low_crf() -> None:
    grey = np.repeat(smooth_clip(5)[..., :1] // 2 + 40, 3, axis=-1)
    out = corrupt(grey, "compression", 1)
    assert np.abs(out.astype(int) - grey).mean() < 1.0


def test_held_frames() -> None:
    assert held_frames(7, 3).tolist() == [0, 0, 0, 3, 3, 3, 6]
    assert held_frames(7, 3, first_frame=2).tolist() == [0, 1, 1, 1, 4, 4, 4]
    tracked = np.array([1, 1, 1, 0, 1, 1, 1], bool)
    assert held_frames(7, 3, tracked=tracked).tolist() == [0, 0, 0, 0, 0, 0, 6]
    assert held_frames(4, 2, tracked=np.array([0, 1, 1, 1], bool)).tolist() == [0, 1, 2, 2]
    clip = np.arange(7, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 5, 3), np.uint8)
    assert corrupt(clip, "frame-rate", 3)[:, 0, 0, 0].tolist() == [0, 0, 0, 3, 3, 3, 6]


def test_a_region_hides_exactly_the_pixels_whose_centres_it_holds() -> None:
    clip = np.full((3, 20, 30, 3), 7, np.uint8)
    corners = np.array([[2, 3], [9, 3], [9, 8], [2, 8], [2, 3]], float)
    polygons = np.stack([corners, corners + np.array([10.4, 5.6]), np.full_like(corners, np.nan)])
    out = corrupt(clip, "eyes-hidden", 1, Surroundings(polygons=[polygons]))
    expected = np.full_like(clip, 7)
    expected[0, 3:8, 2:9] = 128
    # 12.4…19.4 holds the centres 12.5…18.5, and 8.6…13.6 the centres 9.5…13.5.
    expected[1, 9:14, 12:19] = 128
    assert (out == expected).all()


def test_a_triangle_is_no_box_and_a_factor_scales_about_its_middle() -> None:
    triangle = np.array([[0, 0], [10, 0], [0, 10], [0, 0]], float)
    y, x = np.mgrid[:12, :12] + 0.5
    inside = covered(triangle, 12, 12)
    off_edge = np.abs(x + y - 10) > 1e-9
    assert (inside == (x + y < 10))[off_edge].all()
    square = np.array([[2, 4], [6, 4], [6, 8], [2, 8], [2, 4]], float)
    np.testing.assert_allclose(scaled_polygon(square, 1.5)[:2], [[1, 3], [7, 3]])


def test_several_polygons_are_all_hidden_and_their_number_of_frames_is_checked() -> None:
    clip = np.zeros((2, 11, 13, 3), np.uint8)
    one = np.tile(np.array([[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], float), (2, 1, 1))
    out = corrupt(clip, "mouth-hidden", 1, Surroundings(polygons=[one, one + 5]))
    assert (out[0, :, :, 0] == 128).sum() == 8 and out[1, 6, 6, 0] == 128
    with pytest.raises(UnusableInput, match="1 polygons for 2 frames"):
        corrupt(clip, "mouth-hidden", 1, Surroundings(polygons=[one[:1]]))


def test_the_square_has_its_side_and_stays_where_it_is() -> None:
    clip = np.zeros((3, 40, 40, 3), np.uint8)
    places = set()
    for seed in range(20):
        hidden = corrupt(clip, "square-hidden", 0.3, Surroundings(seed=seed))[..., 0] == 128
        rows, columns = np.flatnonzero(hidden[0].any(1)), np.flatnonzero(hidden[0].any(0))
        assert len(rows) == len(columns) == 12 and hidden[0].sum() == 144
        assert (hidden == hidden[0]).all()
        places.add((rows[0], columns[0]))
    assert len(places) > 15
    assert {row for row, _ in places} <= set(range(29)) and {column for _, column in places} <= set(range(29))


def test_gain_and_gamma_are_exact() -> None:
    clip = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=-1)
    level = np.arange(256)
    assert (corrupt(clip, "gain", 0.5)[..., 1].ravel() == (level + 1) // 2).all()
    assert (corrupt(clip, "gain", 2)[..., 1].ravel() == np.minimum(2 * level, 255)).all()
    bright = corrupt(clip, "gamma", 0.4)[..., 2].ravel()
    np.testing.assert_allclose(bright, 255 * (level / 255) ** 0.4, atol=0.5 + 1e-9)
    assert bright[0] == 0 and bright[255] == 255


def test_seeds_depend_on_everything_and_are_the_same_everywhere() -> None:
    seeds = {
        corruption_seed(seed, name, kind, strength)
        for seed in (0, 1)
        for name in ("a", "b")
        for kind in ("noise", "square-hidden")
        for strength in (0.1, 0.5)
    }
    assert len(seeds) == 16
    assert corruption_seed(0, "r1", "noise", 0.25) == 7919115709140600492


@pytest.mark.parametrize(
    ("kind", "strength", "message"),
    [
        ("fog", 1, "unknown corruption 'fog'"),
        ("noise", -0.1, "-0.1"),
        ("blur", 4, "kernel of 4 pixels"),
        ("compression", 52, "crf 52"),
        ("frame-rate", 2.5, "2.5"),
        ("square-hidden", 1.2, "1.2"),
        ("gain", float("nan"), "nan"),
    ],
)
def test_what_has_no_meaning_is_refused(kind: str, strength: float, message: str) -> None:
    with pytest.raises(UnusableInput, match=message):
        corrupt(smooth_clip(2), kind, strength)
    with pytest.raises(UnusableInput, match="float64"):
        corrupt(np.zeros((2, 4, 4, 3)), "gain", 2)
