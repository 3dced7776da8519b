"""From a trained network to a model file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from acapella.conversion.chunk_graph import export_chunks
from acapella.conversion.compression import compress
from acapella.conversion.graph import FRAME_MASK, assert_same, assert_same_stream, to_onnx, to_streaming_onnx
from acapella.conversion.new_model import new_model
from acapella.conversion.onnx_graph import TOLERANCE
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.weight_files import load_weights
from acapella.errors import UsageError
from acapella.isolation.model import open_model
from acapella.models.description import ModelDescription, Origin
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context, Stateful
from acapella.networks import Network
from acapella.settings import Settings
from acapella.whole_files import atomic_write

SMALL_TOLERANCE = 0.05  # of the largest output: weights in 8 bits change that of our networks by 0.0003 to 0.02


def export_model(
    network: Network,
    front_end: SpectralFrontEnd,
    name: str,
    path: Path,
    *,
    sources: tuple[tuple[str, ...], str | None] = (("vocal",), "instrumental"),
    training: dict[str, Any] | None = None,
    licence: str = "",
    small: bool = False,
) -> None:
    """Write the model file of a network: its graph, proven to compute the same, with its description.

    Parameters
    ----------
    network, front_end, name
        What is exported, what it is given, and its name for MODEL.
    sources
        What it predicts, and the name of the residual.
    training, licence
        For the description.
    small
        Keep the weights in 8 bits, a quarter of the size; a ModelFileError where that changes the output too much.
    """
    content, schedule = _graph_and_schedule(network, front_end)
    target, residual = sources
    description = ModelDescription(
        front_end=front_end,
        schedule=schedule,
        sources=target,
        residual=residual,
        origin=Origin(family=name, licence=licence),
        training=training or {},
    )
    with atomic_write(path) as unfinished:
        _write_proven(network, content, description, unfinished, TOLERANCE)
        if small:
            _write_proven(network, compress(content), description, unfinished, SMALL_TOLERANCE)


def _graph_and_schedule(network: Network, front_end: SpectralFrontEnd) -> tuple[bytes, Stateful | Context]:
    streaming = network.streaming(front_end.bins)
    if streaming is None:
        schedule = Context(context=network.context, stride=network.stride)
        return to_onnx(network, front_end.tensor_channels), schedule
    return to_streaming_onnx(streaming), Stateful(
        latency=streaming.latency, stride=streaming.stride, states=tuple(streaming.states), frame_mask=FRAME_MASK
    )


def _write_proven(
    network: Network, content: bytes, description: ModelDescription, path: Path, tolerance: float
) -> None:
    """Write graph and description; raise unless the file computes what the network does."""
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, description.to_metadata())
    path.write_bytes(model.SerializeToString())
    if isinstance(description.schedule, Stateful):
        assert_same_stream(network, open_model(path), tolerance)
    else:
        assert isinstance(description.front_end, SpectralFrontEnd)
        assert_same(network, content, description.front_end.tensor_channels, tolerance)


def export(
    model: TorchModel, path: Path, *, training: dict[str, Any] | None = None, licence: str = "", small: bool = False
) -> None:
    """Write the model file of a network of any kind; the other parameters as for `export_model`."""
    network, description = model.network, model.description
    if isinstance(network, Network):
        front_end = description.front_end
        assert isinstance(front_end, SpectralFrontEnd)
        sources = description.sources, description.residual
        export_model(
            network, front_end, description.origin.family, path,
            sources=sources, training=training, licence=licence, small=small,
        )  # fmt: skip
        return
    if small:
        raise UsageError(f"The weights of {description.origin.family} cannot be kept in 8 bits.")
    changes: dict[str, Any] = {"training": training or {}}
    if licence:
        changes["origin"] = description.origin.model_copy(update={"licence": licence})
    export_chunks(replace(model, description=description.model_copy(update=changes)), path)


def export_weights(
    weights: Sequence[Path],
    settings: Settings,
    path: Path,
    *,
    licence: str = "",
    record: dict[str, Any] | None = None,
    small: bool = False,
) -> None:
    """Write the model file of files of `weights`, of the network and the front end that `settings` describe.

    Of several files the mean is taken (M. Wortsman et al., "Model soups", ICML 2022); they must go back to one start.
    `record` is what else is known of the training: "scores", say.
    """
    model = new_model(settings)
    network = model.network
    states = []
    for file in weights:
        load_weights(network, file)
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
    network.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    training = {"settings": settings.as_env().splitlines(), **(record or {})}
    export(model, path, training=training, licence=licence, small=small)
