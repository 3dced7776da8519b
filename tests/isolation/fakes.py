"""Models whose right answer is known, without a file."""

from collections.abc import Mapping, Sequence

import numpy as np

from acapella.isolation.model import MIXTURE, Model
from acapella.models.description import INSTRUMENTAL, VOCAL, ModelDescription, Origin
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context


class Gain:
    """A runtime that multiplies the mixture's tensor by a number: with 1 the source is the mixture itself."""

    def __init__(self, gain: float = 1.0) -> None:
        self.inputs = {MIXTURE: (None, None, None, None)}
        self.metadata: Mapping[str, str] = {}
        self.gain = gain
        self.shapes: list[tuple[int, ...]] = []

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        mixture = values[MIXTURE]
        self.shapes.append(mixture.shape)
        return [mixture * np.float32(self.gain)]


class Smear(Gain):
    """A moving average over 11 frames, which needs 5 frames of context on either side."""

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        padded = np.pad(values[MIXTURE], ((0, 0), (0, 0), (0, 0), (5, 5)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 11, axis=-1)
        return [windows.mean(axis=-1).astype(np.float32)]


def model_of(runtime: Gain, source: str = VOCAL, **front_end: object) -> Model:
    """The runtime as a model with one source, of a stream of frames with context."""
    description = ModelDescription(
        front_end=SpectralFrontEnd(**front_end),
        schedule=Context(context=5, stride=4),
        sources=(source,),
        residual=INSTRUMENTAL if source == VOCAL else VOCAL,
        origin=Origin(family="fake"),
    )
    return Model(description, runtime)
