"""The smallest recipe that goes through both stages of ExpADA."""

from openada.models.expada.config import ExpADAConfig
from openada.training.recipe import ExpADARecipe, StageRecipe

RECIPE = ExpADARecipe(
    preset="demo",
    cached=True,
    pretext=StageRecipe(epochs=2, learning_rate=1e-3, batch=5),
    encoder=StageRecipe(epochs=3, learning_rate=1e-3, batch=5),
    selector=StageRecipe(epochs=4, learning_rate=1e-2, batch=4),
    model=ExpADAConfig(
        trunk="small", segment_frames=8, image_size=32, width=8, query_channels=4, feature_size=16, hidden_size=16
    ),
)
