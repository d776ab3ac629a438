"""Expresso-AI's network: a backbone of action recognition with one linear output in place of its classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.expresso.config import ExpressoConfig
from openada.models.expresso.kinetics400 import Kinetics400Network
from openada.models.expresso.kinetics700 import Kinetics700Network
from openada.models.precision import at_least_float32
from openada.models.weights import Weights, fetch, load_state, read_state

KINETICS_400 = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
"""Mean and standard deviation of pixels in [0, 1] that torchvision's video weights expect."""
KINETICS_700 = (0.4345, 0.4051, 0.3775), (0.2768, 0.2713, 0.2737)
"""The same of the public Kinetics-700 weights."""
HEAD = "fc."


class Expresso(nn.Module):
    """Clips (B, 3, T, H, W), pixels as `input_range` says, to scores (B,): `score_from_map(feature_map(clips))`.

    Every ReLU is a module of its own and not in place, so that it can be hooked.
    """

    config: ExpressoConfig  # set by the registry
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: Kinetics400Network | Kinetics700Network,
        *,
        input_range: str,
        score_mean: float,
        score_sd: float,
    ) -> None:
        super().__init__()
        self.network = network
        mean, std = KINETICS_700 if isinstance(network, Kinetics700Network) else KINETICS_400
        mean = mean if input_range == "unit" else (0.0,) * 3
        std = (1.0,) * 3 if input_range == "standardised" else std
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1, 1), persistent=False)
        self.score_mean, self.score_sd = score_mean, score_sd

    def feature_map(self, clips: Tensor) -> Tensor:
        """The last stage's output (B, K, t, h, w) of clips (B, 3, T, H, W); it follows a ReLU, so no value is below 0."""
        if clips.ndim != 5 or clips.shape[1] != 3:
            raise UnusableInput(
                f"clips of shape {tuple(clips.shape)} given to expresso-ai; it takes (batch, 3, time, height, width)"
            )
        return self.network.feature_map((clips - self.mean.to(clips.dtype)) / self.std.to(clips.dtype))

    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale from feature maps (B, K, t, h, w): their mean over the grid, and one linear output."""
        found = at_least_float32(self.network.fc(maps.mean((2, 3, 4))))
        return self.score_mean + self.score_sd * found.squeeze(-1)

    def forward(self, clips: Tensor) -> Tensor:
        """Scores (B,) of clips (B, 3, T, H, W), on the label's scale."""
        return self.score_from_map(self.feature_map(clips))

    def parts(self) -> tuple[nn.Module, ...]:
        """All that is trained, in the order in which gradual unfreezing trains it: the last layer first, the stem last."""
        return self.network.parts()

    def load_trunk(self, weights: Weights, *, download: bool = False) -> None:
        """Load all but the linear output from a checkpoint of the whole backbone, trained for whatever number of classes.

        Raises UnusableInput for a file whose other names or shapes differ, listed by name.
        """
        path = fetch(weights, download=download)
        state = {key: value for key, value in read_state(path).items() if not key.startswith(HEAD)}
        own = {key: value for key, value in self.network.state_dict().items() if key.startswith(HEAD)}
        load_state(self.network, {**state, **own}, str(path))


def build(config: ExpressoConfig) -> Expresso:
    """Assemble the model from its settings."""
    network = (
        Kinetics700Network(width=config.width, outputs=1)
        if config.backbone == "r2plus1d_50"
        else Kinetics400Network(config.backbone, width=config.width, outputs=1)
    )
    return Expresso(network, input_range=config.input_range, score_mean=config.score_mean, score_sd=config.score_sd)
