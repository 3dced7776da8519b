"""From a trained network to a model file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from acapella.conversion.compression import compress
from acapella.conversion.graph import assert_same, assert_same_stream, to_onnx, to_streaming_onnx
from acapella.conversion.keras_weights import load_keras_weights
from acapella.isolation.predictor import OnnxPredictor
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.model_file import ModelCard
from acapella.networks import Network, build_network
from acapella.networks.deep_unet import DeepUNet
from acapella.networks.streaming import StreamingDeepUNet
from acapella.settings import Settings
from acapella.whole_files import atomic_write


def export_model(
    network: Network,
    codec: SpectralFrontEnd,
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
    if isinstance(network, DeepUNet):
        content, delay = to_streaming_onnx(network, codec.bins), StreamingDeepUNet.delay
    else:
        content, delay = to_onnx(network, codec.tensor_channels), 0
        assert_same(network, content, codec.tensor_channels)
    card = ModelCard(codec, name, network.reach, network.stride, delay, licence, training or {})
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(_with_card(content, card))
        if delay:
            assert_same_stream(network, OnnxPredictor(unfinished))
        if small:
            unfinished.write_bytes(_with_card(compress(content), card))


def _with_card(content: bytes, card: ModelCard) -> bytes:
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, card.to_metadata())
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
    """Write the model file of `weights` in Keras' layout, of the network and the codec that `settings` describe.

    Of several files the mean is taken (M. Wortsman et al., "Model soups", ICML 2022); they must go back to one start.
    `record` is what else is known of the training: "scores", say.
    """
    codec = SpectralFrontEnd.from_settings(settings)
    network = build_network(
        settings.model, codec.tensor_channels, codec.bins, settings.model_params, signed=codec.signed
    )
    states = []
    for file in weights:
        load_keras_weights(network, file)
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
    network.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    training = {"settings": settings.as_env().splitlines(), **(record or {})}
    export_model(network, codec, settings.model, path, training=training, licence=licence, small=small)
