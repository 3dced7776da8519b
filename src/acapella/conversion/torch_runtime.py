"""Run weights that have no model file yet, in torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from acapella.conversion.new_model import new_model
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.weight_files import load_weights
from acapella.isolation.model import MIXTURE, Model
from acapella.isolation.runtimes import Shape
from acapella.models.schedules import Chunks
from acapella.settings import Settings


class TorchRuntime:
    """A network as a runtime (`isolation.runtimes`); inputs and outputs are those of its graph (`models.schedules`)."""

    metadata: Mapping[str, str] = {}

    def __init__(self, model: TorchModel) -> None:
        self._network = model.network.eval()
        in_chunks = isinstance(model.description.schedule, Chunks)
        self.inputs: Mapping[str, Shape] = model.inputs if in_chunks else {MIXTURE: (None, None, None, None)}

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        device = next((weights.device for weights in self._network.parameters()), None)
        tensors = [torch.from_numpy(np.ascontiguousarray(values[name])).to(device) for name in self.inputs]
        with torch.inference_mode():
            outputs = self._network(*tensors)
        return [output.cpu().numpy() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]


def load_in_torch(weights: Path, settings: Settings) -> Model:
    """A model of the file `weights` (.h5, .hdf5 or .safetensors) and what `settings` say of them."""
    model = new_model(settings)
    load_weights(model.network, weights)
    return Model(model.description, TorchRuntime(model), str(weights))
