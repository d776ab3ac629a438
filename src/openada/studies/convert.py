"""A released checkpoint of a published network, made one of this project's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openada import models
from openada.errors import UnusableInput
from openada.models.clip_settings import InputRange
from openada.models.cost import parameter_count
from openada.models.sta_drn.config import Fusion
from openada.models.sta_drn.model import STADRN
from openada.models.sta_drn.released import fusion_of, settings_from
from openada.models.weights import read_state, save_checkpoint, sha256_of

UNKNOWN = "not stated"


def convert_sta_drn(
    file: Path,
    out: Path,
    *,
    fusion: Fusion | None = None,
    score_factor: float,
    temporal_stride: int,
    clip_frames: int,
    image_size: int,
    frame_step: int,
    input_range: InputRange,
    training_set: str = UNKNOWN,
    licence: str = UNKNOWN,
) -> dict[str, Any]:
    """Write `out` (.safetensors, with JSON beside it) from a checkpoint `file` with the names of STA-DRN's released code.

    The size is read from the shapes, the fusion from the names unless given. The score is `score_factor` · output: the released
    scripts train on label / 63. Their test also sets negative scores to 0; the network does not, so that no gradient is cut off.
    The file is read weights-only: code in it is never run. Returns the settings, "parameters", and "out".

    Raises `UnusableInput`, in one line, for a file that is no state dict, for missing or unexpected keys, for other shapes, and
    for values that are not finite.
    """
    if not file.is_file():
        raise UnusableInput(f"no checkpoint at {file}; give the .pth, .pt or .safetensors file that was released")
    if out.suffix != ".safetensors":
        raise UnusableInput(f"--out {out} must be named *.safetensors")
    if frame_step < 1:
        raise UnusableInput(f"--frame-step {frame_step}: it must be a whole number of at least 1")
    state = read_state(file)
    broken = sorted(key for key, value in state.items() if not bool(value.isfinite().all()))
    if broken:
        raise UnusableInput(f"{file} has values that are not finite in {', '.join(broken[:5])}; it cannot be used")
    settings = settings_from(state, fusion or fusion_of(state, str(file)), str(file))
    model = models.create(
        "sta-drn",
        **settings,
        temporal_stride=temporal_stride,
        clip_frames=clip_frames,
        image_size=image_size,
        input_range=input_range,
        score_sd=score_factor,
    )
    assert isinstance(model, STADRN)
    model.load_released_state_dict(state, str(file))
    meta = {
        "training_set": training_set,
        "label_scale": "BDI-II",
        "split": UNKNOWN,
        "licence": licence,
        "source": {"file": file.name, "sha256": sha256_of(file)},
        "preprocessing": {"alignment": "imutils", "frame_step": frame_step},
    }
    save_checkpoint(model, out, meta)
    return {**settings, "parameters": parameter_count(model), "out": out}
