"""VGGFace2's public checkpoints: the forms in which they go round, read without running anything, under timm's names."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from openada.errors import UnusableInput
from openada.models.weights import read_state

CLASSES = 8631
MEAN_RGB = tuple(value / 255 for value in (131.0912, 103.8827, 91.4953))
"""The mean of VGGFace2's pixels (caffe's order is blue, green, red), here as red, green, blue in 0–1."""

_DAG_LAYERS = {
    "1x1_reduce": "conv1", "1x1_reduce_bn": "bn1", "3x3": "conv2", "3x3_bn": "bn2", "1x1_increase": "conv3",
    "1x1_increase_bn": "bn3", "1x1_proj": "downsample.0", "1x1_proj_bn": "downsample.1",
    "1x1_down": "se_module.fc1", "1x1_up": "se_module.fc2",
}  # fmt: skip
_DAG = re.compile(r"conv([2-5])_(\d+)_(.+)\.(\w+)")
_ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("collections", "OrderedDict"), ("_codecs", "encode"),
}  # fmt: skip


class _ArraysOnly(pickle.Unpickler):
    """Reads dictionaries of numpy arrays; whatever else a pickle names is refused before it is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        """A class or function of numpy's own array format."""
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module, name)


def read_frame_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict (`weights.read_state`), or of a pickled dictionary of numpy arrays (.pkl, also Python 2's).

    Raises UnusableInput for a file that is neither, or whose pickle names anything but arrays.
    """
    if path.suffix != ".pkl":
        return read_state(path)
    try:
        with path.open("rb") as file:
            held = _ArraysOnly(file, encoding="latin1").load()
    except Exception as error:
        raise UnusableInput(f"{path} is no pickle of numpy arrays alone, so it is not read ({error})") from error
    if not isinstance(held, dict) or not held or not all(_is_numbers(value) for value in held.values()):
        raise UnusableInput(f"{path} holds no dictionary of numpy arrays; give a state dict")
    return {str(key): torch.from_numpy(np.array(value)) for key, value in held.items()}


def _is_numbers(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) and np.asarray(value).dtype.kind in "fiu"


def own_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A checkpoint under timm's names for its SE-ResNet-50; one that has them already, or is of another network, as it is.

    Two other forms are known: the layers of the caffe model ("conv2_1_1x1_reduce", as converters of its graph leave them), and
    torch's own ResNet with "conv4" and "conv5" for the two layers of every squeeze-and-excitation block.
    """
    if "conv1_7x7_s2.weight" in state:
        return {_from_dag(key): value for key, value in state.items()}
    if "layer1.0.conv4.weight" in state:
        return {_from_resnet(key): value for key, value in state.items()}
    return dict(state)


def _from_dag(key: str) -> str:
    key = key.replace("conv1_7x7_s2_bn.", "layer0.bn1.").replace("conv1_7x7_s2.", "layer0.conv1.")
    key = re.sub(r"^classifier\.", "last_linear.", key)
    found = _DAG.fullmatch(key)
    if found is None or found[3] not in _DAG_LAYERS:
        return key
    return f"layer{int(found[1]) - 1}.{int(found[2]) - 1}.{_DAG_LAYERS[found[3]]}.{found[4]}"


def _from_resnet(key: str) -> str:
    key = re.sub(r"^(conv1|bn1)\.", r"layer0.\1.", key)
    key = re.sub(r"^fc\.", "last_linear.", key)
    return key.replace(".conv4.", ".se_module.fc1.").replace(".conv5.", ".se_module.fc2.")
