"""The numbers of Expresso-AI's named recipes. Free of torch."""

from __future__ import annotations

from typing import Any

from openada.training.recipe import StageRecipe

# Moreno et al. 2023. Windows of 16 frames, every eighth (128 raw frames), or every sixteenth of 256: --frame-step 16; 32 and 64
# sampled frames: --model.clip-frames. The overlap is .4 to .7. Rates, epochs, batch and the length of the cosine are not in the
# text at hand: ours. The least rate is properly above 0; the released program's floor division makes it 0.
PUBLISHED: dict[str, Any] = {
    "frame_step": 8,
    "overlap": 0.5,
    "windows": "all",
    "epochs": 30,
    "batch": 8,
    "optimiser": "sgd",
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "schedule": "cosine-restarts",
    "restart_epochs": 10,
    "restart_growth": 2,
    "least_rate": 0.01,
    "unfreeze_epochs": 1,
    "clip_norm": 1.0,
}
# What differs from the other small clip models' planted recipe. Windows of 32 frames, every fourth, last 25 s at 5 frames per
# second, because shorter ones say too little of a label (docs/planted_benchmark.md). Nothing is frozen: one layer at a time, the
# first epochs can only add up what brows, mouth and eyes do, and each alone says nothing of the score. The backbone keeps every
# frame apart to its last layer; r3d_18 halves time three times on the way, and what coincides is blurred before it is seen.
PLANTED: dict[str, Any] = {
    "frame_step": 4,
    "overlap": 0.5,
    "pretext": StageRecipe(epochs=4, learning_rate=2e-3, batch=8, weight_decay=1e-2),
    "epochs": 16,
    "learning_rate": 1e-3,
}
