"""Run weights that have no model file yet, in torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from acapella.conversion.weight_files import load_weights
from acapella.isolation.model import MIXTURE, Model
from acapella.isolation.runtimes import Shape
from acapella.models.description import ModelDescription, Origin, sources_of
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context
from acapella.networks import build_network
from acapella.settings import Settings


class TorchRuntime:
    """A network as a runtime (`isolation.runtimes`): `mixture` in, target out, (batch, channels, bins, frames) each."""

    inputs: Mapping[str, Shape] = {MIXTURE: (None, None, None, None)}
    metadata: Mapping[str, str] = {}

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        with torch.inference_mode():
            return [self._network(torch.from_numpy(np.ascontiguousarray(values[MIXTURE]))).numpy()]


def load_in_torch(weights: Path, settings: Settings) -> Model:
    """A model of the file `weights` (.h5, .hdf5 or .safetensors) and what `settings` say of them."""
    front_end = SpectralFrontEnd.from_settings(settings)
    network = build_network(
        settings.model, front_end.tensor_channels, front_end.bins, settings.model_params, signed=front_end.signed
    )
    load_weights(network, weights)
    sources, residual = sources_of(settings)
    description = ModelDescription(
        front_end=front_end,
        schedule=Context(context=network.context, stride=network.stride),
        sources=sources,
        residual=residual,
        origin=Origin(family=settings.model),
    )
    return Model(description, TorchRuntime(network))
