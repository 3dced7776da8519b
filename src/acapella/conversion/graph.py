"""A trained network as an ONNX graph, and the proof that both compute the same."""

from typing import Any

import numpy as np
import onnxruntime
import torch

from acapella.conversion.onnx_graph import TOLERANCE, assert_near, for_inference, to_graph
from acapella.isolation.frames import run_network
from acapella.isolation.model import Model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import Network
from acapella.networks.streaming import PureStream, StreamingNetwork

INPUT, FRAME_MASK, OUTPUT = "mixture", "valid", "target"
MOST_STRIDES = 1024  # in one piece


def to_onnx(network: Network, channels: int) -> bytes:
    """The network as an ONNX file: "mixture" in, "target" out, both (batch, channel, freq, time).

    Batch and time are free, and freq where the network does not fix its `bins`. The network is exported as it infers,
    and stays as it is, mode and device included.
    """
    example = torch.zeros(2, channels, network.bins or 37, 51)  # sizes of no meaning; a 1 would be taken for a constant
    free = {0: "batch", 3: "time"} if network.bins else {0: "batch", 2: "freq", 3: "time"}
    return _states_like_the_last(to_graph(for_inference(network), (example,), [INPUT], [OUTPUT], (free,)))


def to_streaming_onnx(network: StreamingNetwork) -> bytes:
    """The network as an ONNX file that takes a song piece by piece.

    In: "mixture", the frame mask "valid", and each state under its name; out: "target", and each state for the next
    piece as "next_NAME". The number of frames is free, a multiple of the network's stride; the other sizes are not.
    """
    network = for_inference(network)
    network.reset()
    states = network.states
    length = 2 * network.stride
    mixture = torch.zeros(1, network.source.channels, length, network.source.bins)
    strides = torch.export.Dim("strides", min=1, max=MOST_STRIDES)
    frames = {2: network.stride * strides}
    model = to_graph(
        PureStream(network),
        (mixture, torch.ones(1, 1, length, 1), *states.values()),
        [INPUT, FRAME_MASK, *states],
        [OUTPUT, *(f"next_{name}" for name in states)],
        (frames, frames, tuple({} for _ in states)),
    )
    return _states_like_the_last(model)


def assert_same(network: Network, model: bytes, channels: int, tolerance: float = TOLERANCE) -> None:
    """Raise unless the ONNX `model` computes what `network` does, on noise of two odd sizes.

    They may differ by `tolerance` times the largest output.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    reference = for_inference(network)
    noise = np.random.default_rng(0)
    for shape in ((1, channels, network.bins or 37, 51), (2, channels, network.bins or 65, 7)):
        mixture = noise.standard_normal(shape, dtype=np.float32)
        with torch.inference_mode():
            expected = reference(torch.from_numpy(mixture)).numpy()
        (actual,) = session.run([OUTPUT], {INPUT: mixture})
        assert_near(actual, expected, tolerance)


def assert_same_stream(network: Network, model: Model, tolerance: float = TOLERANCE) -> None:
    """Raise unless a finished model file, opened as `model`, makes of noise what `network` does."""
    front_end = model.description.front_end
    assert isinstance(front_end, SpectralFrontEnd)
    mixture = np.random.default_rng(0).standard_normal((1, front_end.tensor_channels, front_end.bins, 500), np.float32)
    mixture = mixture if front_end.signed else np.abs(mixture)
    with torch.inference_mode():
        expected = for_inference(network)(torch.from_numpy(mixture)).numpy()
    pieces = list(run_network(model, np.array_split(mixture, 3, axis=-1)))
    assert_near(np.concatenate(pieces, axis=-1), expected, tolerance)


def _states_like_the_last(model: Any) -> bytes:
    """Outputs stated like the inputs: the exporter gives their sizes as formulas, not seeing that they are the same."""
    graph = model.graph
    likes = [graph.input[0], *graph.input[2:]]  # the target is like the mixture, the next states like the last
    for output, like in zip(graph.output, likes, strict=True):
        output.type.CopyFrom(like.type)
    content: bytes = model.SerializeToString()
    return content
