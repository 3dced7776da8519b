"""The schedules `stateful` and `context`: the frames of a song's STFT in blocks, one after the other."""

from collections.abc import Generator, Iterable, Iterator

import numpy as np

from acapella.dsp.normalizers import Normalization
from acapella.dsp.overlap import pad_to_blocks, split
from acapella.dsp.stft import Synthesis
from acapella.isolation.decoding import spectra_of_sources
from acapella.isolation.frame_queue import FrameQueue
from acapella.isolation.model import MIXTURE, Model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context, Stateful

Tensors = Generator[np.ndarray, None, None]  # (items, channels, bins, frames) float32, piece by piece, none empty


class FrameSeparator:
    """The three stages of a separator (`isolation.separators`) for one song."""

    def __init__(self, model: Model, normalization: Normalization, block_frames: int | None) -> None:
        front_end = model.description.front_end
        assert isinstance(front_end, SpectralFrontEnd), "frames are those of an STFT"
        self._model = model
        self._front_end = front_end
        self._normalization = normalization
        self._block_frames = block_frames
        self.samples = 0  # of the song, as far as it has come
        self.spectra = FrameQueue(axis=-1)  # the mixture's, (items, channels, bins, frames), until the output is there

    def prepare(self, audio: Iterable[np.ndarray]) -> Tensors:
        """The mixture's tensors (items, tensor channels, bins, frames)."""
        spectra = (self._front_end.by_item(each) for each in self._front_end.stft.stream(self._counted(audio)))
        for spectrum in self.spectra.tap(spectra):
            yield self._front_end.encode(spectrum, self._normalization)

    def compute(self, prepared: Iterable[np.ndarray]) -> Tensors:
        """The network's output (items, sources * tensor channels, bins, frames), in pieces of other lengths."""
        return run_network(self._model, prepared, self._block_frames)

    def finish(self, computed: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The sources' audio, pieces (sources, items * channels, samples)."""
        synthesis: Synthesis | None = None
        rows: tuple[int, ...] = ()
        for output in computed:
            mixture = self.spectra.take(output.shape[-1])
            spectra = spectra_of_sources(self._model.description, output, mixture, self._normalization)
            rows = spectra.shape[:2]
            flat = spectra.reshape(-1, *spectra.shape[-2:])
            synthesis = synthesis or Synthesis(self._front_end.stft, len(flat))
            yield synthesis.push(flat).reshape(*rows, -1)
        if synthesis:
            yield synthesis.finish(self.samples).reshape(*rows, -1)

    def _counted(self, audio: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for piece in audio:
            self.samples += piece.shape[-1]
            yield piece


def run_network(model: Model, mixture: Iterable[np.ndarray], block_frames: int | None = None) -> Tensors:
    """The network's output for a `mixture` that comes in pieces (items, tensor channels, bins, frames).

    It has as many frames in all, in pieces of other lengths. The network takes `block_frames` at once, or what is best;
    the output does not depend on it.
    """
    schedule = model.description.schedule
    if isinstance(schedule, Stateful):
        return _with_state(model, schedule, mixture, block_frames)
    assert isinstance(schedule, Context)
    return _with_context(model, schedule, mixture, block_frames)


def _with_context(model: Model, schedule: Context, mixture: Iterable[np.ndarray], block_frames: int | None) -> Tensors:
    """Blocks with context on either side, which is cut away again."""
    for block in split(mixture, schedule.block(block_frames), schedule.frames):
        outputs = [model.run(item[None])[0] for item in block.frames]  # one by one: less memory
        yield block.trim(np.concatenate(outputs))


def _with_state(model: Model, schedule: Stateful, mixture: Iterable[np.ndarray], block_frames: int | None) -> Tensors:
    """Block after block; the output's first `latency` frames are dropped."""
    length = schedule.block(block_frames)
    streams: list[_ItemStream] = []
    to_drop, taken, given = schedule.latency, 0, 0  # frames
    for block in pad_to_blocks(mixture, length, schedule.latency):
        streams = streams or [_ItemStream(model, schedule) for _ in block.frames]
        output = np.concatenate(
            [stream.step(item, block.valid) for stream, item in zip(streams, block.frames, strict=True)]
        )
        taken += block.valid
        ready = output[..., to_drop:][..., : taken - given]
        to_drop = max(0, to_drop - length)
        given += ready.shape[-1]
        if ready.shape[-1]:
            yield ready


class _ItemStream:
    """One item on its way through a network with state."""

    def __init__(self, model: Model, schedule: Stateful) -> None:
        self._model = model
        self._frame_mask = schedule.frame_mask
        shapes = {name: model.runtime.inputs[name] for name in schedule.states}
        self._states = {name: np.zeros([size or 0 for size in shape], np.float32) for name, shape in shapes.items()}

    def step(self, block: np.ndarray, valid: int) -> np.ndarray:
        """Output (1, channels, bins, frames) for the next `block` (channels, bins, frames) with `valid` frames."""
        frames = np.ascontiguousarray(block.swapaxes(-2, -1))[None]
        values = {MIXTURE: frames}
        if self._frame_mask:
            length = frames.shape[2]
            values[self._frame_mask] = (np.arange(length) < valid).astype(np.float32).reshape(1, 1, length, 1)
        output, *states = self._model.step(values, self._states)
        self._states = dict(zip(self._states, states, strict=True))
        return output.swapaxes(-2, -1)
