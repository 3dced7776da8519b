"""From a trained network to a model file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from acapella.conversion.compression import compress
from acapella.conversion.graph import FRAME_MASK, assert_same, assert_same_stream, to_onnx, to_streaming_onnx
from acapella.conversion.keras_weights import load_keras_weights
from acapella.isolation.model import open_model
from acapella.models.description import ModelDescription, Origin, sources_of
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context, Stateful
from acapella.networks import Network, build_network
from acapella.settings import Settings
from acapella.whole_files import atomic_write


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
    """Write the model file of `network`, MODEL `name`: the graph, proven to compute the same, with its description.

    `sources` are what it predicts, and the name of the residual.

    `small` keeps its weights in 8 bits, a quarter of the size, once that is proven.
    """
    streaming = network.streaming(front_end.bins)
    schedule: Stateful | Context
    if streaming:
        content = to_streaming_onnx(streaming)
        states = tuple(streaming.states)
        schedule = Stateful(latency=streaming.latency, stride=streaming.stride, states=states, frame_mask=FRAME_MASK)
    else:
        content = to_onnx(network, front_end.tensor_channels)
        assert_same(network, content, front_end.tensor_channels)
        schedule = Context(context=network.context, stride=network.stride)
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
        unfinished.write_bytes(_described(content, description))
        if streaming:
            assert_same_stream(network, open_model(unfinished))
        if small:
            unfinished.write_bytes(_described(compress(content), description))


def _described(content: bytes, description: ModelDescription) -> bytes:
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, description.to_metadata())
    labelled: bytes = model.SerializeToString()
    return labelled


def export_weights(
    weights: Sequence[Path],
    settings: Settings,
    path: Path,
    *,
    licence: str = "",
    record: dict[str, Any] | None = None,
    small: bool = False,
) -> None:
    """Write the model file of `weights` in Keras' layout, of the network and the front_end that `settings` describe.

    Of several files the mean is taken (M. Wortsman et al., "Model soups", ICML 2022); they must go back to one start.
    `record` is what else is known of the training: "scores", say.
    """
    front_end = SpectralFrontEnd.from_settings(settings)
    network = build_network(
        settings.model, front_end.tensor_channels, front_end.bins, settings.model_params, signed=front_end.signed
    )
    states = []
    for file in weights:
        load_keras_weights(network, file)
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
    network.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    training = {"settings": settings.as_env().splitlines(), **(record or {})}
    sources = sources_of(settings)
    export_model(
        network, front_end, settings.model, path, sources=sources, training=training, licence=licence, small=small
    )
