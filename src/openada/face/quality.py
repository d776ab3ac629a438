"""How well a recording can be used: collected frame by frame, in memory that does not grow with its length."""

from __future__ import annotations

from collections import Counter
from typing import Any

import cv2
import numpy as np

from openada.face.tracker import FaceObservation

TRACKED_SHARE_LOW = 0.9
BRIGHTNESS_LOW, BRIGHTNESS_HIGH = 50.0, 215.0
BLUR_LOW = 15.0
FACE_SIZE_LOW_PX = 80
LOOK_EVERY_S = 0.2
"""Below (or, for BRIGHTNESS_HIGH, above) these a warning is given: rules of thumb for 224-pixel crops, not measured limits.
Brightness and blur are looked at every `LOOK_EVERY_S` of video."""


class QualityAccumulator:
    """Feed every frame with `add`, then read `result`."""

    def __init__(self) -> None:
        self._frames = 0
        self._tracked = 0
        self._looked_at = 0
        self._looked_s = float("-inf")
        self._brightness = 0.0
        self._blur = 0.0
        self._faces_seen_max = 0
        self._face_sizes: Counter[int] = Counter()
        self._gaps: list[dict[str, float]] = []
        self._gap_start_s: float | None = None
        self._first_s = 0.0
        self._last_s: float | None = None
        self._step_s = 0.0

    def wants_crop(self, time_s: float) -> bool:
        """Whether it is time to look at a crop again."""
        return time_s - self._looked_s >= LOOK_EVERY_S - 1e-6

    def add(self, time_s: float, observation: FaceObservation, crop: np.ndarray | None = None) -> None:
        """Take in the next frame. `crop` (S, S, 3) uint8 is its aligned crop, looked at only if the face is tracked."""
        self._frames += 1
        if self._last_s is None:
            self._first_s = time_s
        else:
            self._step_s = max(time_s - self._last_s, 0.0)
        self._last_s = time_s
        self._faces_seen_max = max(self._faces_seen_max, observation.faces_seen)
        if not observation.tracked:
            if self._gap_start_s is None:
                self._gap_start_s = time_s
            return
        if self._gap_start_s is not None:
            self._gaps.append({"start_s": self._gap_start_s, "end_s": time_s})
            self._gap_start_s = None
        self._tracked += 1
        self._face_sizes[round(float(observation.box_px[3]))] += 1
        if crop is None:
            return
        self._looked_at += 1
        self._looked_s = time_s
        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
        self._brightness += float(grey.mean())
        self._blur += float(cv2.Laplacian(grey, cv2.CV_32F).var(dtype=np.float64))

    def result(self) -> dict[str, Any]:
        """What `quality.json` holds; None where nothing could be measured.

        duration_s: from the first frame to the end of the last one, which is taken to last as long as the one before it.
        tracked_share: share of frames with a tracked face, 0 to 1 (None without frames).
        gaps: spans without a tracked face, from the first lost frame to the next tracked one (or the end of the video).
        brightness: mean grey level of the crops looked at, 0 to 255. blur: mean variance of the Laplacian (3×3) of
        their grey levels, small where blurred. faces_seen_max: most faces seen at once, where searched for.
        face_size_px: median height of the face in the source frame. warnings: plain sentences.
        """
        gaps = list(self._gaps)
        if self._gap_start_s is not None and self._last_s is not None:
            gaps.append({"start_s": self._gap_start_s, "end_s": self._last_s + self._step_s})
        numbers: dict[str, Any] = {
            "duration_s": None if self._last_s is None else self._last_s + self._step_s - self._first_s,
            "tracked_share": self._tracked / self._frames if self._frames else None,
            "gaps": gaps,
            "brightness": self._brightness / self._looked_at if self._looked_at else None,
            "blur": self._blur / self._looked_at if self._looked_at else None,
            "faces_seen_max": self._faces_seen_max,
            "face_size_px": _median(self._face_sizes) if self._tracked else None,
        }
        return {**numbers, "warnings": self._warnings(numbers)}

    def _warnings(self, numbers: dict[str, Any]) -> list[str]:
        if not self._frames:
            return ["The video has no frames."]
        if not self._tracked:
            return [f"No face was tracked in any of the {self._frames} frames."]
        said = []
        share = numbers["tracked_share"]
        if share < TRACKED_SHARE_LOW:
            said.append(
                f"{100 * (1 - share):.0f} % of frames have no tracked face ({self._tracked} of {self._frames} tracked)."
            )
        if self._faces_seen_max > 1:
            said.append(several_faces(numbers))
        brightness = numbers["brightness"]
        if brightness is not None and brightness < BRIGHTNESS_LOW:
            said.append(f"The face is dark (mean brightness {brightness:.0f} of 255).")
        if brightness is not None and brightness > BRIGHTNESS_HIGH:
            said.append(f"The face is overexposed (mean brightness {brightness:.0f} of 255).")
        if numbers["blur"] is not None and numbers["blur"] < BLUR_LOW:
            said.append(f"The face is blurred (variance of the Laplacian {numbers['blur']:.1f}, under {BLUR_LOW:.0f}).")
        if numbers["face_size_px"] < FACE_SIZE_LOW_PX:
            said.append(
                f"The face is small (median height {numbers['face_size_px']:.0f} px, under {FACE_SIZE_LOW_PX} px): "
                "fine movements may be lost."
            )
        return said


def several_faces(quality: dict[str, Any]) -> str:
    """The warning that one of several people was followed."""
    return f"Up to {quality['faces_seen_max']} faces were seen at once; one of them is followed."


def _median(counts: Counter[int]) -> float:
    """The median of counted whole numbers."""
    values = np.array(sorted(counts))
    upto = np.cumsum([counts[value] for value in values])
    low, high = np.searchsorted(upto, [(upto[-1] + 1) // 2, upto[-1] // 2 + 1])
    return float(values[low] + values[high]) / 2
