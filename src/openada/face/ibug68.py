"""The 68 points of the iBUG / 300-W mark-up, taken from the 478-point mesh.

Sagonas et al., "300 Faces In-The-Wild Challenge: database and results", Image and Vision Computing 47 (2016), figure 1.
Counted from 0, from the image's left: jaw 0–16 (chin 8), brows 17–26, nose 27–35, eyes 36–47, outer lips 48–59, inner
lips 60–67. Where no mesh point lies at a place of the mark-up, the midpoint of two stands for it.

Departures: a different model finds the points, so errors are not those of trackers trained on 300-W. The mesh's jaw stays
on the same places of the skin when the head turns; the mark-up's follows the outline that the camera sees.
"""

from __future__ import annotations

import numpy as np

_POINTS: tuple[tuple[int, int], ...] = (
    # jaw: from the image's left ear, level with the eyes, along the face's outline by the chin to the right ear
    *((127, 127), (234, 93), (93, 132), (132, 58), (58, 172), (136, 136), (150, 149), (176, 148), (152, 152)),
    *((400, 377), (379, 378), (365, 365), (288, 397), (361, 288), (323, 361), (454, 323), (356, 356)),
    # brows, each from the image's left: outer points on the upper edge, inner ones between upper and lower edge
    *((70, 70), (63, 63), (105, 52), (66, 65), (107, 55)),
    *((336, 285), (296, 295), (334, 282), (293, 293), (300, 300)),
    # nose: down the bridge to the tip, then below the nostrils from the image's left
    *((168, 168), (197, 197), (195, 5), (4, 4)),
    *((75, 75), (97, 97), (2, 2), (326, 326), (305, 305)),
    # eyes, each from its corner at the image's left along the upper lid and back along the lower
    *((33, 33), (160, 160), (158, 158), (133, 133), (153, 153), (144, 144)),
    *((362, 362), (385, 385), (387, 387), (263, 263), (373, 373), (380, 380)),
    # outer edge of the lips, from the image's left corner along the upper lip and back along the lower
    *((61, 61), (39, 39), (37, 37), (0, 0), (267, 267), (269, 269)),
    *((291, 291), (405, 321), (314, 314), (17, 17), (84, 84), (181, 91)),
    # inner edge of the lips, likewise
    *((78, 78), (82, 82), (13, 13), (312, 312), (308, 308), (317, 317), (14, 14), (87, 87)),
)
"""For each point of the mark-up the two mesh points whose midpoint it is; the same one twice where one fits."""


def ibug68(landmarks: np.ndarray) -> np.ndarray:
    """The mark-up's 68 points (..., 68, D) float64 from landmarks (..., 478, D), in the same unit; NaN where lost."""
    points = np.asarray(landmarks, np.float64)
    return points[..., _POINTS, :].mean(axis=-2)
