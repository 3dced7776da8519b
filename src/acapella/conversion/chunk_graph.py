"""The model file of a network that takes chunks: an ONNX graph of one fixed size, proven to compute the same."""

from pathlib import Path

import numpy as np
import onnx
import torch

from acapella.conversion.onnx_graph import assert_near, for_inference, to_graph
from acapella.conversion.torch_model import TorchModel
from acapella.isolation.model import open_model
from acapella.whole_files import atomic_write

# Of the largest output. Networks of fifty and more layers amplify what a runtime rounds: MDX23C of the published size
# differs by 1.4e-4, since ONNX Runtime adds up a quarter of a million numbers one by one to normalize them.
TOLERANCE = 3e-3


def export_chunks(model: TorchModel, path: Path) -> None:
    """Write the model file, once its graph makes of noise what the network does."""
    network, shapes = for_inference(model.network), model.inputs
    example = tuple(torch.zeros(shape) for shape in shapes.values())
    graph = to_graph(network, example, list(shapes), model.outputs, many_nodes=True)
    onnx.helper.set_model_props(graph, model.description.to_metadata())
    rng = np.random.default_rng(0)
    noise = [rng.standard_normal(shape, np.float32) for shape in shapes.values()]
    with torch.inference_mode():
        result = network(*map(torch.from_numpy, noise))
    expected = result if isinstance(result, tuple) else (result,)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(graph.SerializeToString())
        for actual, right in zip(open_model(unfinished).run(*noise), expected, strict=True):
            assert_near(actual, right.numpy(), TOLERANCE)
