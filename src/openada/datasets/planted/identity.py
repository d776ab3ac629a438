"""Who is in the picture: shape, mirror, colour, light, scale and camera of one subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openada.datasets.planted.axes import enlarge_grid, face_axes, grid_nodes, sample_grid, sample_image
from openada.datasets.planted.portrait import Portrait

LATTICE = 5  # control points of the smooth shape warp along each side of the picture


@dataclass(frozen=True)
class Identity:
    """How a subject differs from the portrait; lengths in inter-ocular distances, angles in degrees."""

    mirrored: bool
    shape: np.ndarray  # (LATTICE, LATTICE, 2) displacement
    width: float  # of the face, 1 = the portrait's
    features: tuple[float, float, float]  # relative size of eyes, nose and mouth
    scale: float
    gain: tuple[float, ...]
    gamma: float
    saturation: float
    light: tuple[float, float]  # brightness gradient across the picture: strength, direction in degrees
    noise_sd: float


def draw_identity(rng: np.random.Generator, noise: float = 1.0) -> Identity:
    """A random subject; `noise` multiplies the camera's."""
    return Identity(
        mirrored=bool(rng.random() < 0.5),
        shape=rng.normal(0.0, 0.035, (LATTICE, LATTICE, 2)),
        width=float(rng.uniform(0.94, 1.06)),
        features=(float(rng.uniform(0.93, 1.1)), float(rng.uniform(0.88, 1.14)), float(rng.uniform(0.9, 1.1))),
        scale=float(rng.uniform(1.0, 1.15)),
        gain=tuple(float(g) for g in rng.uniform(0.82, 1.1) * rng.uniform(0.93, 1.07, 3)),
        gamma=float(rng.uniform(0.8, 1.35)),
        saturation=float(rng.uniform(0.4, 1.15)),
        light=(float(rng.uniform(0.0, 0.3)), float(rng.uniform(0.0, 360.0))),
        noise_sd=float(noise * rng.uniform(0.8, 2.0)),
    )


def apply_identity(portrait: Portrait, identity: Identity) -> tuple[np.ndarray, np.ndarray]:
    """The subject's neutral picture (S, S, 3) uint8 and landmarks (478, 3), from the portrait of the right handedness."""
    size = portrait.rgb.shape[0]
    field = _backward_field(portrait, identity)
    source = enlarge_grid(field + grid_nodes(size), size)
    rgb = sample_image(portrait.rgb, source)
    points = portrait.landmarks_px[:, :2].astype(np.float32)
    moved = points.copy()
    for _ in range(20):  # the picture is sampled backwards, so a landmark's new place is a fixed point
        moved = points - sample_grid(field, moved[None])[0]
    landmarks = np.column_stack([moved.astype(np.float64), portrait.landmarks_px[:, 2] * identity.scale])
    return _colours(rgb, identity), landmarks


def _backward_field(portrait: Portrait, identity: Identity) -> np.ndarray:
    """Where each grid node of the subject's picture lies in the portrait, as a displacement (G, G, 2) float32."""
    import cv2

    axes, nodes = face_axes(portrait.landmarks_px), grid_nodes(portrait.rgb.shape[0])
    lattice = (identity.shape * axes.interocular_px).astype(np.float32)
    count = nodes.shape[0]
    field = np.asarray(cv2.resize(lattice, (count, count), interpolation=cv2.INTER_CUBIC), dtype=np.float64)
    centre = axes.origin + 0.3 * axes.interocular_px * axes.down
    offset = nodes - centre
    field += offset * (1 / identity.scale - 1)
    near = np.exp(-0.5 * (offset**2).sum(axis=-1) / (1.0 * axes.interocular_px) ** 2)
    field[..., 0] += near * offset[..., 0] * (1 / identity.width - 1)
    mesh = portrait.landmarks_px[:, :2]
    eyes, nose, mouth = identity.features
    spots = (
        (mesh[[33, 133]], eyes, 0.22),
        (mesh[[263, 362]], eyes, 0.22),
        (mesh[[1]], nose, 0.25),
        (mesh[[61, 291]], mouth, 0.35),
    )
    for points, zoom, reach in spots:
        away = nodes - points.mean(axis=0)
        local = np.exp(-0.5 * (away**2).sum(axis=-1) / (reach * axes.interocular_px) ** 2)
        field += local[..., None] * away * (1 / zoom - 1)
    return field.astype(np.float32)


def _colours(rgb: np.ndarray, identity: Identity) -> np.ndarray:
    size = rgb.shape[0]
    unit = rgb.astype(np.float32) / 255
    grey = unit.mean(axis=-1, keepdims=True)
    unit = np.clip(grey + identity.saturation * (unit - grey), 0, 1) ** identity.gamma * np.array(
        identity.gain, dtype=np.float32
    )
    strength, direction = identity.light
    y, x = (np.mgrid[:size, :size] / (size - 1) - 0.5).astype(np.float32)
    along = x * np.cos(np.radians(direction)) + y * np.sin(np.radians(direction))
    return np.clip(unit * (1 + 2 * strength * along)[..., None] * 255, 0, 255).astype(np.uint8)
