"""The score of a recording of which only some units are kept: what deletion and insertion ask of stage 2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from openada.explanation.undisturbed import undisturbed
from openada.models.expada.selector import Selector


def score_of_kept(
    selector: Selector, feature: np.ndarray, *, most_units: int = 8192
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from masks (k, N) of kept units to scores (k,) float64, each mask keeping at least one unit.

    feature (N, D). A unit that is not kept is treated as one that was not tracked: representations that
    contain it are gone, the others keep their place in time, and the selection chooses anew, its K a share of what is left.
    So many masks go at a time that their units are at most `most_units`, or one mask.
    """
    weights = next(selector.parameters())
    units = torch.from_numpy(np.asarray(feature)).to(weights)

    def score(masks: np.ndarray) -> np.ndarray:
        kept = torch.from_numpy(np.asarray(masks, dtype=bool)).to(weights.device)
        with undisturbed(selector), torch.inference_mode():
            parts = [
                selector(units.expand(len(part), -1, -1), part).score
                for part in kept.split(max(1, most_units // max(kept.shape[1], 1)))
            ]
        return torch.cat(parts).double().cpu().numpy()

    return score
