"""The model file of a network that takes chunks: an ONNX graph of one fixed size, proven to compute the same."""

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from acapella.conversion.published import Published
from acapella.errors import ModelFileError
from acapella.isolation.model import open_model
from acapella.whole_files import atomic_write

OPSET = 18  # old enough for every runtime; fixed, so that files do not change with PyTorch's default
TOLERANCE = 1e-4  # of the largest output


def export_published(published: Published, path: Path) -> None:
    """Write the model file, once its graph makes of noise what the network does."""
    network = copy.deepcopy(published.network).cpu().eval()
    model = to_chunk_onnx(network, published.inputs, published.outputs)
    onnx.helper.set_model_props(model, published.description.to_metadata())
    rng = np.random.default_rng(0)
    noise = [rng.standard_normal(shape, np.float32) for shape in published.inputs.values()]
    with torch.inference_mode():
        result = network(*map(torch.from_numpy, noise))
    expected = result if isinstance(result, tuple) else (result,)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())
        for actual, right in zip(open_model(unfinished).run(*noise), expected, strict=True):
            _assert_near(actual, right.numpy())


def to_chunk_onnx(network: nn.Module, inputs: Mapping[str, tuple[int, ...]], outputs: Sequence[str]) -> Any:
    """The network as an ONNX model that takes `inputs` of these very shapes, and gives `outputs`."""
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            tuple(torch.zeros(shape) for shape in inputs.values()),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
        )
    assert program is not None
    model = program.model_proto
    graph = model.graph
    del graph.value_info[:], graph.metadata_props[:]  # notes, paths of this machine's sources among them
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
    return model


def _assert_near(actual: np.ndarray, expected: np.ndarray) -> None:
    if actual.shape != expected.shape:
        raise ModelFileError(f"The exported network makes {actual.shape}, not {expected.shape}.")
    difference, largest = np.abs(actual - expected).max(), np.abs(expected).max()
    if not difference <= TOLERANCE * largest:  # so that NaN is an error as well
        raise ModelFileError(
            f"The exported network differs from the checkpoint by {difference:.2g} "
            f"where the largest output is {largest:.2g}."
        )


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
