"""A torch network as an ONNX graph without notes, and the proof that another one computes the same."""

import copy
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from onnxscript import optimizer
from torch import nn

from acapella.errors import ModelFileError

Module = TypeVar("Module", bound=nn.Module)
NO_LIMIT = 1 << 40  # bytes of a constant
OPSET = 18  # old enough for every runtime; fixed, so that files do not change with PyTorch's default
TOLERANCE = 1e-4  # of the largest output


def to_graph(
    network: nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    free: tuple[Any, ...] | None = None,
    *,
    many_nodes: bool = False,
) -> Any:
    """The ONNX model of `network` for inputs shaped like the `example`; `free` says which of their sizes may vary.

    The exporter's optimizer takes time quadratic in the number of nodes: for networks of thousands (`many_nodes`), only
    the passes that matter are run.
    """
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            optimize=not many_nodes,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=free,
        )
        assert program is not None
        if many_nodes:
            optimizer.inline(program.model)
            optimizer.fold_constants(program.model, input_size_limit=NO_LIMIT, output_size_limit=NO_LIMIT)
            optimizer.remove_unused_nodes(program.model)
    model = program.model_proto
    graph = model.graph
    del graph.value_info[:], graph.metadata_props[:]  # notes, paths of this machine's sources among them
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
    return model


def assert_near(actual: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    """Raise a ModelFileError unless `actual` is `expected`, to `tolerance` times its largest value."""
    if actual.shape != expected.shape:
        raise ModelFileError(f"The exported network makes {actual.shape} where {expected.shape} is expected.")
    difference, largest = np.abs(actual - expected).max(), np.abs(expected).max()
    if not difference <= tolerance * largest:  # so that NaN is an error as well
        raise ModelFileError(
            f"The exported network differs from the original by {difference:.2g} where the largest output is "
            f"{largest:.2g}; {tolerance:g} of that is allowed."
        )


def for_inference(network: Module) -> Module:
    """A copy on the CPU, in evaluation mode."""
    return copy.deepcopy(network).cpu().eval()


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Without what PyTorch's exporter says of PyTorch's own code and of packages that we do not need."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
