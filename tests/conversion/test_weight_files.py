import json
import struct
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from acapella.conversion.keras_weights import save_keras_weights
from acapella.conversion.weight_files import load_weights, save_weights
from acapella.errors import ModelFileError
from acapella.networks import NETWORKS, Network, build_network

PARAMS = SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.1)


def make(name: str, seed: int = 0, channels: int = 2) -> Network:
    torch.manual_seed(seed)
    network = build_network(name, channels, 32, PARAMS, signed=False)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 1.0)
    return network


def same(first: Network, second: Network) -> bool:
    return all(torch.equal(tensor, second.state_dict()[name]) for name, tensor in first.state_dict().items())


@pytest.fixture
def weights(tmp_path):
    return save_weights(make("tfc_tdf"), tmp_path / "weights.safetensors")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("suffix", ["h5", "hdf5", "safetensors"])
def test_weights_come_back(name, suffix, tmp_path):
    network, other = make(name), make(name, seed=1)
    written = save_weights(network, tmp_path / f"weights.{suffix}")
    original = name in ("acapellabot", "leaky_dropout")
    assert written.name == (f"weights.{suffix}" if original else "weights.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == [written.name]
    assert not same(network, other)
    load_weights(other, written)
    assert same(network, other)


@pytest.mark.parametrize("name", ["deep_unet", "tfc_tdf"])
def test_older_weights_of_our_own_networks_in_keras_layout_are_read(name, tmp_path):
    network, other = make(name), make(name, seed=1)
    save_keras_weights(network, tmp_path / "weights.hdf5")
    load_weights(other, tmp_path / "weights.hdf5")
    assert same(network, other)


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 3), nn.GRU(3, 3), nn.Conv1d(1, 1, 1), nn.BatchNorm2d(3, affine=False), nn.PReLU()]
)
def test_a_layer_for_which_keras_layout_has_no_place_is_refused(layer, tmp_path):
    network = nn.Sequential(nn.Conv2d(1, 1, 3), layer)
    for act in (save_keras_weights, lambda *given: load_weights(*given)):
        (tmp_path / "weights.h5").touch()
        with pytest.raises(ModelFileError, match=f"no place for a layer of the kind {type(layer).__name__}: keep the"):
            act(network, tmp_path / "weights.h5")


def test_layers_of_every_kind_are_kept_as_safetensors(tmp_path):
    class Mixed(Network):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent, self.linear = nn.GRU(3, 4), nn.Linear(4, 3)
            self.scale = nn.Parameter(torch.rand(()))

    network, other = Mixed(), Mixed()
    load_weights(other, save_weights(network, tmp_path / "weights.h5"))
    assert same(network, other)


def test_half_precision_is_read(weights):
    tensors = {name: tensor.half() for name, tensor in load_file(weights).items()}
    save_file(tensors, weights)
    network = make("tfc_tdf", seed=1)
    load_weights(network, weights)
    torch.testing.assert_close(network.mask.weight, tensors["mask.weight"].float(), rtol=0, atol=0)
    assert network.mask.weight.dtype == torch.float32


def header(**tensors: object) -> bytes:
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


def entry(shape: list[int], kind: str = "F32", end: int = 16) -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": [0, end]}


HOSTILE = {
    "empty": b"",
    "no safetensors": b"this is not a file of weights at all",
    "a header of terabytes": struct.pack("<Q", 1 << 42) + b"{}",
    "a header that goes on": struct.pack("<Q", 500) + b'{"a":',
    "nested": struct.pack("<Q", 50_000) + b"[" * 50_000,
    "truncated": header(a=entry([2, 2])) + b"1234",
    "too much data": header(a=entry([2, 2])) + b"1" * 99,
    "absurd sizes": header(a=entry([1 << 40, 1 << 40])) + b"1" * 16,
    "negative sizes": header(a=entry([-2, -2])) + b"1" * 16,
    "an unknown type": header(a=entry([2, 2], "Q32")) + b"1" * 16,
    "an array for a header": struct.pack("<Q", 2) + b"[]",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_one_sentence_and_changes_nothing(content, tmp_path):
    (tmp_path / "hostile.safetensors").write_bytes(content)
    network = make("deep_unet")
    with pytest.raises(ModelFileError) as raised:
        load_weights(network, tmp_path / "hostile.safetensors")
    message = str(raised.value)
    assert "hostile.safetensors cannot be read as weights in safetensors: " in message
    assert message.endswith(".")
    assert len(message.splitlines()) == 1
    assert same(network, make("deep_unet"))


@pytest.mark.parametrize("suffix", ["h5", "safetensors"])
def test_a_file_that_is_not_there(suffix, tmp_path):
    (tmp_path / f"folder.{suffix}").mkdir()
    for name in ("none", "folder"):
        with pytest.raises(ModelFileError, match=f"{name}.{suffix} does not exist"):
            load_weights(make("tfc_tdf"), tmp_path / f"{name}.{suffix}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("mask.bias"), "it lacks mask.bias"),
        (lambda tensors: tensors.update(more=torch.zeros(2)), "it has 'more', which is not needed"),
        (
            lambda tensors: tensors.update({"mask.bias": torch.zeros(3, 1)}),
            "its mask.bias is 3×1 where 2 is needed; check MODEL and LEARN_PHASE",
        ),
        (
            lambda tensors: tensors.update({"mask.bias": torch.zeros(2, dtype=torch.int64)}),
            "its mask.bias is of the type I64 where one of F64, F32, F16, BF16 is needed",
        ),
    ],
)
def test_weights_that_do_not_fit_say_where(weights, change, message):
    tensors = load_file(weights)
    change(tensors)
    save_file(tensors, weights)
    network = make("tfc_tdf", seed=1)
    with pytest.raises(ModelFileError, match="does not fit the network: " + message):
        load_weights(network, weights)
    assert same(network, make("tfc_tdf", seed=1))


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "folder").touch()
    with pytest.raises(ModelFileError, match=r"The weight file .*weights.safetensors cannot be written: "):
        save_weights(make("tfc_tdf"), tmp_path / "folder" / "weights.safetensors")
