import numpy as np
import torch

from openada import models
from openada.clips.dataset import SegmentSample
from openada.training.pretext import LIMIT_SD, SIGNALS, PretextTraining, read_encoder, read_network, signal_spread


def _module(spread: np.ndarray) -> PretextTraining:
    model = models.create("expada", "demo", seed=0, segment_frames=7, image_size=32, width=8)
    encoder = model.encoder
    module = PretextTraining(
        encoder, read_encoder(encoder), spread, clip_shape=encoder.input_shape, learning_rate=1e-3, weight_decay=0.0
    )
    for head in (module.from_grid, module.from_vector):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    return module


def _batch(signals: torch.Tensor) -> SegmentSample:
    count = len(signals)
    return SegmentSample(
        torch.zeros(count, 3, 7, 32, 32), torch.zeros(count), torch.zeros(count), torch.zeros(count), signals
    )


def test_heads_that_say_nothing_have_twice_the_targets_mean_square_as_loss() -> None:
    signals = torch.randn(3, 7, len(SIGNALS))
    spread = np.linspace(0.5, 2.0, len(SIGNALS)).astype(np.float32)
    module = _module(spread)
    # Seven frames over two time steps of the trunk: four and three.
    steps = torch.stack([signals[:, :4].mean(1), signals[:, 4:].mean(1)], 1)
    expected = (steps / torch.from_numpy(spread)).clamp(-LIMIT_SD, LIMIT_SD).square().mean()
    torch.testing.assert_close(module._loss(_batch(signals)), 2 * expected)


def test_untracked_frames_take_no_part() -> None:
    signals = torch.randn(2, 7, len(SIGNALS))
    whole = _module(np.ones(len(SIGNALS), np.float32))._loss(_batch(signals))
    lost = torch.cat([signals, torch.full((1, 7, len(SIGNALS)), torch.nan)])
    torch.testing.assert_close(_module(np.ones(len(SIGNALS), np.float32))._loss(_batch(lost)), whole)


def test_spread_ignores_lost_frames_and_constant_signals_keep_their_unit() -> None:
    values = np.random.default_rng(0).normal(0, 3, (50, len(SIGNALS))).astype(np.float32)
    values[:, 0] = 1.0
    values[10:20] = np.nan
    spread = signal_spread([values[:15], values[15:]])
    assert spread[0] == 1
    np.testing.assert_allclose(spread[1:], np.nanstd(values[:, 1:], axis=0), rtol=1e-5)


def test_the_vector_reads_the_signals_of_every_time_step() -> None:
    signals = torch.randn(3, 7, len(SIGNALS)).clamp(-1, 1)
    module = _module(np.ones(len(SIGNALS), np.float32))
    steps = torch.stack([signals[:, :4].mean(1), signals[:, 4:].mean(1)], 1)
    # The bias alone reads: the first clip's signals at the first time step, then at the second. Only the grid's loss is left.
    with torch.no_grad():
        module.from_vector.bias.copy_(steps[0].flatten())
    torch.testing.assert_close(module._loss(_batch(signals[:1])), steps[:1].square().mean())


def test_every_part_of_the_encoder_below_the_heads_learns() -> None:
    module = _module(np.ones(len(SIGNALS), np.float32))
    torch.nn.init.normal_(module.from_vector.weight)
    batch = _batch(torch.randn(2, 7, len(SIGNALS)))._replace(clip=torch.randn(2, 3, 7, 32, 32))
    module._loss(batch).backward()
    idle = {
        name for name, value in module.network.named_parameters() if value.grad is None or not value.grad.abs().sum()
    }
    assert idle == {"score.weight", "score.bias", "ordinal.weight", "ordinal.bias"}


def test_a_network_for_clips_is_read_from_its_feature_map_alone() -> None:
    network = models.create("sta-drn", "planted", seed=0, clip_frames=16, image_size=32)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    module = PretextTraining(
        network,
        read_network(network),
        np.ones(len(SIGNALS), np.float32),
        clip_shape=(3, 16, 32, 32),
        learning_rate=1e-3,
        weight_decay=0.0,
    )
    assert network.training and all(value.equal(before[name]) for name, value in network.state_dict().items())
    clips, signals = torch.randn(2, 3, 16, 32, 32), torch.randn(2, 16, len(SIGNALS)).clamp(-1, 1)
    batch = SegmentSample(clips, torch.zeros(2), torch.zeros(2), torch.zeros(2), signals)
    module.eval()
    # By hand: two time steps of eight frames each, a 1×1 grid, the linear map written out.
    maps = network.feature_map(clips)[..., 0, 0]  # (2, K, 2)
    read = torch.stack([maps[:, :, step] @ module.from_grid.weight.T + module.from_grid.bias for step in (0, 1)], 1)
    target = torch.stack([signals[:, :8].mean(1), signals[:, 8:].mean(1)], 1)
    torch.testing.assert_close(module._loss(batch), (read - target).square().mean())
    assert module.from_vector is None
