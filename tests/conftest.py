"""Shared by all tests: a seeded generator, and where reference data is."""

from pathlib import Path

import numpy as np
import pytest

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
