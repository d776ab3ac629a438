"""The names in the authors' released checkpoints, and what network such a checkpoint belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from openada.errors import UnusableInput
from openada.models.sta_drn.config import Fusion

BLOCK = re.compile(r"layer_(\d)\.(\d+)\.")
STAGES = 4


def own_names(state: Mapping[str, Tensor], fusion: Fusion) -> dict[str, Tensor]:
    """The tensors under this project's names; names that are ours already stay.

    The released "vector" block names its layers as we do (`group_conv_spatial`); "feature" has them in `spatial_block` and
    `temporal_block`; the single branches have no suffix (`conv2.group_conv`), so a file does not say which of the two it is.
    """
    if fusion == "vector":
        return dict(state)
    if fusion == "feature":
        return {
            re.sub(r"\.conv2\.(spatial|temporal)_block\.(group_conv|bn|fc)\.", r".conv2.\2_\1.", key): value
            for key, value in state.items()
        }
    return {
        re.sub(r"\.conv2\.(group_conv|bn|fc)\.", rf".conv2.\1_{fusion}.", key): value for key, value in state.items()
    }


def settings_from(state: Mapping[str, Tensor], fusion: Fusion, source: str) -> dict[str, Any]:
    """Width, groups, layers, stem and shortcut that the shapes of a released checkpoint tell.

    Raises `UnusableInput` where the shapes are no STA-DRN's. `source` is how the error calls the file. A caller must say what no
    shape tells: the fusion, and the temporal stride.
    """
    state = own_names(state, fusion)
    first = "layer_1.0.conv2.group_conv_" + ("temporal" if fusion == "temporal" else "spatial") + ".weight"
    needed = ("conv_1.weight", "layer_1.0.conv1.weight", first, "fc.weight")
    absent = [key for key in needed if key not in state]
    if absent:
        raise UnusableInput(
            f"{source} is no checkpoint of STA-DRN with fusion {fusion!r}: it has no {', '.join(absent)}; "
            "give another --fusion if it was trained with one"
        )
    width, per_group = state[first].shape[:2]
    groups = width // per_group
    blocks = [0] * STAGES
    for key in state:
        found = BLOCK.match(key)
        if found and 1 <= int(found[1]) <= STAGES:
            blocks[int(found[1]) - 1] = max(blocks[int(found[1]) - 1], int(found[2]) + 1)
    if any(count == 0 or count % groups for count in blocks):
        raise UnusableInput(
            f"{source} has {blocks} blocks in its {STAGES} stages; STA-DRN has a multiple of its {groups} groups in each"
        )
    kernel = state["layer_2.0.downsample.0.weight"].shape[-1] if "layer_2.0.downsample.0.weight" in state else 3
    return {
        "width": int(width),
        "groups": int(groups),
        "fusion": fusion,
        "layers": tuple(count // groups for count in blocks),
        "stem_channels": int(state["conv_1.weight"].shape[0]),
        "shortcut_kernel": int(kernel),
    }
