"""Small networks over clips, and what they are in numpy float64, written out by hand."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

CHANNELS, HIDDEN, FRAMES, HEIGHT, WIDTH = 11, 17, 7, 13, 5
GRID = (7, 13, 3)  # strides (1, 1, 2), same padding


class PlainClipNet(nn.Module):
    """One rectified convolution, then two linear layers over its flattened map: the gradient differs from place to place."""

    def __init__(self, inplace: bool = False, functional: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(3, CHANNELS, 3, (1, 1, 2), 1)
        self.rectify = nn.ReLU(inplace)
        self.functional = functional
        self.hidden = nn.Linear(CHANNELS * GRID[0] * GRID[1] * GRID[2], HIDDEN)
        self.score = nn.Linear(HIDDEN, 1)

    def feature_map(self, clips):
        maps = self.convolution(clips)
        return F.relu(maps) if self.functional else self.rectify(maps)

    def score_from_map(self, maps):
        hidden = self.hidden(maps.flatten(1))
        return self.score(F.relu(hidden) if self.functional else self.rectify(hidden)).squeeze(-1)

    def forward(self, clips):
        return self.score_from_map(self.feature_map(clips))


def plain_net(seed=0, **how):
    torch.manual_seed(seed)
    return PlainClipNet(**how).double().eval()


def clips_of(count, seed=1):
    return torch.rand(
        count, 3, FRAMES, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def numpy_map_and_gradient(net, clip):
    """A (K, t, h, w), g, and S of one clip (3, T, H, W) by sums and products alone."""
    w, b = (p.detach().numpy() for p in net.convolution.parameters())
    padded = np.pad(clip.numpy(), [(0, 0), (1, 1), (1, 1), (1, 1)])
    maps = np.zeros((CHANNELS, *GRID))
    for t, y, x in np.ndindex(*GRID):
        maps[:, t, y, x] = (w * padded[:, t : t + 3, y : y + 3, 2 * x : 2 * x + 3]).sum((1, 2, 3, 4)) + b
    maps = np.maximum(maps, 0)
    w1, b1, w2, b2 = (p.detach().numpy() for p in [*net.hidden.parameters(), *net.score.parameters()])
    hidden = w1 @ maps.ravel() + b1
    score = float(w2[0] @ np.maximum(hidden, 0) + b2[0])
    gradient = ((w2[0] * (hidden > 0)) @ w1).reshape(maps.shape)
    return maps, gradient, score


def numpy_grad_cam_plus_plus(maps, gradient):
    """Chattopadhyay et al. 2018, eq. 10 and 19 with Y = exp(S): the derivatives of exp(S) less their common factor exp(S)."""
    out = np.zeros(maps.shape[1:])
    for k in range(len(maps)):
        weight = 0.0
        for place in np.ndindex(*maps.shape[1:]):
            second, third = gradient[k][place] ** 2, gradient[k][place] ** 3
            alpha = 0.0 if gradient[k][place] == 0 else second / (2 * second + maps[k].sum() * third)
            weight += alpha * max(gradient[k][place], 0.0)
        out += weight * maps[k]
    return out


class MeanClipNet(nn.Module):
    """A rectified convolution, the mean over its map, and a linear score; takes clips of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(3, CHANNELS, 3, (2, 4, 4), 1)
        self.rectify = nn.ReLU()
        self.score = nn.Linear(CHANNELS, 1)

    def feature_map(self, clips):
        return self.rectify(self.convolution(clips))

    def score_from_map(self, maps):
        return self.score(maps.mean((2, 3, 4))).squeeze(-1)

    def forward(self, clips):
        return self.score_from_map(self.feature_map(clips))
