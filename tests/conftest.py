"""Shared by all tests: a seeded generator, and where reference data is."""

import os
from pathlib import Path

import numpy as np
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def golden_excerpt() -> Path:
    """Excerpts of the original's vectors, which come with the tests."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The whole of the original's vectors."""
    folder = SHARED / "golden"
    if not folder.is_dir():
        pytest.skip("the reference vectors (../shared/golden) are not here")
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the development audio (../shared/data) is not here")
    return folder
