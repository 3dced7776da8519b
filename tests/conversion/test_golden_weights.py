"""Parity with the original's network, from the excerpts alone; `test_keras_weights.py` reads all vectors."""

from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch

from acapella.conversion.keras_weights import load_keras_weights, save_keras_weights
from acapella.networks import build_network

PARAMS = SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.1)
ROUNDING = 0.02  # what rounding the kernels to three decimals changes, as a ratio of norms: 0.014


def relative_error(golden: Path, weights: Path) -> float:
    """Of our network with `weights`, against what Keras computed from the original's weights."""
    with np.load(golden / "leaky_dropout_lps.npz") as vectors:
        mixture, expected = (torch.from_numpy(vectors[name].transpose(0, 3, 1, 2)) for name in ("input", "output"))
    network = build_network("leaky_dropout", 1, mixture.shape[2], PARAMS, signed=False).eval()
    load_keras_weights(network, weights)
    with torch.inference_mode():
        return float((network(mixture) - expected).norm() / expected.norm())


def test_outputs_are_those_of_keras(golden_excerpt):
    assert relative_error(golden_excerpt, golden_excerpt / "leaky_dropout_lps.h5") < ROUNDING


def layout(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Shape and type of each array in a file of weights, by its place there."""
    found = {}

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = (item.shape, item.dtype)

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def test_our_weights_are_laid_out_like_those_of_keras(golden_excerpt, tmp_path):
    network = build_network("leaky_dropout", 1, 64, PARAMS, signed=False)
    save_keras_weights(network, tmp_path / "w.h5")
    assert layout(tmp_path / "w.h5") == layout(golden_excerpt / "leaky_dropout_lps.h5")


def turn_kernels(file: h5py.File) -> None:
    file.attrs["backend"] = np.bytes_(b"theano")


def forget_variances(file: h5py.File) -> None:
    def fill(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if name.endswith("moving_variance:0"):
            item[()] = 1

    file.visititems(fill)


@pytest.mark.parametrize("spoil", [turn_kernels, forget_variances])
def test_the_bound_notices_what_is_wrong(golden_excerpt, tmp_path, spoil):
    weights = tmp_path / "w.h5"
    weights.write_bytes((golden_excerpt / "leaky_dropout_lps.h5").read_bytes())
    with h5py.File(weights, "r+") as file:
        spoil(file)
    assert relative_error(golden_excerpt, weights) > 2 * ROUNDING
