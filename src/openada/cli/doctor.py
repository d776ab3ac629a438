"""`openada doctor`: what is installed, what is missing, how to get it, and whether the tracker runs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

NEEDED = {
    "av": "decoding and encoding",
    "mediapipe": "face tracking",
    "cv2": "image geometry",
    "torch": "networks",
    "torchvision": "video trunks",
    "lightning": "training",
    "pyarrow": "tables",
    "distributed": "batch runs",
    "sklearn": "baselines",
    "skimage": "the benchmark's portrait",
}
DISTRIBUTIONS = {"cv2": "opencv-python-headless", "sklearn": "scikit-learn", "skimage": "scikit-image"}
OPTIONAL = {"dask_jobqueue": ("clusters (Slurm, PBS, …)", "pip install 'openada[cluster]'")}
LIBRARIES = (
    "On a plain pip install mediapipe brings an OpenCV that needs system libraries: apt-get install libgl1 libglib2.0-0"
)


def report() -> bool:
    """Print a line per check; True if nothing that is needed is missing."""
    version_fits = (3, 11) <= sys.version_info[:2] < (3, 13)
    results = [_line("Python", version_fits, sys.version.split()[0], "install Python 3.11 or 3.12")]
    results += [_module(name, purpose) for name, purpose in NEEDED.items()]
    for name, (purpose, remedy) in OPTIONAL.items():
        found = _version(name) is not None
        print(f"  {'ok      ' if found else 'optional'} {name}: {purpose}{'' if found else f' — {remedy}'}")
    results.append(_check("face tracker on the portrait", _track_portrait, LIBRARIES))
    results.append(_check("H.264 encoder", _encode, "reinstall av from its wheel: pip install --force-reinstall av"))
    print(f"  info     cores {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}")
    print(f"  info     accelerator {_accelerator()}")
    print(f"  info     free disk {shutil.disk_usage('.').free / 2**30:.0f} GiB here")
    return all(results)


def _line(name: str, good: bool, told: str, remedy: str) -> bool:
    print(f"  {'ok      ' if good else 'missing '} {name}: {told}{'' if good else f' — {remedy}'}")
    return good


def _version(module: str) -> str | None:
    try:
        return version(DISTRIBUTIONS.get(module, module))
    except PackageNotFoundError:
        return None


def _module(name: str, purpose: str) -> bool:
    distribution = DISTRIBUTIONS.get(name, name)
    try:
        import_module(name)
    except Exception as error:  # a broken binary can raise anything; the point is to tell of it
        return _line(
            distribution, False, f"{purpose}; import fails ({error})", f"pip install {distribution}. {LIBRARIES}"
        )
    return _line(distribution, True, f"{_version(name)} ({purpose})", "")


def _check(name: str, check: Callable[[], str], remedy: str) -> bool:
    try:
        return _line(name, True, check(), "")
    except Exception as error:
        return _line(name, False, str(error), remedy)


def _track_portrait() -> str:
    from skimage import data

    from openada.face import create_tracker
    from openada.video import Frame

    _, seen = next(iter(create_tracker().track([Frame(0, 0.0, data.astronaut())])))
    if not seen.tracked:
        raise RuntimeError("runs, but finds no face where there is one")
    return "works"


def _encode() -> str:
    import av

    return "x264" if "libx264" in av.codecs_available else "no x264: use --encoder libvpx-vp9"


def _accelerator() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none (CPU)"
