"""The smallest recipe that trains a clip model."""

from dataclasses import replace
from typing import Any

from openada.models.registry import config_for
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.recipe import StageRecipe

SYSTEM = "sta-drn"
CLIP_RECIPE: ClipRecipe[Any] = replace(
    clip_recipe(SYSTEM, "planted"),
    model=config_for(
        SYSTEM, "planted", width=2, stem_channels=2, layers=(1, 1, 1, 1), groups=1, clip_frames=7, image_size=32
    ),
    pretext=StageRecipe(epochs=0, learning_rate=1e-3, batch=4),
    epochs=3,
    batch=3,
    clips_per_recording=1,
    keep="best",
    label_noise=1.0,
    learning_rate=3e-3,
)
