"""STA-DRN as one network, and the loading of its released checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from openada.models.clip_network import ClipNetwork, network_settings
from openada.models.sta_drn.block import STABottleneck
from openada.models.sta_drn.config import Fusion, STADRNConfig
from openada.models.sta_drn.released import own_names
from openada.models.weights import load_state


class STADRN(ClipNetwork):
    """Clips (B, 3, T, H, W) to scores (B,)."""

    config: STADRNConfig  # set by the registry

    def __init__(
        self,
        *,
        width: int,
        groups: int,
        fusion: Fusion,
        layers: tuple[int, int, int, int],
        shortcut_kernel: int,
        **shared: Any,
    ) -> None:
        block = partial(STABottleneck, groups=groups, fusion=fusion, shortcut_kernel=shortcut_kernel)
        super().__init__(block, width=width, blocks=tuple(count * groups for count in layers), **shared)
        self.fusion = fusion

    def own_names(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A released checkpoint's tensors under this network's names."""
        return own_names(state, self.fusion)

    def load_released_state_dict(self, state: Mapping[str, Tensor], source: str = "the released checkpoint") -> None:
        """Load a state dict with the names of the authors' released code; missing and unexpected keys are refused by name.

        `source` is how an error calls it. Number and size of blocks must be this network's: `released.settings_from` tells them.
        """
        load_state(self, self.own_names(state), source)


def build(config: STADRNConfig) -> STADRN:
    """Assemble the model from its settings."""
    return STADRN(
        width=config.width,
        groups=config.groups,
        fusion=config.fusion,
        layers=config.layers,
        shortcut_kernel=config.shortcut_kernel,
        **network_settings(config),
    )
