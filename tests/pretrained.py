"""A file of pre-trained weights whose every number is known."""

from pathlib import Path

import torch

from openada.models.expada.trunk import cut, full_network


def unusual_weights(trunk: str, path: Path, classes: int = 7) -> dict[str, torch.Tensor]:
    """Write a whole torchvision network with unusual values everywhere, batch norms' statistics too; return the trunk's part."""
    torch.manual_seed(11)
    network = full_network(trunk, classes)
    state = {
        key: torch.rand_like(value) + 0.5 if value.is_floating_point() else torch.full_like(value, 13)
        for key, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    torch.save(state, path)
    return cut(trunk, network).state_dict()
