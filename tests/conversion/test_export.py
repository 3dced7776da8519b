from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from acapella.conversion.compression import compress, quantize
from acapella.conversion.export import export_model, export_weights
from acapella.conversion.graph import assert_same, assert_same_stream, to_onnx
from acapella.conversion.keras_weights import save_keras_weights
from acapella.errors import ModelFileError
from acapella.isolation.frames import run_network
from acapella.isolation.model import open_model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import Network, build_network
from acapella.settings import Settings
from acapella.training.loop import start_model


def make_network() -> Network:
    """Two channels, with statistics and biases as after a training."""
    torch.manual_seed(0)
    network = build_network("leaky_dropout", 2, 64, SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.1), signed=True)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.bias.data.normal_(std=0.1)
    return network


@pytest.fixture(scope="module")
def network() -> Network:
    return make_network()


@pytest.fixture(scope="module")
def model(network) -> bytes:
    return to_onnx(network, 2)


@pytest.mark.parametrize("shape", [(1, 2, 16, 32), (3, 2, 13, 6), (1, 2, 1, 1)])
def test_the_graph_computes_what_the_network_does_at_any_size(network, model, shape):
    mixture = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (actual,) = session.run(["target"], {"mixture": mixture})
    network.eval()
    with torch.inference_mode():
        expected = network(torch.from_numpy(mixture)).numpy()
    network.train()
    assert actual.shape == shape
    assert np.abs(actual - expected).max() <= 1e-5 * np.abs(expected).max()


def test_the_file_is_valid_small_and_free_in_all_sizes_but_the_channels(model):
    graph = onnx.load_from_string(model)
    onnx.checker.check_model(graph, full_check=True)
    for value, name in ((graph.graph.input, "mixture"), (graph.graph.output, "target")):
        assert [entry.name for entry in value] == [name]
        sizes = value[0].type.tensor_type.shape.dim
        assert [size.dim_param or size.dim_value for size in sizes] == ["batch", 2, "freq", "time"]
        assert value[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert len(model) < 3_000_000
    assert graph.opset_import[0].version == 18


def test_no_paths_of_this_machine_are_in_the_file(model):
    assert b".py" not in model
    assert b"File " not in model


def test_exporting_leaves_the_network_in_its_mode(network, model):
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_assert_same_accepts_the_export(network, model):
    assert_same(network, model, 2)
    assert network.training


@pytest.mark.parametrize("change", [1.001, float("nan")])
def test_assert_same_refuses_other_weights(model, change):
    other = make_network()
    other.decode_full[-1][0].weight.data *= change
    with pytest.raises(ModelFileError, match="differs from the original"):
        assert_same(other, model, 2)


def test_a_small_file_computes_nearly_the_same(network, model):
    small = compress(model)
    onnx.checker.check_model(onnx.load_from_string(small), full_check=True)
    assert len(small) < 0.3 * len(model)
    mixture = np.random.default_rng(1).standard_normal((1, 2, 32, 32), dtype=np.float32)
    whole, reduced = (
        onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"mixture": mixture})[0]
        for content in (model, small)
    )
    assert 0 < np.abs(whole - reduced).max() < 0.05 * np.abs(whole).max()


class Fragile(Network):
    """One weight is so large that in 8 bits the others next to it vanish; but what it is multiplied with is zero."""

    stride, context = 1, 2

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)
        self.first.bias.data[0] = -1e6
        self.last.weight.data[:, 0] = 1e4

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(self.first(mixture)))[:, :1]


def test_a_small_file_that_computes_something_else_is_refused(tmp_path):
    torch.manual_seed(0)
    export_model(Fragile(), SpectralFrontEnd(window_length=64), "fragile", tmp_path / "whole.onnx")
    with pytest.raises(ModelFileError, match=r"differs from the original by .*; 0.05 of that is allowed"):
        export_model(Fragile(), SpectralFrontEnd(window_length=64), "fragile", tmp_path / "small.onnx", small=True)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.onnx"]


@pytest.mark.parametrize("axis", [0, 1])
def test_weights_are_rounded_to_half_a_step(axis, rng):
    weights = rng.standard_normal((5, 6, 3, 3)).astype(np.float32)
    weights[2] = 0
    rounded, scale = quantize(weights, axis)
    assert rounded.dtype == np.int8
    assert scale.shape == tuple(size if place == axis else 1 for place, size in enumerate(weights.shape))
    assert (np.abs(rounded * scale - weights) <= 0.501 * scale).all()


def test_a_network_for_a_fixed_number_of_bins_is_exported_too():
    torch.manual_seed(0)
    network = build_network("tfc_tdf", 2, 48, SimpleNamespace(), signed=True)
    assert_same(network, to_onnx(network, 2), 2)


@pytest.fixture(scope="module")
def deep_model(tmp_path_factory):
    """The deep network, and the model file of its stream."""
    torch.manual_seed(0)
    network = build_network("deep_unet", 2, 64, SimpleNamespace(), signed=False)
    path = tmp_path_factory.mktemp("deep") / "deep.onnx"
    front_end = SpectralFrontEnd(window_length=256, channels=2, representation="amplitude", bins=64)
    export_model(network, front_end, "deep_unet", path)
    return network.eval(), path


@pytest.mark.parametrize("block_frames", [None, 64, 300])
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_the_deep_network_is_exported_as_a_stream(deep_model, rng, block_frames, runtime):
    if runtime == "openvino":
        pytest.importorskip("openvino")
    network, path = deep_model
    model = open_model(path, runtime)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    mixture = rng.random((2, 2, 64, 700), np.float32)
    pieces = list(run_network(model, np.split(mixture, [1, 90, 400], axis=-1), block_frames))
    with torch.inference_mode():
        expected = network(torch.from_numpy(mixture)).numpy()
    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), expected, rtol=1e-3, atol=1e-5)
    assert all(piece.shape[-1] for piece in pieces)


def test_a_stream_that_differs_from_the_network_is_refused(deep_model):
    _, path = deep_model
    torch.manual_seed(1)
    with pytest.raises(ModelFileError, match="differs from the original"):
        assert_same_stream(build_network("deep_unet", 2, 64, SimpleNamespace(), signed=False), open_model(path))


def test_the_mean_of_several_weights_is_exported(tmp_path):
    settings = Settings(learn_phase=False)
    paths = []
    for seed in (1, 2):
        network = start_model(settings.model_copy(update={"seed": seed})).network
        paths.append(tmp_path / f"{seed}.h5")
        save_keras_weights(network, paths[-1])
    export_weights(paths, settings, tmp_path / "mean.onnx")
    for parameter in (both := [start_model(settings, path).network for path in paths])[0].parameters():
        parameter.data /= 2
    for parameter, other in zip(both[0].parameters(), both[1].parameters(), strict=True):
        parameter.data += other.data / 2
    assert_same(both[0], (tmp_path / "mean.onnx").read_bytes(), 1)
