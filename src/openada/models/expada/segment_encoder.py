"""What both segment encoders share: the clips they take, what they return, and stage 1's two heads."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.expada.trunk import Trunk
from openada.models.outputs import SegmentOutput
from openada.models.precision import at_least_float32


class SegmentEncoder(nn.Module, ABC):
    """Clips (B, 3, T, H, W) to one facial behaviour feature unit f (B, D) each, with stage 1's two heads on top.

    The score is score_mean + score_sd · (a linear output). The ordinal head gives C − 1 ordered logits (three, as eq. 12 has it;
    the text says four). `grid` is the tokens' (T', H', W'), `location` their learned embedding (1, d, T', H', W').
    """

    location: nn.Parameter

    def __init__(
        self,
        trunk: Trunk,
        *,
        input_shape: tuple[int, int, int, int],
        grid: tuple[int, int, int],
        score_mean: float,
        score_sd: float,
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.grid = grid
        self.score_mean, self.score_sd = score_mean, score_sd
        self.trunk = trunk

    def add_heads(self, feature_size: int, categories: int) -> None:
        """Make the two heads; called last, so that what lies below is drawn first."""
        self.score = nn.Linear(feature_size, 1)
        self.ordinal = nn.Linear(feature_size, categories - 1)

    def check(self, clips: Tensor) -> None:
        """Raise `UnusableInput` for clips of another shape than the encoder was made for."""
        if clips.ndim != 5 or tuple(clips.shape[1:]) != self.input_shape:
            raise UnusableInput(
                f"clips of shape {tuple(clips.shape)} given to an encoder for (batch, {', '.join(map(str, self.input_shape))}); "
                "its location embedding fixes segment_frames and image_size"
            )

    @abstractmethod
    def tokens(self, clips: Tensor) -> Tensor:
        """The located tokens (B, d, T', H', W')."""

    @abstractmethod
    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Located tokens (B, d, T', H', W') to feature units (B, D) and the attention over the tokens (B, layers, heads, …)."""

    def forward_features(self, clips: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Feature units (B, D); on request also the attention over the tokens, (B, layers, heads, …), sums of 1."""
        feature, attention = self.attend(self.tokens(clips))
        return (feature, attention) if return_attention else feature

    def feature_map(self, clips: Tensor) -> Tensor:
        """What maps over space and time are made from: the located tokens, which can be negative."""
        return self.tokens(clips)

    def score_from_map(self, maps: Tensor) -> Tensor:
        """Stage 1's score (B,) from the located tokens."""
        return self.heads(self.attend(maps)[0]).score

    def heads(self, feature: Tensor) -> SegmentOutput:
        """Stage 1's heads on feature units (B, D)."""
        score = self.score_mean + self.score_sd * at_least_float32(self.score(feature)).squeeze(-1)
        return SegmentOutput(feature, score, at_least_float32(self.ordinal(feature)))

    def forward(self, clips: Tensor) -> SegmentOutput:
        """Encode clips (B, 3, T, H, W) and apply both heads."""
        feature = self.forward_features(clips)
        assert isinstance(feature, Tensor)
        return self.heads(feature)
