"""Checkpoints of SCNet: what is read, and what contradicts itself."""

import numpy as np
import pytest
import torch

from acapella.conversion import scnet
from acapella.conversion.chunk_graph import export_chunks
from acapella.conversion.torch_runtime import TorchRuntime
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model, open_model
from acapella.networks.scnet import SCNet
from acapella.networks.scnet_layers import Band

BANDS = (Band(0.2, 3, 1, 2), Band(0.4, 4, 4, 1), Band(0.4, 16, 16, 1))
SECTIONS = {
    "audio": {"chunk_size": 8000, "num_channels": 2, "sample_rate": 8000},
    "inference": {"normalize": True, "num_overlap": 2},
    "model": {
        "audio_channels": 2,
        "band_SR": [0.2, 0.4, 0.4],
        "band_kernel": [3, 4, 16],
        "band_stride": [1, 4, 16],
        "compress": 2,
        "conv_depths": [2, 1, 1],
        "conv_kernel": 3,
        "dims": [4, 4, 8],
        "expand": 1,
        "hop_size": 128,
        "nfft": 512,
        "num_dplayer": 2,
    },
    "training": {"instruments": ["vocals", "other"], "target_instrument": None},
}


def tiny(**changes):
    torch.manual_seed(0)
    sizes = {"bins": 257, "widths": (4, 8), "bands": BANDS, "compression": 2, "dual_layers": 2}
    return SCNet(2, **{**sizes, **changes})


def config(**changes):
    return TrainingConfig({**SECTIONS, "model": {**SECTIONS["model"], **changes}}, "tiny.yaml")


@torch.inference_mode()
def test_the_network_is_the_one_that_was_stored():
    original = tiny().eval()
    state = original.state_dict()
    assert scnet.matches({name: tuple(tensor.shape) for name, tensor in state.items()})
    published = scnet.read(state, config(), "tiny.ckpt")
    spectrum = torch.randn(1, 4, 257, 64)
    assert torch.equal(published.network.eval()(spectrum), original(spectrum))


def test_the_description():
    description = scnet.read(tiny().state_dict(), config(), "tiny.ckpt").description
    front_end, schedule = description.front_end, description.schedule
    assert (front_end.window, front_end.normalized, front_end.normalizer) == ("rectangular", True, "standard")
    assert (front_end.window_length, front_end.hop, front_end.bins) == (512, 128, 257)
    assert (schedule.length, schedule.step) == (8000, 4000)
    assert description.sources == ("vocal", "other")


@pytest.mark.parametrize(("length", "frames"), [(132_300, 132), (485_100, 476), (130_048, 130), (131_072, 130)])
def test_an_even_number_of_frames(length, frames):
    sections = {**SECTIONS, "audio": {"chunk_size": length}, "model": {**SECTIONS["model"], "hop_size": 1024}}
    sections["model"]["nfft"] = 4096
    published = scnet.read(tiny().state_dict(), TrainingConfig(sections, "long.yaml"), "tiny.ckpt")
    assert published.inputs["mixture"] == (1, 4, 2049, frames)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dims": [4, 4, 16]}, "dims: 4, 4, 16, but the tensors .* 4, 4, 8"),
        ({"band_kernel": [3, 4, 8]}, "band_kernel: 3, 4, 8, but"),
        ({"conv_depths": [3, 2, 1]}, "conv_depths: 3, 2, 1, but the tensors .* 2, 1, 1"),
        ({"band_SR": [0.5, 0.5]}, "band_SR of 2 bands"),
        ({"band_SR": [0.5, 0.5, 0.5]}, "do not sum to 1"),
        ({"band_SR": None}, "band_SR is missing"),
        ({"compress": 4}, "has the shape"),
        ({"num_dplayer": 4}, "num_dplayer: 4, but the tensor"),
        ({"win_size": 256}, "win_size: 256 is not model.nfft: 512"),
        ({"attention": True}, "attention is not known"),
    ],
)
def test_what_is_not_known_or_contradicts_itself(changes, message):
    with pytest.raises(ModelFileError, match=message):
        scnet.read(tiny().state_dict(), config(**changes), "tiny.ckpt")


def test_a_network_of_masks_is_refused_by_name():
    with pytest.raises(ModelFileError, match="scnet_masked"):
        scnet.read({**tiny().state_dict(), "mask_layer.0.weight": torch.zeros(1)}, config(), "tiny.ckpt")


@pytest.mark.slow
def test_the_model_file_computes_what_the_network_does(tmp_path):
    published = scnet.read(tiny().eval().state_dict(), config(), "tiny.ckpt")
    export_chunks(published, tmp_path / "tiny.onnx")
    audio = np.random.default_rng(0).standard_normal((20_000, 2), np.float32)
    network = Model(published.description, TorchRuntime(published))
    expected = Isolator(network).isolate(audio, 8000, stems=["vocal"])["vocal"]
    for runtime in ("onnxruntime", "openvino"):
        model = open_model(tmp_path / "tiny.onnx", runtime)
        actual = Isolator(model).isolate(audio, 8000, stems=["vocal"])["vocal"]
        np.testing.assert_allclose(actual, expected, atol=1e-4 * np.abs(expected).max(), err_msg=runtime)
