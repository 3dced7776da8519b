"""From a trained network to an ONNX graph, and the proof that both compute the same."""

import copy
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from acapella.codec import SpectrogramCodec
from acapella.errors import ModelFileError
from acapella.isolation.model_file import ModelCard
from acapella.settings import Settings
from acapella.training.compression import compress
from acapella.training.keras_weights import load_keras_weights
from acapella.training.networks import Network, build_network
from acapella.whole_files import whole

INPUT, OUTPUT = "mixture", "target"
OPSET = 18  # old enough for every runtime; fixed, so that files do not change with PyTorch's default
TOLERANCE = 1e-4  # of the largest output


def to_onnx(network: nn.Module, channels: int) -> bytes:
    """The network as an ONNX file: "mixture" in, "target" out, both (batch, channel, freq, time).

    Batch, freq and time are free. The network is exported as it infers, and stays as it is, mode and
    device included.
    """
    example = torch.zeros(2, channels, 37, 51)  # sizes of no meaning; a 1 would be taken for a constant
    with _quiet_exporter():
        program = torch.onnx.export(
            _for_inference(network),
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: "batch", 2: "freq", 3: "time"},),
        )
    assert program is not None
    return _strip(program.model_proto)


def assert_same(network: nn.Module, model: bytes, channels: int) -> None:
    """Raise unless the ONNX `model` computes what `network` does, on noise of two odd sizes."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    reference = _for_inference(network)
    noise = np.random.default_rng(0)
    for shape in ((1, channels, 37, 51), (2, channels, 65, 7)):
        mixture = noise.standard_normal(shape, dtype=np.float32)
        with torch.inference_mode():
            expected = reference(torch.from_numpy(mixture)).numpy()
        (actual,) = session.run([OUTPUT], {INPUT: mixture})
        if actual.shape != expected.shape:
            raise ModelFileError(f"The exported network makes {actual.shape} of {shape}, not {expected.shape}.")
        difference, largest = np.abs(actual - expected).max(), np.abs(expected).max()
        if not difference <= TOLERANCE * largest:  # so that NaN is an error as well
            raise ModelFileError(
                f"The exported network differs from the trained one by {difference:.2g} "
                f"where the largest output is {largest:.2g}."
            )


def _for_inference(network: nn.Module) -> nn.Module:
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
    graph.output[0].type.CopyFrom(graph.input[0].type)
    del graph.value_info[:], graph.metadata_props[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
    content: bytes = model.SerializeToString()
    return content


def export_model(
    network: Network,
    codec: SpectrogramCodec,
    name: str,
    path: Path,
    *,
    training: dict[str, Any] | None = None,
    licence: str = "",
    small: bool = False,
) -> None:
    """Write the model file of `network`, MODEL `name`: the graph, proven to compute the same, with its card.

    `small` keeps its weights in 8 bits, a quarter of the size, once that is proven.
    """
    content = to_onnx(network, codec.tensor_channels)
    assert_same(network, content, codec.tensor_channels)
    if small:
        content = compress(content)
    card = ModelCard(codec, name, network.reach, network.stride, licence, training or {})
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, card.to_metadata())
    with whole(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())


def export_weights(
    weights: Sequence[Path],
    settings: Settings,
    path: Path,
    *,
    licence: str = "",
    record: dict[str, Any] | None = None,
    small: bool = False,
) -> None:
    """Write the model file of `weights` in Keras' layout, of the network and the codec that `settings` describe.

    Of several files the mean is taken (M. Wortsman et al., "Model soups", ICML 2022); they must go back to one start.
    `record` is what else is known of the training: "scores", say.
    """
    codec = SpectrogramCodec.from_settings(settings)
    network = build_network(settings.model, codec.tensor_channels, settings.model_params, signed=codec.signed)
    states = []
    for file in weights:
        load_keras_weights(network, file)
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
    network.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    training = {"settings": settings.as_env().splitlines(), **(record or {})}
    export_model(network, codec, settings.model, path, training=training, licence=licence, small=small)
