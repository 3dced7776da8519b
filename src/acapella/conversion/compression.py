"""Smaller model files: large weights in 8 bits, with a scale for each output channel.

Only the file is smaller. A runtime turns the weights back into float32 when it loads the model, and computes as before.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LARGE = 4096  # weights in a tensor from which on it pays
OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1}


def compress(model: bytes) -> bytes:
    """The ONNX `model` with the kernels of its convolutions rounded to 255 steps between ± their largest value."""
    graph_model = onnx.load_from_string(model)
    graph = graph_model.graph
    axes = {node.input[1]: OUTPUT_AXIS[node.op_type] for node in graph.node if node.op_type in OUTPUT_AXIS}
    kept, restoring = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if tensor.name not in axes or weights.size < LARGE:
            kept.append(tensor)
            continue
        rounded, scale = quantize(weights, axes[tensor.name])
        names = [f"{tensor.name}.{part}" for part in ("int8", "scale", "float")]
        kept += [numpy_helper.from_array(rounded, names[0]), numpy_helper.from_array(scale, names[1])]
        restoring += [
            helper.make_node("Cast", [names[0]], [names[2]], to=TensorProto.FLOAT),
            helper.make_node("Mul", [names[2], names[1]], [tensor.name]),
        ]
    nodes = [*restoring, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    content: bytes = graph_model.SerializeToString()
    return content


def quantize(weights: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """`weights` as int8 and float32 scales along `axis`, shaped so that their product is near the weights."""
    others = tuple(each for each in range(weights.ndim) if each != axis)
    scale = np.maximum(np.abs(weights).max(axis=others, keepdims=True) / 127, np.finfo(np.float32).tiny)
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)
