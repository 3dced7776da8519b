"""Checkpoints of Open-Unmix: what the tensors and the file's name say."""

import numpy as np
import pytest
import torch

from acapella.conversion import open_unmix
from acapella.conversion.chunk_graph import export_chunks
from acapella.conversion.torch_runtime import TorchRuntime
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model, open_model
from acapella.networks.open_unmix import OpenUnmix


def tiny(**changes):
    torch.manual_seed(0)
    return OpenUnmix(**{"bins": 257, "seen_bins": 100, "hidden": 8, **changes}).eval()


@pytest.mark.parametrize(
    "changes", [{}, {"audio_channels": 1, "layers": 2}, {"bidirectional": False, "seen_bins": 257}]
)
@torch.inference_mode()
def test_the_network_is_the_one_that_was_stored(changes):
    original = tiny(**changes)
    state = {**original.state_dict(), "stft.window": torch.hann_window(512), "sample_rate": torch.tensor(16000)}
    assert open_unmix.matches({name: tuple(tensor.shape) for name, tensor in state.items()})
    published = open_unmix.read(state, TrainingConfig({}, "nothing"), "vocals-b62c91ce.pth")
    mixture = torch.rand(1, original.audio_channels, 257, 9)
    assert torch.equal(published.network.eval()(mixture), original(mixture))
    front_end = published.description.front_end
    assert (front_end.sample_rate, front_end.window_length, front_end.hop) == (16000, 512, 128)


@pytest.mark.parametrize(
    ("name", "source", "residual"),
    [("vocals-bccbd9aa.pth", "vocal", "instrumental"), ("drums.pth", "drums", None), ("bass-1.pth", "bass", None)],
)
def test_the_name_says_the_source(name, source, residual):
    description = open_unmix.read(tiny().state_dict(), TrainingConfig({}, "nothing"), name).description
    assert (description.sources, description.residual) == ((source,), residual)
    assert description.front_end.sample_rate == 44100


def test_a_yaml_file_may_say_the_rate():
    config = TrainingConfig({"audio": {"sample_rate": 8000, "hop_length": 256}}, "umx.yaml")
    front_end = open_unmix.read(tiny().state_dict(), config, "vocals.pth").description.front_end
    assert (front_end.sample_rate, front_end.hop) == (8000, 256)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("model.pth", {}, "named after none of vocals, drums"),
        ("vocals.pth", {"fc1.weight": torch.zeros(8, 199)}, "fc1.weight has 199 columns"),
        ("vocals.pth", {"output_mean": torch.zeros(50)}, "input_mean has 100 bins, but output_mean has 50"),
        ("vocals.pth", {"fc2.weight": torch.zeros(8, 8)}, "fc2.weight has the shape"),
        ("vocals.pth", {"more": torch.zeros(8)}, "does not: more"),
    ],
)
def test_what_contradicts_itself(name, changes, message):
    with pytest.raises(ModelFileError, match=message):
        open_unmix.read({**tiny().state_dict(), **changes}, TrainingConfig({}, "nothing"), name)


@pytest.mark.slow
def test_the_model_file_computes_what_the_network_does(tmp_path):
    config = TrainingConfig({"audio": {"sample_rate": 8000}}, "umx.yaml")
    published = open_unmix.read(tiny().state_dict(), config, "vocals.pth")
    export_chunks(published, tmp_path / "tiny.onnx")
    audio = np.random.default_rng(0).standard_normal((300_000, 2), np.float32)
    expected = Isolator(Model(published.description, TorchRuntime(published))).isolate(audio, 8000)
    for runtime in ("onnxruntime", "openvino"):
        actual = Isolator(open_model(tmp_path / "tiny.onnx", runtime)).isolate(audio, 8000)
        tolerance = 1e-4 * np.abs(expected["vocal"]).max()
        np.testing.assert_allclose(actual["vocal"], expected["vocal"], atol=tolerance, err_msg=runtime)
        np.testing.assert_allclose(actual["vocal"] + actual["instrumental"], audio, atol=1e-5)
