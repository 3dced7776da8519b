"""Models with state, made by hand, whose right answer is known."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from tests.onnx_models import write_delay_model, write_echo_model

from acapella import Isolator
from acapella.errors import ModelFileError
from acapella.isolation.frames import run_network
from acapella.isolation.model import open_model

RUNTIMES = ["onnxruntime", "openvino"]


@pytest.mark.parametrize("latency", [1, 7, 128, 300])
@pytest.mark.parametrize("samples", [1, 500, 20_000])
def test_latency_is_taken_back(tmp_path, rng, latency, samples):
    isolator = Isolator.load(write_delay_model(tmp_path / "delay.onnx", latency))
    audio = rng.uniform(-1, 1, (samples, 2)).astype(np.float32)
    np.testing.assert_allclose(isolator.isolate(audio, 8000)["vocal"], audio, atol=1e-5)


@pytest.mark.parametrize("latency", [0, 5])
@pytest.mark.parametrize("block_frames", [1, 64, 1000])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_state_passes_from_block_to_block(tmp_path, rng, latency, block_frames, runtime):
    if runtime == "openvino":
        pytest.importorskip("openvino")
    write = write_delay_model if latency else write_echo_model
    model = open_model(write(tmp_path / "stream.onnx", latency or 3), runtime)
    mixture = rng.standard_normal((2, 2, 65, 400), np.float32)
    pieces = list(run_network(model, np.split(mixture, [1, 90, 250], axis=-1), block_frames))
    expected = mixture if latency else mixture + np.pad(mixture, ((0, 0), (0, 0), (0, 0), (3, 0)))[..., :-3]
    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), expected, atol=1e-6)
    assert all(piece.shape[-1] for piece in pieces)


def test_blocks_are_multiples_of_the_stride(tmp_path, rng):
    model = open_model(write_delay_model(tmp_path / "delay.onnx", 10, stride=48))
    lengths, run = [], model.runtime.run
    model.runtime.run = lambda values: (lengths.append(values["mixture"].shape[2]), run(values))[1]
    mixture = rng.standard_normal((1, 2, 65, 200), np.float32)
    out = np.concatenate(list(run_network(model, [mixture], 50)), axis=-1)
    assert set(lengths) == {96}
    np.testing.assert_array_equal(out, mixture)


def test_what_lies_behind_the_end_is_masked(tmp_path):
    """The delay line multiplies by the frame mask: ones behind the end would come out as what is fed there, zeros."""
    model = open_model(write_delay_model(tmp_path / "delay.onnx", 5))
    masks, run = [], model.runtime.run
    model.runtime.run = lambda values: (masks.append(values["valid"].ravel()), run(values))[1]
    list(run_network(model, [np.ones((1, 2, 65, 100), np.float32)], 64))
    np.testing.assert_array_equal(np.concatenate(masks), [*[1] * 100, *[0] * 28])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_several_threads_share_an_isolator(tmp_path, rng, runtime):
    if runtime == "openvino":
        pytest.importorskip("openvino")
    isolator = Isolator.load(write_echo_model(tmp_path / "echo.onnx", 3), runtime=runtime, threads=1)
    songs = [rng.uniform(-1, 1, (30_000, 2)).astype(np.float32) for _ in range(8)]
    alone = [isolator.isolate(song, 8000)["vocal"] for song in songs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda song: isolator.isolate(song, 8000)["vocal"], songs))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)


def rewrite(path, change):
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, path)


def huge(graph):
    for part in (graph.input[2], graph.output[1]):
        part.type.tensor_type.shape.dim[2].dim_value = 1 << 40


def free(graph):
    graph.input[2].type.tensor_type.shape.dim[2].dim_param = "any"


@pytest.mark.parametrize("change", [huge, free])
def test_a_state_of_no_size_or_of_an_absurd_one_is_refused(tmp_path, change):
    path = write_delay_model(tmp_path / "delay.onnx", 5)
    rewrite(path, change)
    with pytest.raises(
        ModelFileError, match=r"delay\.onnx.*(state history has the shape|states are larger than|cannot be opened)"
    ):
        open_model(path)


def test_a_description_with_other_states_than_the_graph_is_refused(tmp_path):
    path = write_delay_model(tmp_path / "delay.onnx", 5)
    model = onnx.load(path)
    text = model.metadata_props[1].value
    model.metadata_props[1].value = text.replace('"history"', '"other"')
    onnx.save(model, path)
    with pytest.raises(ModelFileError, match="its graph takes mixture, valid, history, where its description says"):
        open_model(path)
