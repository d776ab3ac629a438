"""The crops of a face that published systems were trained on, as transforms from frame to crop.

Every style is a function (landmarks_px, size_px) -> (2, 3) float64, the transform that takes frame pixels (x, y, 1) to
those of a square crop: a rotation (not in every style), one scale and a shift, never mirrored; all NaN for a lost frame.
landmarks_px: (478, 2 or 3); depth is not used. The crop's content does not depend on `size_px`; the size in which a style
was published is named with it. All follow their definition on our landmarks, so a crop differs from the original by as
much as our landmarks differ from those of the original's detector.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from openada.face.ibug68 import ibug68
from openada.face.regions import eye_centres_px, mouth_centre_px

_SURFACE = 468
"""The mesh's landmarks of the face's surface come first, those of the irises after them."""

EYES_AT = (0.5, 0.35)
"""stable, openada: where the midpoint of the eyes lies, as a share of the crop's width and height."""
STABLE_SPREAD = 0.29
"""stable: root mean square distance of OpenFace's stable points from their mean, as a share of the crop's side. A neutral frontal
face then has about a third of the side between eyes and mouth."""
EYES_TO_MOUTH = 1 / 3
"""openada: distance from the midpoint of the eyes to the mouth's centre, as a share of the crop's side."""

OPENFACE_PX_PER_MM = 0.7
OPENFACE_SIZE_PX = 112
OPENFACE_INTEROCULAR_MM = 65.0
"""The size to which OpenFace's mean shape is scaled: between the eyes' centres."""
_STABLE: dict[int, tuple[float, float]] = {
    **{1: (-1.092, 0.360), 2: (-1.070, 0.596), 3: (-1.023, 0.847), 4: (-0.945, 1.081)},
    **{12: (0.945, 1.081), 13: (1.023, 0.847), 14: (1.070, 0.596), 15: (1.092, 0.360)},
    **{27: (0.000, -0.080), 28: (0.000, 0.170), 29: (0.000, 0.339)},
    **{31: (-0.248, 0.640), 32: (-0.148, 0.700), 33: (0.000, 0.720), 34: (0.148, 0.700), 35: (0.248, 0.640)},
    **{36: (-0.726, -0.024), 39: (-0.274, 0.018), 40: (-0.434, 0.041), 41: (-0.601, 0.040)},
    **{42: (0.274, 0.018), 45: (0.726, -0.024), 46: (0.601, 0.040), 47: (0.434, 0.041)},
}
"""OpenFace's stable points (of the 68) and where they lie in a frontal face: x right, y down, in inter-ocular distances
from the point between the eyes. The places are ours: as `pose.CANONICAL`, from a public-domain portrait, made symmetric."""

VGGFACE2_EXTENSION = 0.3
VGGFACE2_SIZE_PX, VGGFACE2_SHORTER_SIDE_PX = 224, 256

DLIB_SIZE_PX = 150
DLIB_PADDING = 0.25
_DLIB_CHIP: dict[int, tuple[float, float]] = {
    36: (0.1205750620789, 0.2137274526848),
    39: (0.3340850613712, 0.2290642403242),
    42: (0.6460604764104, 0.2289674387677),
    45: (0.8595674595992, 0.2134981538014),
    33: (0.4901123135679, 0.6277975316475),
}
"""dlib's five points (of the 68): corners of the eyes and base of the nose, as shares of a chip without padding."""

IMUTILS_SIZE_PX = 256
IMUTILS_EYES_AT = ((0.35, 0.35), (0.65, 0.35))
"""Where the centres of the left and the right eye lie, as shares of the crop's width and height."""


def stable(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """Ours (224 px): eyes level, their midpoint at `EYES_AT`, scaled by the spread of points that expressions hardly move.

    Brows, chin and most of the forehead are inside. The points are OpenFace's stable ones: corners and lower lids of the eyes,
    nose, sides of the jaw. A head turned by 30° is drawn 4 % larger (by the distance between the eyes it would be 15 to
    16 %); a mouth whose corners fall leaves the scale as it is (benchmarks/alignment_on_planted.md).
    """
    spread = _complex(ibug68(landmarks_px))[list(_STABLE)].std()
    return _eyes_level(landmarks_px, size_px, STABLE_SPREAD * size_px, float(spread))


def openada(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """Our former style (224 px): as `stable`, but scaled by the distance from the eyes' midpoint to the mouth's centre.

    That distance changes with the mouth: on the planted benchmark the whole crop shrinks by 12 % while the corners of the mouth
    fall, so that every pixel tells what the mouth does, and no map can say where a network has seen it. For runs trained on it.
    """
    eyes = sum(centre[:2] for centre in eye_centres_px(landmarks_px)) / 2
    eyes_to_mouth = np.hypot(*(mouth_centre_px(landmarks_px)[:2] - eyes))
    return _eyes_level(landmarks_px, size_px, EYES_TO_MOUTH * size_px, float(eyes_to_mouth))


def openface(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """OpenFace 2's aligned face (112 px at 0.7 px/mm): 24 stable points turned and scaled onto a frontal reference.

    Baltrusaitis, Mahmoud and Robinson 2015, "Cross-dataset learning and person-specific normalisation for automatic action
    unit detection", as in OpenFace's `AlignFace`. The rotation is that of least squares, the scale the ratio of the two
    point sets' root mean squares. The crop's centre is where the shape model's origin lies, which is the mean of the 68
    points. Departures: the reference is our frontal face brought to the same distance between the eyes, not OpenFace's mean
    shape (its file may not be passed on), which would give crops 1.5 % larger and turned by less than a degree. OpenFace
    blackens what lies outside the face unless told not to; this does not.
    """
    points = _complex(ibug68(landmarks_px))
    observed = points[list(_STABLE)]
    px_per_interocular = OPENFACE_INTEROCULAR_MM * OPENFACE_PX_PER_MM * size_px / OPENFACE_SIZE_PX
    reference = px_per_interocular * _complex(np.array(list(_STABLE.values())))
    with np.errstate(invalid="ignore"):
        towards = np.vdot(observed - observed.mean(), reference - reference.mean())
        linear = towards / np.abs(towards) * reference.std() / observed.std()
    return _transform(linear, points.mean(), (size_px + 1j * size_px) / 2)


def vggface2(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """The crop of the VGGFace2 networks' evaluation (224 px): the face's box, 1.3 times as large, its centre. Never turned.

    Cao et al. 2018, "VGGFace2: A dataset for recognising faces across pose and age", and the read-me beside its networks:
    the detector's box is extended by 0.3 (read here as 1.3 times its size), its shorter side brought to 256 px and the
    central 224×224 px taken, so the crop's side is 1.3 · 224/256 = 1.1375 of the box's shorter side. Departures: their box
    is a detection (MTCNN, trained on boxes from forehead to chin and from cheek to cheek); ours is the rectangle around the
    mesh's surface landmarks, which reaches from the top of the forehead to the chin and to the ears, and grows when the
    head is tilted. The two were not compared. Theirs stops at the image's edge, ours goes on in grey.
    """
    surface = np.asarray(landmarks_px, np.float64)[:_SURFACE, :2]
    low, high = surface.min(axis=0), surface.max(axis=0)
    side = (1 + VGGFACE2_EXTENSION) * VGGFACE2_SIZE_PX / VGGFACE2_SHORTER_SIDE_PX * (high - low).min()
    with np.errstate(divide="ignore"):
        scale = size_px / side
    return _transform(scale, _complex(low + high) / 2, (size_px + 1j * size_px) / 2)


def dlib(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """dlib's face chip (150 px, padding 0.25, the defaults of `get_face_chip`), by its five-point variant.

    The similarity is the least-squares one from dlib's mean places to the landmarks (Umeyama 1991), inverted, as in
    dlib's `get_face_chip_details`; its places are published there. Of the five points the eye corners and the base of
    the nose stand here for those of dlib's own predictor.
    """
    observed = _complex(ibug68(landmarks_px))[list(_DLIB_CHIP)]
    unpadded = _complex(np.array(list(_DLIB_CHIP.values())))
    wanted = (unpadded + DLIB_PADDING * (1 + 1j)) / (1 + 2 * DLIB_PADDING) * size_px
    with np.errstate(divide="ignore", invalid="ignore"):
        linear = wanted.var() / np.mean((observed - observed.mean()) * (wanted - wanted.mean()).conj())
    return _transform(linear, observed.mean(), wanted.mean())


def imutils(landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """The crop of imutils' `FaceAligner` (256 px): the eyes' centres at 0.35 and 0.65 of its width and 0.35 of its height.

    What STA-DRN's public code prepares its faces with (dlib's 68 landmarks, imutils' defaults). An eye's centre is the
    mean of its six points. imutils rounds both centres to whole pixels, this does not.
    """
    points = _complex(ibug68(landmarks_px))
    left, right = points[36:42].mean(), points[42:48].mean()
    wanted_left, wanted_right = size_px * _complex(np.array(IMUTILS_EYES_AT))
    with np.errstate(divide="ignore", invalid="ignore"):
        linear = (wanted_right - wanted_left) / (right - left)
    return _transform(linear, (left + right) / 2, (wanted_left + wanted_right) / 2)


ALIGNMENTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "stable": stable,
    "openada": openada,
    "openface": openface,
    "vggface2": vggface2,
    "dlib": dlib,
    "imutils": imutils,
}
"""The styles by name."""


def _eyes_level(landmarks_px: np.ndarray, size_px: int, wanted_px: float, length_px: float) -> np.ndarray:
    """Eyes level and their midpoint at `EYES_AT`; what is `length_px` long in the frame is `wanted_px` in the crop."""
    left, right = (centre[:2] for centre in eye_centres_px(landmarks_px))
    across = right - left
    interocular = np.hypot(*across)
    if not (np.isfinite(length_px) and np.isfinite(interocular)) or length_px <= 0 or interocular <= 0:
        return np.full((2, 3), np.nan)
    cos, sin = across / interocular * (wanted_px / length_px)
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, np.array(EYES_AT) * size_px - linear @ ((left + right) / 2)])


def _complex(points: np.ndarray) -> np.ndarray:
    """Points (..., 2 or 3) as complex numbers x + iy (...): a product with one is a rotation and a scale."""
    points = np.asarray(points, np.float64)
    return points[..., 0] + 1j * points[..., 1]


def _transform(linear: np.complexfloating, frame_point: np.ndarray, crop_point: np.ndarray | complex) -> np.ndarray:
    """The transform (2, 3) that turns and scales by `linear` and takes `frame_point` to `crop_point`; NaN if not finite."""
    shift = crop_point - linear * frame_point
    if not (np.isfinite(linear) and np.isfinite(shift)):
        return np.full((2, 3), np.nan)
    return np.array([[linear.real, -linear.imag, shift.real], [linear.imag, linear.real, shift.imag]])
