"""The schedule `chunks`: overlapping chunks of a song, each on its own, joined by overlap-add."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from acapella.dsp.chunks import Chunk, OverlapAdd, cut_chunks
from acapella.dsp.normalizers import Normalization
from acapella.isolation.decoding import spectra_of_sources
from acapella.isolation.model import Model
from acapella.models.description import ModelDescription
from acapella.models.front_ends import FrontEnd, HybridFrontEnd, SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks

Tensors = Sequence[np.ndarray]  # a network's inputs or outputs; the first axis of each is that of items


class ChunkTensors(NamedTuple):
    """A chunk of the song on its way through the stages.

    `spectrum` is the mixture's, (items, channels, bins, frames) complex64, where the front end has one; `tensors` are
    the network's inputs, and after it its outputs.
    """

    chunk: Chunk
    spectrum: np.ndarray | None
    tensors: Tensors


class ChunkSeparator:
    """The three stages of a separator (`isolation.separators`) for one song."""

    def __init__(self, model: Model, normalization: Normalization) -> None:
        description = model.description
        assert isinstance(description.schedule, Chunks)
        self._model = model
        self._schedule = description.schedule
        self._coder = CODERS[type(description.front_end)](description, normalization)
        self._samples = 0  # of the song, as far as it has come

    def prepare(self, audio: Iterable[np.ndarray]) -> Generator[ChunkTensors, None, None]:
        """Each chunk with the network's inputs."""
        for chunk in cut_chunks(self._counted(audio), self._schedule):
            yield ChunkTensors(chunk, *self._coder.encode(chunk.audio))

    def compute(self, prepared: Iterable[ChunkTensors]) -> Generator[ChunkTensors, None, None]:
        """Each chunk with the network's outputs."""
        for chunk, spectrum, inputs in prepared:
            items = zip(*(np.ascontiguousarray(tensor) for tensor in inputs), strict=True)
            outputs = [self._model.run(*(part[None] for part in item)) for item in items]  # one by one: less memory
            yield ChunkTensors(chunk, spectrum, [np.concatenate(parts) for parts in zip(*outputs, strict=True)])

    def finish(self, computed: Iterable[ChunkTensors]) -> Iterator[np.ndarray]:
        """The sources' audio, pieces (sources, items * channels, samples)."""
        overlap_add = OverlapAdd()
        for chunk, spectrum, outputs in computed:
            yield overlap_add.push(self._coder.decode(outputs, spectrum, self._schedule.length), chunk)
        rest = overlap_add.finish(self._samples)
        if rest is not None:
            yield rest

    def _counted(self, audio: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for piece in audio:
            self._samples += piece.shape[-1]
            yield piece


@dataclass(frozen=True)
class SpectralCoder:
    """Between the audio of a chunk and the tensors of a network that takes spectra."""

    description: ModelDescription
    normalization: Normalization

    def encode(self, audio: np.ndarray) -> tuple[np.ndarray, Tensors]:
        """The spectrum and the network's input of `audio` (items * channels, samples)."""
        front_end, schedule = self.description.front_end, self.description.schedule
        assert isinstance(front_end, SpectralFrontEnd)
        assert isinstance(schedule, Chunks)
        padded = np.pad(audio, ((0, 0), (0, schedule.padding))) if schedule.padding else audio
        spectrum = front_end.by_item(front_end.stft.forward(padded))
        return spectrum, [front_end.encode(spectrum, self.normalization)]

    def decode(self, outputs: Tensors, spectrum: np.ndarray | None, samples: int) -> np.ndarray:
        """Audio of the sources, (sources, items * channels, samples)."""
        front_end = self.description.front_end
        assert isinstance(front_end, SpectralFrontEnd)
        assert spectrum is not None
        spectra = spectra_of_sources(self.description, outputs[0], spectrum, self.normalization)
        return np.stack([front_end.stft.inverse(source, samples) for source in spectra])


@dataclass(frozen=True)
class WaveformCoder:
    """The same for a network that takes waveforms."""

    description: ModelDescription
    normalization: Normalization  # of tensors, of which there are none

    def encode(self, audio: np.ndarray) -> tuple[None, Tensors]:
        """As above; there is no spectrum."""
        return None, [by_item(audio, self.description.front_end)]

    def decode(self, outputs: Tensors, spectrum: np.ndarray | None, samples: int) -> np.ndarray:
        """As above."""
        return by_source(outputs[0], self.description) * np.float32(self.description.output.gain)


@dataclass(frozen=True)
class HybridCoder:
    """The same for a network that takes both, and gives both."""

    description: ModelDescription
    normalization: Normalization

    def encode(self, audio: np.ndarray) -> tuple[None, Tensors]:
        """As above; the spectrum is one of the tensors."""
        front_end = self.description.front_end
        assert isinstance(front_end, HybridFrontEnd)
        items = by_item(audio, front_end)
        spectrum = front_end.stft.forward(items)
        parts = np.stack([spectrum.real, spectrum.imag], axis=2)
        return None, [items, parts.reshape(len(items), -1, *spectrum.shape[-2:])]

    def decode(self, outputs: Tensors, spectrum: np.ndarray | None, samples: int) -> np.ndarray:
        """As above: the inverse of the spectrum, plus the waveform."""
        front_end = self.description.front_end
        assert isinstance(front_end, HybridFrontEnd)
        parts, waveform = outputs
        pairs = parts.reshape(len(parts), -1, 2, *parts.shape[-2:])
        audio = front_end.stft.inverse(pairs[:, :, 0] + 1j * pairs[:, :, 1], samples) + waveform
        return by_source(audio, self.description) * np.float32(self.description.output.gain)


Coder = SpectralCoder | WaveformCoder | HybridCoder
CODERS: dict[type[FrontEnd], Callable[[ModelDescription, Normalization], Coder]] = {
    SpectralFrontEnd: SpectralCoder,
    WaveformFrontEnd: WaveformCoder,
    HybridFrontEnd: HybridCoder,
}


def by_item(audio: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """(items * channels, samples) as (items, channels, samples)."""
    return audio.reshape(len(audio) // front_end.channels, front_end.channels, audio.shape[-1])


def by_source(audio: np.ndarray, description: ModelDescription) -> np.ndarray:
    """(items, sources * channels, samples) as (sources, items * channels, samples)."""
    items, _, samples = audio.shape
    sources, channels = len(description.sources), description.front_end.channels
    return audio.reshape(items, sources, channels, samples).swapaxes(0, 1).reshape(sources, items * channels, samples)
