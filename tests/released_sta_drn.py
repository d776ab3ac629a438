"""The released network's names, and weights and input by which its published reference outputs were computed."""

import json
from pathlib import Path

import numpy as np
import torch

NAMES = json.loads((Path(__file__).parent / "released_sta_drn.json").read_text(encoding="utf-8"))
"""Names and shapes of the released network: one block a stage times k = 2, width 16, fusion "vector"."""

OUTPUTS = {"vector": [-1.8294032604266506, -2.0821727506536822], "feature": [-1.4573830056952257, -2.2985284363564005]}
"""Outputs of the released code in float64, evaluation mode, for `filled` weights and `clips`."""

PARAMETERS = 6246465


def names_of(fusion):
    """The released names for a fusion: "feature" keeps each branch's layers in a module of its own."""
    if fusion == "vector":
        return NAMES
    renamed = {}
    for key, shape in NAMES.items():
        for layer in ("group_conv", "bn", "fc"):
            for branch in ("spatial", "temporal"):
                inside = f"{branch}_block.{layer}." if fusion == "feature" else f"{layer}."
                if f"conv2.{layer}_{branch}." in key and fusion in ("feature", branch):
                    renamed[key.replace(f"{layer}_{branch}.", inside)] = shape
        if ".conv2." not in key:
            renamed[key] = shape
    return renamed


def filled(names):
    """Weights by the reference's rule: one generator, names in sorted order."""
    random = np.random.RandomState(7)
    state = {}
    for key in sorted(names):
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(0)
            continue
        drawn = random.standard_normal(tuple(names[key]))
        if key.endswith("running_var"):
            drawn = 1 + 0.25 * np.abs(drawn)
        elif drawn.ndim > 1:
            drawn = drawn * np.sqrt(2 / np.prod(drawn.shape[1:]))
        elif key.endswith("weight"):
            drawn = 1 + 0.1 * drawn
        else:
            drawn = 0.1 * drawn
        state[key] = torch.from_numpy(drawn)
    return state


def clips():
    """The reference's input (2, 3, 8, 32, 40), float64."""
    return torch.from_numpy(np.random.RandomState(3).standard_normal((2, 3, 8, 32, 40)))
