from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch

from acapella.conversion.keras_weights import load_keras_weights, save_keras_weights
from acapella.errors import ModelFileError
from acapella.networks import Network, build_network

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the original's vectors are not on this machine")

PARAMS = SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.1)


def make_network(seed: int = 0, channels: int = 1) -> Network:
    """With random numbers in all weights, statistics included."""
    torch.manual_seed(seed)
    network = build_network("leaky_dropout", channels, 64, PARAMS, signed=channels > 1).eval()
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 1.0)
    return network


def assert_same_weights(a: Network, b: Network) -> None:
    for name, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[name]), name


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "weights.h5"
    save_keras_weights(make_network(), path)
    return path


def weighted_layers(file: h5py.File) -> dict[str, list[tuple[str, tuple[int, ...], np.dtype]]]:
    """Names, shapes and types of the arrays of each layer that has some, in order."""

    def text(names: Iterable) -> list[str]:
        return [name.decode() if isinstance(name, bytes) else name for name in names]

    layers = {name: file[name] for name in text(file.attrs["layer_names"])}
    return {
        name: [(weight, group[weight].shape, group[weight].dtype) for weight in text(group.attrs["weight_names"])]
        for name, group in layers.items()
        if len(group.attrs["weight_names"])
    }


# --- against the original


@needs_golden
@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("acapellabot_lps", "acapellabot"),
        ("acapellabot_ri", "acapellabot"),
        ("acapellabot_original", "acapellabot"),
        ("leaky_dropout_lps", "leaky_dropout"),
        ("leaky_dropout_ri", "leaky_dropout"),
    ],
)
def test_outputs_are_those_of_keras(file, model):
    with np.load(GOLDEN / f"{file}.npz") as vectors:
        mixture, expected = (torch.from_numpy(vectors[name].transpose(0, 3, 1, 2)) for name in ("input", "output"))
    network = build_network(model, mixture.shape[1], 64, PARAMS, signed=mixture.shape[1] > 1).eval()
    load_keras_weights(network, GOLDEN / f"{file}.h5")
    with torch.inference_mode():
        difference = (network(mixture) - expected).abs().max()
    assert difference <= 1e-5 * expected.abs().max()


@needs_golden
@pytest.mark.parametrize("channels", [1, 2])
def test_a_written_file_is_laid_out_as_keras_lays_it_out(channels, tmp_path):
    save_keras_weights(make_network(channels=channels), tmp_path / "w.h5")
    golden = GOLDEN / ("leaky_dropout_lps.h5" if channels == 1 else "leaky_dropout_ri.h5")
    with h5py.File(tmp_path / "w.h5") as ours, h5py.File(golden) as keras:
        assert list(weighted_layers(ours).items()) == list(weighted_layers(keras).items())


@needs_golden
def test_theano_kernels_are_written_back_unflipped(tmp_path):
    network = build_network("acapellabot", 1, 64, PARAMS, signed=False)
    load_keras_weights(network, GOLDEN / "acapellabot_original.h5")
    save_keras_weights(network, tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as ours, h5py.File(GOLDEN / "acapellabot_original.h5") as theirs:
        kernel = theirs["conv2d_2/conv2d_2/kernel"][()]
        np.testing.assert_array_equal(ours["conv2d_1/conv2d_1/kernel:0"][()], kernel[::-1, ::-1])


# --- round trips


def test_what_is_written_is_read(weights):
    network = make_network(seed=1)
    load_keras_weights(network, weights)
    assert_same_weights(network, make_network())


def test_names_are_bytes_for_old_readers_and_the_backend_is_stated(weights):
    with h5py.File(weights) as file:
        assert file.attrs["layer_names"].dtype.kind == "S"
        assert file["conv2d"].attrs["weight_names"].tolist() == [b"conv2d/kernel:0", b"conv2d/bias:0"]
        assert file.attrs["backend"] == b"tensorflow"
        assert file.attrs["keras_version"].startswith(b"2.")
        assert file["conv2d/conv2d/kernel:0"].shape == (3, 3, 1, 64)


def rewrite(source: Path, *, rename=str, text=str, group: str = "/", backend="tensorflow", parts: int = 1) -> Path:
    """The same weights with other names, name types, place, backend or split attributes."""
    target = source.with_name("rewritten.h5")
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        root = new.require_group(group)
        layers = ["input"]
        root.create_group("input").attrs["weight_names"] = []
        for layer, arrays in weighted_layers(old).items():
            names = []
            for weight, _, _ in arrays:
                names.append(rename(weight))
                root[f"{rename(layer)}/{names[-1]}"] = old[layer][weight][()]
            root[rename(layer)].attrs["weight_names"] = [text(name) for name in names]
            layers.append(rename(layer))
        new.attrs["backend"] = text(backend)
        if parts == 1:
            root.attrs["layer_names"] = [text(name) for name in layers]
        else:
            for number, part in enumerate(np.array_split(np.array(layers, dtype="S"), parts)):
                root.attrs[f"layer_names{number}"] = part
    return target


@pytest.mark.parametrize(
    "style",
    [
        {"text": str.encode},
        {"rename": lambda name: name.removesuffix(":0")},
        {"rename": lambda name: name.replace("conv2d", "b").replace("batch_normalization", "a")},
        {"group": "model_weights"},
        {"parts": 3},
    ],
    ids=["names in bytes", "names without :0", "other names", "whole model", "split list of layers"],
)
def test_styles_of_keras_versions(weights, style):
    network = make_network(seed=1)
    load_keras_weights(network, rewrite(weights, **style))
    assert_same_weights(network, make_network())


@pytest.mark.parametrize("text", [str, str.encode])
def test_kernels_of_theano_are_flipped_along_both_axes(weights, text):
    network = make_network(seed=1)
    load_keras_weights(network, rewrite(weights, backend="theano", text=text))
    expected = make_network().encode_full[0]
    assert torch.equal(network.encode_full[0].weight, expected.weight.flip(2, 3))
    assert torch.equal(network.encode_full[0].bias, expected.bias)


def test_writing_makes_the_folder_replaces_a_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "w.h5"
    for seed in (0, 1):
        save_keras_weights(make_network(seed), path)
    assert [file.name for file in path.parent.iterdir()] == ["w.h5"]
    network = make_network()
    load_keras_weights(network, path)
    assert_same_weights(network, make_network(1))


def test_what_cannot_be_written_is_an_error_and_the_old_file_stays(tmp_path, weights, monkeypatch):
    old = weights.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("acapella.conversion.keras_weights._to_keras", full_disk)
    with pytest.raises(ModelFileError, match=r"weights\.h5 cannot be written: No space left on device\."):
        save_keras_weights(make_network(1), weights)
    assert weights.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["weights.h5"]


# --- files that do not fit


def error_of(network: Network, path: Path) -> str:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(ModelFileError) as caught:
        load_keras_weights(network, path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_not_hdf5(tmp_path):
    path = tmp_path / "w.h5"
    path.write_text("no weights")
    assert "cannot be read as Keras weights in HDF5" in error_of(make_network(), path)


def test_cut_short(weights):
    weights.write_bytes(weights.read_bytes()[:100_000])
    assert "cannot be read as Keras weights in HDF5" in error_of(make_network(), weights)


def test_hdf5_of_another_kind(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["data"] = np.zeros(3)
    assert "has no list of layers" in error_of(make_network(), tmp_path / "w.h5")


def test_other_channels(weights):
    message = error_of(make_network(channels=2), weights)
    assert "its convolution 1 is 3×3×1×64 + 64 where 3×3×2×64 + 64 is needed; check MODEL and LEARN_" in message


def test_a_layer_too_few(weights):
    with h5py.File(weights, "a") as file:
        file.attrs["layer_names"] = file.attrs["layer_names"][:-1]
    assert "it has 11 convolution layers where 12 are needed" in error_of(make_network(), weights)


def test_a_bias_too_few(weights):
    with h5py.File(weights, "a") as file:
        file["conv2d_2"].attrs["weight_names"] = file["conv2d_2"].attrs["weight_names"][:1]
    message = error_of(make_network(), weights)
    assert "its convolution 3 is 3×3×64×64 where 3×3×64×64 + 64 is needed" in message


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (np.zeros((3, 4)), "its layer 'conv2d' is neither a convolution nor a batch normalization"),
        (None, "the entry 'conv2d' is no array"),
    ],
)
def test_a_layer_of_another_kind(weights, stored, message):
    with h5py.File(weights, "a") as file:
        del file["conv2d/conv2d/bias:0"], file["conv2d/conv2d/kernel:0"]
        file["conv2d"].attrs["weight_names"] = ["conv2d" if stored is None else "conv2d/kernel"]
        if stored is not None:
            file["conv2d/conv2d/kernel"] = stored
    assert message in error_of(make_network(), weights)


def test_an_array_that_is_listed_and_not_there(weights):
    with h5py.File(weights, "a") as file:
        del file["conv2d/conv2d/bias:0"]
    assert "cannot be read as Keras weights" in error_of(make_network(), weights)


def test_transposed_convolutions_come_back(tmp_path):
    torch.manual_seed(0)
    network, other = (build_network("deep_unet", 2, 64, PARAMS, signed=False) for _ in range(2))
    save_keras_weights(network, tmp_path / "deep.h5")
    load_keras_weights(other, tmp_path / "deep.h5")
    assert_same_weights(network, other)
    with h5py.File(tmp_path / "deep.h5") as file:
        kernels = [shapes[0][1] for shapes in weighted_layers(file).values() if len(shapes) == 2]
    assert kernels[6] == (5, 5, 256, 512), "height, width, out, in"
