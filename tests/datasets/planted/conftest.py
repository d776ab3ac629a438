from pathlib import Path

import pytest

from openada.datasets.planted.portrait import Portrait, load_portraits

SMALL = {"subjects": 7, "seconds": 4.0, "fps": 5.0, "size_px": 128, "workers": 1, "progress": False}


@pytest.fixture(scope="session")
def portraits() -> tuple[Portrait, Portrait]:
    return load_portraits(None, 192)


@pytest.fixture(scope="session")
def small_parameters() -> dict:
    return dict(SMALL)


@pytest.fixture(scope="session")
def benchmark_folder(tmp_path_factory) -> Path:
    from openada.datasets.planted.generate import generate

    out = tmp_path_factory.mktemp("planted") / "standard"
    generate(out, seed=3, **SMALL)
    return out
