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


def fusion_of(state: Mapping[str, Tensor], source: str) -> Fusion:
    """The fusion that the names of a released checkpoint tell; `source` is how an error calls the file.

    Raises `UnusableInput` for a single branch, whose names do not say whether it is space or time, and for any other network.
    """
    names = " ".join(state)
    if ".conv2.group_conv_spatial." in names:
        return "vector"
    if ".conv2.spatial_block." in names:
        return "feature"
    if ".conv2.group_conv." in names:
        raise UnusableInput(
            f"{source} holds one branch and does not say which; give --fusion spatial or --fusion temporal"
        )
    raise UnusableInput(
        f"{source} is no released STA-DRN: it has no attention block layer_1.0.conv2; its keys begin {names[:60]!r}"
    )


def settings_from(state: Mapping[str, Tensor], fusion: Fusion, source: str) -> dict[str, Any]:
    """Width, groups, layers, stem and shortcut that the shapes of a released checkpoint tell.

    Raises `UnusableInput` where the shapes are no STA-DRN's with that fusion. `source` is how the error calls the file. The
    stride in time has no shape, so it is not among them.
    """
    state = own_names(state, fusion)
    first = "layer_1.0.conv2.group_conv_" + ("temporal" if fusion == "temporal" else "spatial") + ".weight"
    absent = [key for key in ("conv_1.weight", first) if key not in state or state[key].ndim != 5]
    if absent:
        raise UnusableInput(
            f"{source} is no STA-DRN with fusion {fusion!r}: it has no convolution {', '.join(absent)}; give another --fusion"
        )
    width, per_group = state[first].shape[:2]
    groups = width // max(per_group, 1)
    blocks = [0] * STAGES
    for key in state:
        found = BLOCK.match(key)
        if found and 1 <= int(found[1]) <= STAGES:
            blocks[int(found[1]) - 1] = max(blocks[int(found[1]) - 1], int(found[2]) + 1)
    if groups == 0 or any(count == 0 or count % groups for count in blocks):
        raise UnusableInput(
            f"{source} has {blocks} blocks in its {STAGES} stages; STA-DRN has a multiple of its {groups} groups in each"
        )
    beside = state.get("layer_2.0.downsample.0.weight")
    return {
        "width": width,
        "groups": groups,
        "fusion": fusion,
        "layers": tuple(count // groups for count in blocks),
        "stem_channels": state["conv_1.weight"].shape[0],
        "shortcut_kernel": 3 if beside is None else beside.shape[-1],
    }
