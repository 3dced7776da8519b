"""Run weights that have no model file yet, in torch."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from acapella.conversion.keras_weights import load_keras_weights
from acapella.isolation.predictor import Tensors, predict_in_blocks
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.model_file import ModelCard
from acapella.networks import build_network
from acapella.settings import Settings


class TorchPredictor:
    """A network and its card, as isolation wants them."""

    def __init__(self, network: nn.Module, card: ModelCard) -> None:
        self._network = network.eval()
        self.card = card

    @classmethod
    def load(cls, weights: Path, settings: Settings) -> "TorchPredictor":
        """Weights of MODEL in Keras' layout, fed as `settings` say."""
        codec = SpectralFrontEnd.from_settings(settings)
        network = build_network(
            settings.model, codec.tensor_channels, codec.bins, settings.model_params, signed=codec.signed
        )
        load_keras_weights(network, weights)
        return cls(network, ModelCard(codec, settings.model, network.reach, network.stride))

    def stream(self, mixture: Iterable[np.ndarray], block_frames: int | None = None) -> Tensors:
        """Targets for a mixture that comes in pieces, as isolation's protocol says."""
        return predict_in_blocks(self._predict, self.card, mixture, block_frames)

    def _predict(self, mixture: np.ndarray) -> np.ndarray:
        """Target for the mixture; both (batch, tensor channels, bins, frames) float32."""
        with torch.inference_mode():
            target: np.ndarray = self._network(torch.from_numpy(np.ascontiguousarray(mixture))).numpy()
        return target
