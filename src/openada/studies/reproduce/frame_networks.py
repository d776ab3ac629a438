"""Frame networks that a target compares a system with: fine-tuned on single frames, the score of a recording their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openada.errors import UnusableInput
from openada.models.registry import config_for
from openada.studies.reproduce.sta_drn_runs import Runs
from openada.training.clip_recipe import ClipRecipe, clip_recipe, model_preset, recipe_names

if TYPE_CHECKING:
    from typing import Any

    from openada.models.weights import Weights
    from openada.studies.reproduce.job import Job

SYSTEM = "frame-network"
STAND_INS = {
    "mobilenetv3_large_100": "MobileFace, a small network for phones",
    "legacy_seresnet50": "IRSE50, a residual network of 50 layers with squeeze-and-excitation",
    "inception_resnet_v2": "FaceNet, of the Inception-ResNet family",
    "resnet152": "IR152, a residual network of 152 layers",
}
"""timm network → the face recognition network of the paper that it is nearest to in kind; not in weights."""
CARRIED = ("split", "task", "cached", "reference", "epochs", "min_tracked_share", "accelerator", "devices", "precision")


def frame_recipe(job: Job, network: str) -> ClipRecipe[Any]:
    """How a frame network is trained beside the job's: frame networks' own recipe of the same name, or the first.

    Data, crops, number of epochs and machine are the job's.
    """
    preset = job.clips.preset if job.clips.preset in recipe_names(SYSTEM) else recipe_names(SYSTEM)[0]
    model = config_for(SYSTEM, model_preset(SYSTEM, preset), network=network, image_size=job.clips.model.image_size)
    return clip_recipe(SYSTEM, preset, model=model, **{name: getattr(job.clips, name) for name in CARRIED})


def frame_network_runs(job: Job) -> dict[str, Runs]:
    """Network's name → its runs, of the job's networks or of those that stand for the paper's.

    Raises UnusableInput, before anything is trained, for weights that are to be downloaded and could not be checked.
    """
    starts = {network: downloaded(job, network) for network in job.networks or STAND_INS}
    unchecked = [network for network, weights in starts.items() if weights is not None and not weights.sha256]
    if unchecked:
        others = " ".join(network for network in starts if network not in unchecked) or "resnet50"
        raise UnusableInput(
            f"timm gives no SHA-256 to check the weights of {', '.join(unchecked)} by: leave out --download-weights, or name "
            f"other networks, as in --networks {others}"
        )
    return {
        network: {
            seed: job.train(
                f"{SYSTEM}-{network}",
                seed,
                system=SYSTEM,
                recipe=frame_recipe(job, network),
                weights=weights,
            )
            for seed in job.seeds
        }
        for network, weights in starts.items()
    }


def downloaded(job: Job, network: str) -> Weights | None:
    """timm's weights of a network where the job may download them, else none."""
    from openada.models.weights import timm_weights

    return timm_weights(network) if job.download else None


def frame_network_sentences(job: Job) -> list[str]:
    """What a reader must know of the frame networks."""
    names = job.networks or STAND_INS
    recipe = frame_recipe(job, next(iter(names)))
    stand = "; ".join(f"{name} for {STAND_INS[name]}" for name in names if name in STAND_INS)
    return [
        "The paper's frame networks were trained to recognise faces, and timm has none of them; "
        + (f"nearest in kind: {stand}." if stand else "those here were named on the command line."),
        f"Frame networks: trained on one random frame of every recording at a time, {recipe.epochs} epochs, tested on "
        f"{recipe.test_frames} evenly spaced frames, whose mean is the recording's score. The paper gives no numbers for them.",
        "They start from timm's ImageNet weights."
        if job.download
        else "They start untrained; --download-weights gives them timm's ImageNet weights.",
    ]
