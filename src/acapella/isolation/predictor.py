"""Run a network: the protocol that isolation needs, and ONNX Runtime behind it."""

from pathlib import Path
from typing import Protocol

import numpy as np

from acapella.errors import ModelFileError
from acapella.isolation.model_file import ModelCard


class Predictor(Protocol):
    """A trained network with its card."""

    card: ModelCard

    def predict(self, mixture: np.ndarray) -> np.ndarray:
        """Target for the mixture; both (batch, tensor channels, bins, frames) float32."""
        ...


class OnnxPredictor:
    """A model file in ONNX Runtime, on the CPU."""

    def __init__(self, path: Path) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # blocks have few sizes; the arena only keeps memory
        try:
            self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            raise ModelFileError(f"{path} is not a model file that can be read.") from error
        self.card = ModelCard.from_metadata(self._session.get_modelmeta().custom_metadata_map, str(path))
        self._input = self._session.get_inputs()[0].name

    def predict(self, mixture: np.ndarray) -> np.ndarray:
        """Target for the mixture; both (batch, tensor channels, bins, frames) float32."""
        output: np.ndarray = self._session.run(None, {self._input: mixture})[0]
        return output
