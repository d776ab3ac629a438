"""The public Kinetics-700 R(2+1)D-50's names, and outputs of its code for weights and input filled by a rule.

Weights: `released_sta_drn.filled`, the same rule.
"""

import json
from pathlib import Path

import numpy as np
import torch

SHAPES = json.loads((Path(__file__).parent / "released_r2p1d50.json").read_text(encoding="utf-8"))
"""Names and shapes of the public network of 700 classes."""

LOGITS = [
    [-34.17116561848925, 28.99367460114154, 27.266411510906057, -9.231296724053704, 1.5235967701852693],
    [-33.92287304451737, 28.83361900523803, 28.095302881511156, -7.973523716409104, 1.6445091942271506],
]
NORM = [477.2560592381374, 469.4100457115876]
"""The first five logits of either row in float64, evaluation mode, and the norm of all 700."""

PARAMETERS = 47650082


def clips():
    """The reference's input (2, 3, 16, 32, 40), float64; it is fed as it is."""
    return torch.from_numpy(np.random.RandomState(3).standard_normal((2, 3, 16, 32, 40)))
