"""A network of timm as a trunk: frames in, its last feature map out, with the input that its weights expect."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.vggface2 import CLASSES, MEAN_RGB, own_names, read_frame_weights
from openada.models.weights import Weights, fetch, load_state

CAFFE_NETWORK = "legacy_seresnet50"
IMAGENET_CLASSES = 1000
NEGATIVE = (
    "the last feature map of {} is not behind a ReLU and can be negative, which Grad-CAM++ does not allow: its weights assume "
    "features of at least 0"
)


class FrameTrunk(nn.Module):
    """Clips (B, 3, T, H, W), pixels as `input_range` says, to maps (B, K, T, h, w) of every frame.

    `outputs`: outputs of the network's own head, 0 for none. `frozen`: nothing of the network is trained, its BatchNorm
    statistics included, and it stays in evaluation mode whatever mode the model around it is put into.
    `channels` (K) and `grid` (h, w) are those of the map at `image_size`.
    `explanation_refusals`: explanation methods that the map does not allow, with the reason. Whether a map can be negative is
    seen on one frame of noise in the untrained network: a map behind a ReLU is not, whatever the weights.
    Raises UnusableInput for a name that timm does not have, and for a network without a map of height and width.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        *,
        outputs: int,
        input_range: str,
        normalisation: str,
        image_size: int,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.name, self.frozen, self.normalisation = name, frozen, normalisation
        self.network = _timm_network(name, outputs)
        facts = self.network.pretrained_cfg
        self._bgr = normalisation == "vggface2" and input_range != "standardised"
        mean, std = (MEAN_RGB, (1 / 255,) * 3) if normalisation == "vggface2" else (facts["mean"], facts["std"])
        mean = mean if input_range == "unit" else (0.0,) * 3
        std = (1.0,) * 3 if input_range == "standardised" else std
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1), persistent=False)
        self._last_axis, self.channels, self.grid, negative = _probe(self.network, name, image_size)
        reason = NEGATIVE.format(name)
        self.explanation_refusals = dict.fromkeys(("grad-cam++", "modified-grad-cam++"), reason) if negative else {}
        if frozen:
            self.network.requires_grad_(False)
            self.network.eval()

    def train(self, mode: bool = True) -> FrameTrunk:
        """As of any module; a frozen network stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def forward(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) to (B, K, T, h, w)."""
        if clips.ndim != 5 or clips.shape[1] != 3:
            raise UnusableInput(
                f"clips of shape {tuple(clips.shape)}; a frame network takes (batch, 3, time, height, width)"
            )
        frames = clips.transpose(1, 2).flatten(0, 1)
        frames = (frames - self.mean.to(frames.dtype)) / self.std.to(frames.dtype)
        maps = self.network.forward_features(frames.flip(1) if self._bgr else frames)
        maps = maps.movedim(-1, 1) if self._last_axis else maps
        return maps.unflatten(0, (len(clips), -1)).transpose(1, 2)

    def head(self, maps: Tensor) -> Tensor:
        """The network's own head on maps (N, K, h, w): (N, outputs)."""
        return self.network.forward_head(maps.movedim(1, -1) if self._last_axis else maps)

    def load(self, weights: Weights, *, download: bool = False) -> None:
        """Load the network's weights but for its classes; of VGGFace2's public formats names are converted.

        Raises UnusableInput for a file that does not fit, and for one whose classes say that its input is not `normalisation`'s.
        """
        path = fetch(weights, download=download)
        held = read_frame_weights(path)
        state = own_names(held)
        heads = self.network.pretrained_cfg["classifier"]
        heads = (heads,) if isinstance(heads, str) else tuple(heads)
        found = next(
            (state[key] for key in ("last_linear.weight", f"{heads[0]}.weight", "fc.weight") if key in state), None
        )
        classes = 0 if found is None else len(found)
        known = f"VGGFace2's {CLASSES} classes" if classes == CLASSES else "VGGFace2's names of layers"
        self._require_fitting_input(
            str(path), classes, known if classes == CLASSES or state.keys() != held.keys() else ""
        )
        of_head = tuple(f"{name}." for name in (*heads, "last_linear", "fc"))
        own = self.network.state_dict()
        kept = {
            key: value for key, value in own.items() if key.startswith(of_head) or key.endswith("num_batches_tracked")
        }
        given = {key: value for key, value in state.items() if not key.startswith(of_head)}
        load_state(self.network, {**kept, **given}, str(path))

    def _require_fitting_input(self, source: str, classes: int, of_faces: str) -> None:
        """classes: of the last layer, 0 without one; of_faces: by what the file is known to be VGGFace2's, else empty."""
        if of_faces and self.name.partition(".")[0] != CAFFE_NETWORK:
            raise UnusableInput(
                f"{source} holds {of_faces}: its public networks have the stride in their first 1×1 "
                f"convolutions, which of timm's networks {CAFFE_NETWORK} alone has, not {self.name}"
            )
        if of_faces and self.normalisation != "vggface2":
            raise UnusableInput(
                f"{source} holds {of_faces}, whose input is blue-green-red in 0–255 less a mean: "
                "give --model.normalisation vggface2 with it"
            )
        if classes == IMAGENET_CLASSES and self.normalisation == "vggface2":
            raise UnusableInput(
                f"{source} holds ImageNet's {classes} classes: give --model.normalisation network with it, not vggface2"
            )


def _timm_network(name: str, outputs: int) -> Any:
    import timm

    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), 3)
        hint = f"; close to it are: {', '.join(close)}" if close else "; timm.list_models() names them"
        raise UnusableInput(f"timm has no network {name!r}{hint}")
    try:
        return timm.create_model(name, pretrained=False, num_classes=outputs)
    except RuntimeError as error:  # an unknown tag of weights
        raise UnusableInput(f"timm cannot build {name!r} ({error})") from error


@torch.no_grad()
def _probe(network: Any, name: str, side: int) -> tuple[bool, int, tuple[int, int], bool]:
    """Of the map of one frame of noise: whether channels are its last axis, their number, (h, w), whether a value is below 0."""
    device = next(network.parameters()).device
    frame = torch.rand((1, 3, side, side), generator=torch.Generator("cpu").manual_seed(0), device="cpu")
    training = network.training
    network.eval()
    try:
        maps = network.forward_features(frame.to(device))
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnusableInput(f"timm's {name} cannot read frames of {side} px ({reason})") from error
    finally:
        network.train(training)
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise UnusableInput(
            f"timm's {name} has no feature map with height and width (it gives {shape}); choose a convolutional network"
        )
    last = maps.shape[1] != network.num_features and maps.shape[3] == network.num_features
    maps = maps.movedim(-1, 1) if last else maps
    return last, maps.shape[1], (maps.shape[2], maps.shape[3]), not maps.is_meta and bool((maps < 0).any())


class FrameModel(nn.Module, ABC):
    """Clips (B, 3, T, H, W) to scores (B,), through a network on every frame and what `score_from_map` makes of its maps."""

    def __init__(self, trunk: FrameTrunk) -> None:
        super().__init__()
        self.trunk = trunk

    def feature_map(self, clips: Tensor) -> Tensor:
        """The trunk's last map of every frame, (B, K, T, h, w), of clips (B, 3, T, H, W)."""
        maps: Tensor = self.trunk(clips)
        return maps

    @abstractmethod
    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale from maps (B, K, T, h, w)."""

    def forward(self, clips: Tensor) -> Tensor:
        """Scores (B,) of clips (B, 3, T, H, W)."""
        return self.score_from_map(self.feature_map(clips))

    @property
    def explanation_refusals(self) -> dict[str, str]:
        """Explanation methods that the trunk's features do not allow, with the reason."""
        return self.trunk.explanation_refusals

    def load_trunk(self, weights: Weights, *, download: bool = False) -> None:
        """Load the trunk's weights, all but its classes (`FrameTrunk.load`)."""
        self.trunk.load(weights, download=download)
