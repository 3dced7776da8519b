"""Model files whose networks are made by hand, so that the right answer is known; no torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from acapella.models.description import ModelDescription, Origin, Output
from acapella.models.front_ends import SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks, Context, Stateful

FOUR = ("drums", "bass", "other", "vocal")
SHARES = (0.1, 0.2, 0.3, 0.4)  # of the mixture, of each of the four sources


def write_model(
    path: Path,
    description: ModelDescription,
    nodes: Sequence[NodeProto],
    inputs: dict[str, Sequence[Any]],
    outputs: dict[str, Sequence[Any]],
    constants: dict[str, np.ndarray] | None = None,
) -> Path:
    """A model file of `nodes`; sizes that are texts are free."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, description.to_metadata())
    onnx.save(model, path)
    return path


def write_gain_model(path: Path, gain: float = 0.5, **front_end: Any) -> Path:
    """A stream of frames; the vocal is the mixture times `gain`."""
    axes = ["items", "channels", "bins", "frames"]
    description = ModelDescription(
        front_end=SpectralFrontEnd(**front_end),
        schedule=Context(context=0, stride=4),
        origin=Origin(family="gain", licence="CC0"),
    )
    nodes = [helper.make_node("Mul", ["mixture", "gain"], ["target"])]
    return write_model(path, description, nodes, {"mixture": axes}, {"target": axes}, {"gain": np.float32([gain])})


def write_delay_model(path: Path, latency: int, stride: int = 1) -> Path:
    """A stream with one state: its output is the mixture, `latency` frames late, where the frame mask is 1."""
    nodes = [helper.make_node("Slice", ["joined", "zero", "minus_kept", "time"], ["target"])]
    return _write_stream(path, nodes, latency, latency, stride)


def write_echo_model(path: Path, distance: int) -> Path:
    """A causal stream without latency: each frame plus that `distance` frames before, which is the state."""
    nodes = [
        helper.make_node("Slice", ["joined", "zero", "minus_kept", "time"], ["echo"]),
        helper.make_node("Add", ["masked", "echo"], ["target"]),
    ]
    return _write_stream(path, nodes, distance, latency=0)


def _write_stream(path: Path, nodes: Sequence[NodeProto], kept: int, latency: int, stride: int = 1) -> Path:
    """A stream whose state is the last `kept` frames of the mixture; `nodes` make the target of all "joined"."""
    bins = 65
    axes = [1, 2, "frames", bins]
    description = ModelDescription(
        front_end=SpectralFrontEnd(window_length=128, representation="ri", sample_rate=8000),
        schedule=Stateful(latency=latency, stride=stride, states=("history",), frame_mask="valid"),
    )
    nodes = [
        helper.make_node("Mul", ["mixture", "valid"], ["masked"]),
        helper.make_node("Concat", ["history", "masked"], ["joined"], axis=2),
        *nodes,
        helper.make_node("Slice", ["joined", "minus_kept", "end", "time"], ["next_history"]),
    ]
    constants = {"zero": [0], "minus_kept": [-kept], "end": [2**62], "time": [2]}
    state = [1, 2, kept, bins]
    return write_model(
        path,
        description,
        nodes,
        {"mixture": axes, "valid": [1, 1, "frames", 1], "history": state},
        {"target": axes, "next_history": state},
        {name: np.array(value, np.int64) for name, value in constants.items()},
    )


def write_four_source_model(path: Path, **changes: Any) -> Path:
    """Chunks of 3 s with half overlap, hop 441, window 2048; each of four sources is a share of the mixture."""
    axes = [1, 4, 1025, 301]
    values: dict[str, Any] = {
        "front_end": SpectralFrontEnd(
            sample_rate=44100, channels=2, window_length=2048, hop=441, representation="ri", normalized=True
        ),
        "schedule": Chunks(length=132_300, step=66_150, fade=13_230, border=66_150),
        "sources": FOUR,
        "residual": None,
        "origin": Origin(family="made up"),
    }
    description = ModelDescription(**(values | changes))
    names = [f"share_{number}" for number in range(len(FOUR))]
    nodes = [helper.make_node("Mul", ["mixture", name], [f"source_{name}"]) for name in names]
    nodes.append(helper.make_node("Concat", [f"source_{name}" for name in names], ["target"], axis=1))
    shares = {name: np.float32([share]) for name, share in zip(names, SHARES, strict=True)}
    return write_model(path, description, nodes, {"mixture": axes}, {"target": [1, 16, *axes[2:]]}, shares)


def write_identity(path: Path, description: ModelDescription, shape: Sequence[Any]) -> Path:
    """A network that returns what it takes, of `shape`."""
    nodes = [helper.make_node("Identity", ["mixture"], ["target"])]
    return write_model(path, description, nodes, {"mixture": shape}, {"target": shape})


def write_wave_model(path: Path, weight: object = 0.5, bias: float = 0.0, **changes: Any) -> Path:
    """Chunks of half a second at 8000 Hz, stereo: the vocal is each chunk times `weight` (…, 4000), plus `bias`."""
    values: dict[str, Any] = {
        "front_end": WaveformFrontEnd(sample_rate=8000, channels=2),
        "schedule": Chunks(length=4000, step=3000, fade=500, border=1000),
        "output": Output(kind="waveform"),
    }
    nodes = [
        helper.make_node("Mul", ["mixture", "weight"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["target"]),
    ]
    axes = {"mixture": [1, 2, 4000]}, {"target": [1, 2, 4000]}
    constants = {"weight": np.float32(weight), "bias": np.float32(bias)}
    return write_model(path, ModelDescription(**(values | changes)), nodes, *axes, constants)
