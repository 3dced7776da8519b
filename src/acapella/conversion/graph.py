"""A trained network as an ONNX graph, and the proof that both compute the same."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import onnxruntime
import torch
from torch import nn

from acapella.errors import ModelFileError
from acapella.isolation.frames import run_network
from acapella.isolation.model import Model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import Network
from acapella.networks.streaming import PureStream, StreamingNetwork

Module = TypeVar("Module", bound=nn.Module)
INPUT, FRAME_MASK, OUTPUT = "mixture", "valid", "target"
OPSET = 18  # old enough for every runtime; fixed, so that files do not change with PyTorch's default
TOLERANCE = 1e-4  # of the largest output
MOST_STRIDES = 1024  # in one piece


def to_onnx(network: Network, channels: int) -> bytes:
    """The network as an ONNX file: "mixture" in, "target" out, both (batch, channel, freq, time).

    Batch and time are free, and freq where the network does not fix its `bins`. The network is exported as it infers,
    and stays as it is, mode and device included.
    """
    example = torch.zeros(2, channels, network.bins or 37, 51)  # sizes of no meaning; a 1 would be taken for a constant
    free = {0: "batch", 3: "time"} if network.bins else {0: "batch", 2: "freq", 3: "time"}
    return _export(_for_inference(network), (example,), [INPUT], [OUTPUT], (free,))


def to_streaming_onnx(network: StreamingNetwork) -> bytes:
    """The network as an ONNX file that takes a song piece by piece.

    In: "mixture", the frame mask "valid", and each state under its name; out: "target", and each state for the next
    piece as "next_NAME". The number of frames is free, a multiple of the network's stride; the other sizes are not.
    """
    network = _for_inference(network)
    network.reset()
    states = network.states
    length = 2 * network.stride
    mixture = torch.zeros(1, network.source.channels, length, network.source.bins)
    strides = torch.export.Dim("strides", min=1, max=MOST_STRIDES)
    frames = {2: network.stride * strides}
    return _export(
        PureStream(network),
        (mixture, torch.ones(1, 1, length, 1), *states.values()),
        [INPUT, FRAME_MASK, *states],
        [OUTPUT, *(f"next_{name}" for name in states)],
        (frames, frames, tuple({} for _ in states)),
    )


def _export(
    network: nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str], free: tuple[Any, ...]
) -> bytes:
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=free,
        )
    assert program is not None
    return _strip(program.model_proto)


def assert_same(network: Network, model: bytes, channels: int, tolerance: float = TOLERANCE) -> None:
    """Raise unless the ONNX `model` computes what `network` does, on noise of two odd sizes.

    They may differ by `tolerance` times the largest output.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    reference = _for_inference(network)
    noise = np.random.default_rng(0)
    for shape in ((1, channels, network.bins or 37, 51), (2, channels, network.bins or 65, 7)):
        mixture = noise.standard_normal(shape, dtype=np.float32)
        with torch.inference_mode():
            expected = reference(torch.from_numpy(mixture)).numpy()
        (actual,) = session.run([OUTPUT], {INPUT: mixture})
        if actual.shape != expected.shape:
            raise ModelFileError(f"The exported network makes {actual.shape} of {shape}, not {expected.shape}.")
        _assert_near(actual, expected, tolerance)


def assert_same_stream(network: Network, model: Model, tolerance: float = TOLERANCE) -> None:
    """Raise unless a finished model file, opened as `model`, makes of noise what `network` does."""
    front_end = model.description.front_end
    assert isinstance(front_end, SpectralFrontEnd)
    mixture = np.random.default_rng(0).standard_normal((1, front_end.tensor_channels, front_end.bins, 500), np.float32)
    mixture = mixture if front_end.signed else np.abs(mixture)
    with torch.inference_mode():
        expected = _for_inference(network)(torch.from_numpy(mixture)).numpy()
    pieces = list(run_network(model, np.array_split(mixture, 3, axis=-1)))
    _assert_near(np.concatenate(pieces, axis=-1), expected, tolerance)


def _assert_near(actual: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    difference, largest = np.abs(actual - expected).max(), np.abs(expected).max()
    if not difference <= tolerance * largest:  # so that NaN is an error as well
        raise ModelFileError(
            f"The exported network differs from the trained one by {difference:.2g} where the largest output is "
            f"{largest:.2g}; {tolerance:g} of that is allowed."
        )


def _for_inference(network: Module) -> Module:
    """A copy on the CPU, in evaluation mode."""
    return copy.deepcopy(network).cpu().eval()


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Without what PyTorch's exporter says of PyTorch's own code and of packages that we do not need."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _strip(model: Any) -> bytes:
    """Without the notes that the exporter leaves on each node, paths of this machine's sources among them.

    It states the output's sizes as formulas of the input's, not seeing that they come to the same.
    """
    graph = model.graph
    likes = [graph.input[0], *graph.input[2:]]  # the target is like the mixture, the next states like the last
    for output, like in zip(graph.output, likes, strict=True):
        output.type.CopyFrom(like.type)
    del graph.value_info[:], graph.metadata_props[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
    content: bytes = model.SerializeToString()
    return content
