"""Small videos made for a test, with an encoder set up by hand: independent of `VideoWriter`."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

FOOTAGE = Path(__file__).resolve().parents[3] / "shared" / "videos"


def picture(index: int, width: int = 62, height: int = 46) -> np.ndarray:
    """A grey picture whose level tells its index, with a brighter block in the top left corner."""
    rgb = np.full((height, width, 3), 3 * index % 200, np.uint8)
    rgb[: height // 4, : width // 3] += 50
    return rgb


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    def make(
        name: str = "made.mp4",
        ticks: Sequence[int] = tuple(range(0, 3000 * 7, 3000)),
        *,
        codec: str = "libx264",
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        pixels: str = "yuv420p",
        pictures: Sequence[np.ndarray] | None = None,
        rotation: tuple[float, bool, bool] | None = None,
    ) -> Path:
        path = tmp_path / name
        pictures = pictures or [picture(k) for k in range(len(ticks))]
        with av.open(str(path), "w", options=container_options or {}) as container:
            stream = container.add_stream(codec, rate=30, options=options or {})
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = pixels
            stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
            if rotation is not None:
                stream.set_display_rotation(rotation[0], hflip=rotation[1], vflip=rotation[2])
            for tick, rgb in zip(ticks, pictures, strict=True):
                frame = av.VideoFrame.from_ndarray(rgb)
                frame.pts, frame.time_base, frame.duration = tick, Fraction(1, 90000), 3000
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def make_sound(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream("aac", rate=8000, layout="mono")
            for index in range(11):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 8000, 1024 * index
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return tmp_path / name

    return make


@pytest.fixture
def footage() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        if not (FOOTAGE / name).exists():
            pytest.skip(f"the real footage shared/videos/{name} is not beside this checkout")
        return FOOTAGE / name

    return find
