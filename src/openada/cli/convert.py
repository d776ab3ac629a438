"""The command that makes a released checkpoint one of this project's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tyro.conf import Positional


def convert(
    system: Positional[Literal["sta-drn"]],
    file: Positional[Path],
    /,
    *,
    out: Path,
    fusion: Literal["spatial", "temporal", "feature", "vector"] | None = None,
    score_factor: float = 63.0,
    temporal_stride: Literal[1, 2] = 2,
    clip_frames: int = 64,
    image_size: int = 224,
    frame_step: int = 3,
    input_range: Literal["unit", "difference", "standardised"] = "unit",
    training_set: str = "not stated",
    licence: str = "not stated",
) -> None:
    """Convert a publicly released checkpoint: OUT (safetensors) and, beside it, the JSON that says what it is.

    The file is read weights-only, so code in it is never run. Its names are those of the authors' released code; every key must
    fit.
    Width, groups and number of blocks are read from its shapes. What no shape tells has the released scripts' value as default.

    Args:
        system: The published system.
        file: The released checkpoint, .pth, .pt or .safetensors.
        out: File to write, *.safetensors.
        fusion: How space and time meet; needed only where the names leave it open (spatial or temporal alone).
        score_factor: Points of the scale per unit of output. The released scripts train on label / 63.
        temporal_stride: Stride along time of the last three stages; Table 1 of the paper has 1.
        clip_frames: Frames per clip.
        image_size: Side of the aligned face, pixels.
        frame_step: Every how manyth source frame a clip takes; the paper has 1.
        input_range: "unit" for pixels in [0, 1], standardised inside by ImageNet's mean and deviation.
        training_set: What it was trained on, for the record.
        licence: The licence under which it was released, for the record.
    """
    from openada.studies.convert import convert_sta_drn

    del system  # there is one so far; tyro has checked it
    told = convert_sta_drn(
        file,
        out,
        fusion=fusion,
        score_factor=score_factor,
        temporal_stride=temporal_stride,
        clip_frames=clip_frames,
        image_size=image_size,
        frame_step=frame_step,
        input_range=input_range,
        training_set=training_set,
        licence=licence,
    )
    print(
        f"sta-drn, fusion {told['fusion']}, width {told['width']}, groups {told['groups']}, layers {told['layers']}: "
        f"{told['parameters']:,} parameters, all keys fit; score = {score_factor:g} · output"
    )
    print(f"wrote {out} and {out.with_suffix('.json').name}")
