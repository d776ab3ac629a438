"""Maps as explanations: their grid in seconds and pixels, batches, refusals; recordings of several clips, frame by frame."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from clip_networks import CHANNELS, FRAMES, GRID, HEIGHT, WIDTH, clips_of, plain_net
from openada import models
from openada.errors import UnusableInput
from openada.explanation.explanation import Explanation, Pixels, Spans
from openada.explanation.recording_maps import ClipMap, FrameMaps
from openada.explanation.saliency import METHODS, cell_spans_s, explain_clips, frame_edges_s, without_colours

EDGES = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0])  # the last frame is shown for longer


def edges(count):
    return np.stack([EDGES + 10 * row for row in range(count)])


@pytest.mark.parametrize("method", [name for name in METHODS if name != "attention"])
def test_every_method_gives_a_batch_what_its_clips_get_one_by_one(method):
    net, clips = plain_net(), clips_of(3)
    with torch.no_grad():
        net.score.bias += 5  # the modified map needs scores above 0
    together = explain_clips(net, clips, method, edges_s=edges(3), size_px=224)
    for row, found in enumerate(together):
        (alone,) = explain_clips(net, clips[row : row + 1], method, edges_s=edges(3)[row : row + 1], size_px=224)
        np.testing.assert_allclose(found.values, alone.values, rtol=1e-12, atol=1e-15)
        assert found.score == pytest.approx(net(clips)[row].item())
        assert np.abs(found.values).max() > 0 and found.unit and found.meaning
        times, rows, columns = found.axes[-3:]
        assert isinstance(times, Spans) and times.spans_s[0, 0] == 10 * row and times.spans_s[-1, 1] == 10 * row + 1
        assert isinstance(rows, Pixels) and rows.size_px == columns.size_px == 224
        on_map = method.endswith(("cam", "++"))
        assert (len(times), len(rows), len(columns)) == (GRID if on_map else (FRAMES, HEIGHT, WIDTH))
        assert found.values.ndim == (4 if method == "guided-backpropagation" else 3)


def test_cells_are_equal_parts_of_the_clip_in_frames_and_have_the_times_of_these():
    np.testing.assert_allclose(cell_spans_s(EDGES, 2), [[0, 0.35], [0.35, 1.0]])
    np.testing.assert_allclose(cell_spans_s(EDGES, 7)[-1], [0.6, 1.0])
    times = np.array([2.0, 2.1, 2.3, 2.6])
    np.testing.assert_allclose(frame_edges_s(times, 1, 3), [2.1, 2.3, 2.6, 2.8])
    np.testing.assert_allclose(frame_edges_s(times, 0, 2), [2.0, 2.1, 2.3])


def test_of_colours_the_largest_in_size_keeps_its_sign():
    values = np.zeros((3, 1, 1, 2))
    values[:, 0, 0, 0] = 1, -3, 2
    axes = (*(Pixels(1, 1),) * 2, Pixels(2, 2))
    one = Explanation(values, (Pixels(3, 3), *axes), "x", "", True, 0.0)
    assert without_colours(one).tolist() == [[[-3.0, 0.0]]]


def test_what_a_method_does_not_apply_to_is_refused():
    with pytest.raises(UnusableInput, match="choose one of: grad-cam, grad-cam"):
        explain_clips(plain_net(), clips_of(1), "score-cam", edges_s=edges(1), size_px=224)
    with pytest.raises(UnusableInput, match="batch, frames \\+ 1"):
        explain_clips(plain_net(), clips_of(2), "grad-cam", edges_s=edges(1), size_px=224)
    with pytest.raises(UnusableInput, match="no attention"):
        explain_clips(plain_net(), clips_of(1), "attention", edges_s=edges(1), size_px=224)


@pytest.fixture(scope="module", params=["demo", "frames_demo"])
def encoder(request):
    torch.set_num_threads(1)
    return models.create("expada", request.param, seed=0).encoder.eval()


def test_expadas_encoders_are_clip_models_but_not_for_grad_cam_plus_plus(encoder):
    clips = torch.rand(2, *encoder.input_shape, generator=torch.Generator().manual_seed(1))
    times = np.arange(2 * 6, dtype=float).reshape(2, 6)
    with torch.no_grad():
        score = encoder(clips).score
        torch.testing.assert_close(encoder.score_from_map(encoder.feature_map(clips)), score)
    found = explain_clips(encoder, clips, "grad-cam", edges_s=times, size_px=224)
    assert found[0].values.shape == encoder.grid and np.ptp(found[0].values) > 0
    assert found[1].score == pytest.approx(score[1].item(), abs=1e-5)
    looked = explain_clips(encoder, clips, "attention", edges_s=times, size_px=224)
    assert looked[1].values.sum() == pytest.approx(1, abs=1e-5) and np.ptp(looked[1].values) > 0
    with pytest.raises(UnusableInput, match="use grad-cam, which is signed"):
        explain_clips(encoder, clips, "grad-cam++", edges_s=times, size_px=224)


def test_frames_of_a_recording_show_the_trilinear_map_of_their_own_clip():
    rng = np.random.default_rng(4)
    grids = rng.random((2, 3, 5, 2))
    axes = (Spans(np.array([[0, 1], [1, 2], [2, 3.0]])), Pixels(5, 224), Pixels(2, 224))
    maps = [ClipMap(first, 7, Explanation(v, axes, "x", "", True, 0.0)) for first, v in zip((1, 9), grids, strict=True)]
    drawn = FrameMaps(maps, 17)
    for place, one in enumerate(maps):
        whole = F.interpolate(
            torch.from_numpy(grids[place])[None, None], (7, 13, 13), mode="trilinear", align_corners=False
        )
        for frame in range(7):
            np.testing.assert_allclose(drawn.at(one.first_frame + frame, 13), whole[0, 0, frame].numpy(), rtol=1e-12)
    assert [drawn.at(frame, 13) is None for frame in (0, 8, 16)] == [True, True, True]
    assert drawn.size_at_share(1) == grids.max()


def test_the_sizes_of_the_small_network_are_what_its_gradients_say():
    assert plain_net().feature_map(clips_of(1)).shape == (1, CHANNELS, *GRID)


SMALL = {
    "expada": ("demo", {}),
    "sta-drn": ("planted", {"clip_frames": 16, "image_size": 32}),
    "resnet3d": ("planted", {"clip_frames": 16, "image_size": 32}),
    "frame-network": ("planted", {"clip_frames": 3}),
    "depnet": ("planted", {}),
    "expresso-ai": ("planted", {"image_size": 32}),
}
POSITIVE = {"score_mean": 50.0}  # the modified map needs scores above 0
# A method that goes through the network many times is run on one model in every test run, on the others in the slow ones.
REGISTERED = [
    pytest.param(
        name,
        method,
        id=f"{name}-{method}",
        marks=[pytest.mark.slow] if METHODS[method].passes > 2 and name != "resnet3d" else [],
    )
    for name in models.names()
    for method in models.explanation_methods(name)
    if method in METHODS
]


def part_over_clips(name):
    preset, settings = SMALL[name]
    model = models.create(name, preset, seed=0, **settings, **({} if name == "expada" else POSITIVE)).eval()
    if name == "expada":
        return model.encoder, model.encoder.input_shape
    return model, (3, model.config.clip_frames, model.config.image_size, model.config.image_size)


@pytest.mark.parametrize(("name", "method"), REGISTERED)
def test_every_method_that_a_registered_model_declares_works_on_it(name, method):
    model, shape = part_over_clips(name)
    clips = torch.rand(2, *shape, generator=torch.Generator().manual_seed(5))
    times = np.arange(2 * (shape[1] + 1), dtype=float).reshape(2, -1)
    together = explain_clips(model, clips, method, edges_s=times, size_px=224)
    (alone,) = explain_clips(model, clips[1:], method, edges_s=times[1:], size_px=224)
    largest = np.abs(alone.values).max()
    assert largest > 0
    np.testing.assert_allclose(together[1].values, alone.values, rtol=1e-3, atol=1e-4 * largest)
    if method == "guided-backpropagation" and name in (
        "sta-drn",
        "resnet3d",
        "expresso-ai",
    ):  # whose ReLUs are used once each
        assert alone.parameters["relus"] == sum(isinstance(module, torch.nn.ReLU) for module in model.modules())
