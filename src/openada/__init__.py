"""openada: explainable automatic depression assessment (ADA) from face video, for research."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("openada")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
