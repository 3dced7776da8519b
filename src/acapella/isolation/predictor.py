"""Run a network over a mixture: the protocol that isolation needs, and model files behind it."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from acapella.dsp.overlap import fill, split
from acapella.isolation.runtimes import open_runtime
from acapella.models.model_file import ModelCard

Predict = Callable[[np.ndarray], np.ndarray]
Tensors = Generator[np.ndarray, None, None]


class Predictor(Protocol):
    """A trained network with its card."""

    card: ModelCard

    def stream(self, mixture: Iterable[np.ndarray], block_frames: int | None = None) -> Tensors:
        """Targets for a mixture that comes in pieces, both (batch, tensor channels, bins, frames) float32.

        They come in pieces as well, of other lengths and none empty, but with as many frames in all. What is computed
        at once is `block_frames` long, or what the card says; the result does not depend on it.
        """
        ...


def predict_in_blocks(
    predict: Predict, card: ModelCard, mixture: Iterable[np.ndarray], block_frames: int | None
) -> Tensors:
    """`Predictor.stream` for a network without a memory, whose blocks need a context."""
    for block in split(mixture, card.block(block_frames), card.context):
        predicted = [predict(item[None]) for item in block.frames]  # one by one: less memory
        yield block.trim(np.concatenate(predicted))


class OnnxPredictor:
    """A model file in the runtime of a name (`RUNTIMES`), with so many `threads` (0: one for each core)."""

    def __init__(self, path: Path, runtime: str = "auto", threads: int = 0) -> None:
        self._runtime = open_runtime(path, runtime, threads)
        self.card = ModelCard.from_metadata(self._runtime.metadata, str(path))

    def stream(self, mixture: Iterable[np.ndarray], block_frames: int | None = None) -> Tensors:
        """Targets for a mixture that comes in pieces, as the protocol says."""
        if self.card.delay:
            return self._remembering(mixture, self.card.block(block_frames))
        return predict_in_blocks(self._predict, self.card, mixture, block_frames)

    def _predict(self, mixture: np.ndarray) -> np.ndarray:
        """Target for the mixture; both (batch, tensor channels, bins, frames) float32."""
        (name,) = self._runtime.inputs
        return self._runtime.run({name: mixture})[0]

    def _remembering(self, mixture: Iterable[np.ndarray], length: int) -> Tensors:
        """Block after block through a network whose output is `card.delay` frames late."""
        memories: list[dict[str, np.ndarray]] = []  # one for each item of the batch
        early, owed = self.card.delay, 0  # frames to leave out at the beginning; frames taken and not yet given
        for block in fill(mixture, length, self.card.delay):
            memories = memories or [self._blank_memory() for _ in block.frames]
            exists = (np.arange(length) < block.existing).astype(np.float32).reshape(1, 1, length, 1)
            steps = [self._step(*pair, exists) for pair in zip(block.frames, memories, strict=True)]
            target = np.concatenate(steps).swapaxes(-2, -1)
            owed += block.existing
            given = target[..., early:][..., :owed]
            early = max(0, early - length)
            owed -= given.shape[-1]
            if given.shape[-1]:
                yield given

    def _blank_memory(self) -> dict[str, np.ndarray]:
        _, _, *memory = self._runtime.inputs.items()
        return {name: np.zeros([size or 0 for size in shape], np.float32) for name, shape in memory}

    def _step(self, mixture: np.ndarray, memory: dict[str, np.ndarray], exists: np.ndarray) -> np.ndarray:
        """Target (1, tensor channels, frames, bins) of one item's block; its memory moves on."""
        frames = np.ascontiguousarray(mixture.swapaxes(-2, -1))[None]
        target, *after = self._runtime.run({"mixture": frames, "exists": exists, **memory})
        memory.update(zip(memory, after, strict=True))
        return target
