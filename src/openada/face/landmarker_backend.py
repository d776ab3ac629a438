"""Face tracking with a user's own `face_landmarker.task` file (MediaPipe Tasks): 478 landmarks and 52 blendshapes.

The rules of following and the full-range detector are those of the offline backend; only the mesh differs. It looks at
every crop for itself (the image mode of the Tasks API), so that a frame's result depends on its crop alone. The video
mode takes about a quarter less time, but it filters a single face's landmarks over time (of one blink it took a tenth of
the amplitude) and carries its state from one video into the next.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.face.following import FollowingTracker
from openada.face.full_range import FullRangeDetector
from openada.face.networks import BLANK, Detector, Mesh, MeshResult, quiet_stderr
from openada.face.tracker import LANDMARKS

BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""The blendshapes in the order of `FaceObservation.blendshapes`. Left and Right are the model's words: the names are ARKit's,
which mean the subject's own sides, not the image's as everywhere else in this package. Whether the model keeps to that was
not tested."""

NETWORKS = ("face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite")
"""What a face landmarker bundle holds, as far as it is used here."""

PARAMETERS: dict[str, Any] = {"running_mode": "image", "min_detection_in_crop": 0.5, "min_presence": 0.5}
_REMEDY = (
    "MediaPipe's model page for its Face Landmarker offers face_landmarker.task for download; "
    "give it as --tracker-model FILE."
)


def blendshape_signals() -> tuple[tuple[str, str, str, str], ...]:
    """Name, unit, range and source of the 51 columns `blendshape_<name>`, in the order of `BLENDSHAPES[1:]`.

    The first blendshape, `_neutral`, measures no movement and gets no column.
    """
    source = "the face_landmarker.task model's {} coefficient, 0 at rest, left and right as the model names them"
    return tuple((f"blendshape_{name}", "coefficient", "0 to 1", source.format(name)) for name in BLENDSHAPES[1:])


def read_bundle(model_file: Path) -> bytes:
    """The content of a face landmarker bundle, an uncompressed zip of networks.

    Raises UnusableInput if the file is missing, unreadable, cut off, damaged or a bundle of another task.
    """
    name = repr(str(model_file))
    try:
        content = model_file.read_bytes()
    except FileNotFoundError:
        raise UnusableInput(f"There is no face landmarker model {name}. {_REMEDY}") from None
    except OSError as error:
        raise UnusableInput(f"The face landmarker model {name} cannot be read: {error.strerror}.") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            held = bundle.namelist()
            damaged = bundle.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if content.startswith(b"PK\x03\x04"):
            raise UnusableInput(f"The face landmarker model {name} is cut off or damaged; get it anew.") from error
        raise UnusableInput(f"{name} is not a face landmarker model, which is a zip of networks. {_REMEDY}") from error
    missing = [network for network in NETWORKS if network not in held]
    if missing:
        holds = ", ".join(held[:5]) + (", ..." if len(held) > 5 else "")
        raise UnusableInput(
            f"{name} is not a face landmarker model with blendshapes: it lacks {', '.join(missing)} "
            f"(it holds {holds or 'nothing'}). {_REMEDY}"
        )
    if damaged is not None:
        raise UnusableInput(f"The face landmarker model {name} is damaged in its {damaged}; get it anew.")
    return content


@contextmanager
def _refusals() -> Iterator[None]:
    """MediaPipe's own complaints about a model, as an UnusableInput of one line."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).rpartition("; ")[2].split())  # what precedes the last part is a graph's address
        raise UnusableInput(
            f"mediapipe {version('mediapipe')} refuses the face landmarker model: {reason[:160].rstrip('.')}. "
            "Use a model made for this version, or the mediapipe version that openada asks for."
        ) from error


class LandmarkerMesh:
    """`Mesh` on MediaPipe's FaceLandmarker. It has no memory: equal crops give equal results."""

    def __init__(self, bundle: bytes) -> None:
        """Raises UnusableInput if this mediapipe has no Tasks API or refuses the bundle."""
        with quiet_stderr():
            try:
                from mediapipe import Image, ImageFormat
                from mediapipe.tasks.python import BaseOptions, vision
            except (ImportError, AttributeError) as error:
                raise UnusableInput(
                    f"mediapipe {version('mediapipe')} lacks the Tasks API that the face-landmarker tracker needs "
                    f"({error}); install the mediapipe version that openada asks for."
                ) from error
            with _refusals():
                self._landmarker = vision.FaceLandmarker.create_from_options(
                    vision.FaceLandmarkerOptions(
                        base_options=BaseOptions(model_asset_buffer=bundle),
                        running_mode=vision.RunningMode.IMAGE,
                        num_faces=1,
                        min_face_detection_confidence=PARAMETERS["min_detection_in_crop"],
                        min_face_presence_confidence=PARAMETERS["min_presence"],
                        output_face_blendshapes=True,
                    )
                )
            self._image = lambda rgb: Image(image_format=ImageFormat.SRGB, data=rgb)
            self.landmarks(BLANK, fresh=True)

    def landmarks(self, crop_rgb: np.ndarray, fresh: bool) -> MeshResult | None:
        """The face in a crop (S, S, 3) uint8, or None; `fresh` changes nothing, as nothing is remembered.

        Raises UnusableInput if the model's blendshapes are not those of `BLENDSHAPES`.
        """
        with _refusals():
            found = self._landmarker.detect(self._image(crop_rgb))
        if not found.face_landmarks:
            return None
        points = np.array([(p.x, p.y, p.z) for p in found.face_landmarks[0]], np.float64)
        if points.shape != (LANDMARKS, 3) or not np.isfinite(points).all():
            return None
        shapes = found.face_blendshapes[0]
        names = [shape.category_name for shape in shapes]
        differing = [f"{ours} is {its}" for its, ours in zip_longest(names, BLENDSHAPES) if its != ours]
        if differing:
            raise UnusableInput(
                f"mediapipe {version('mediapipe')} names {len(differing)} of the model's blendshapes otherwise "
                f"({differing[0]}); install the mediapipe version that openada asks for."
            )
        return MeshResult(points, np.array([shape.score for shape in shapes], np.float32))


class FaceLandmarkerTracker(FollowingTracker):
    """The follower on a user's face landmarker model, whose content (not its place) is part of `parameters`."""

    name = "face-landmarker"

    def __init__(self, model_file: Path) -> None:
        """Reads and checks the file; see `read_bundle` for what is raised. MediaPipe sees it at the first frame."""
        self._bundle = read_bundle(model_file)
        model = {"model_sha256": hashlib.sha256(self._bundle).hexdigest(), "mediapipe": version("mediapipe")}
        super().__init__({**PARAMETERS, **model, "blendshapes": len(BLENDSHAPES)})

    def _start(self) -> tuple[Detector, Mesh]:
        return FullRangeDetector(), LandmarkerMesh(self._bundle)
