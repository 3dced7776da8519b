"""The schedule `chunks`: overlapping chunks of a song, each on its own, joined by overlap-add."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from acapella.dsp.chunks import Chunk, OverlapAdd, cut_chunks
from acapella.dsp.normalizers import Normalization
from acapella.isolation.decoding import spectra_of_sources
from acapella.isolation.model import Model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Chunks


@dataclass(frozen=True)
class ChunkTensor:
    """A chunk of the song, the spectrum of its audio, if the front end has one, and a network's tensor for it.

    Shape:
        - spectrum: (items, channels, bins, frames) complex64
        - tensor: (items, channels, bins, frames) or (items, channels, samples): input, or output with all sources
    """

    chunk: Chunk
    spectrum: np.ndarray | None
    tensor: np.ndarray


class ChunkSeparator:
    """The three stages of a separator (`isolation.separators`) for one song."""

    def __init__(self, model: Model, normalization: Normalization) -> None:
        assert isinstance(model.description.schedule, Chunks)
        self._model = model
        self._schedule = model.description.schedule
        self._normalization = normalization
        self._samples = 0  # of the song, as far as it has come

    def prepare(self, audio: Iterable[np.ndarray]) -> Generator[ChunkTensor, None, None]:
        """Each chunk with the network's input."""
        front_end = self._model.description.front_end
        for chunk in cut_chunks(self._counted(audio), self._schedule):
            if isinstance(front_end, SpectralFrontEnd):
                spectrum = front_end.by_item(front_end.stft.forward(chunk.audio))
                yield ChunkTensor(chunk, spectrum, front_end.encode(spectrum, self._normalization))
            else:
                items = chunk.audio.reshape(-1, front_end.channels, chunk.audio.shape[-1])
                yield ChunkTensor(chunk, None, np.ascontiguousarray(items))

    def compute(self, prepared: Iterable[ChunkTensor]) -> Generator[ChunkTensor, None, None]:
        """Each chunk with the network's output."""
        for each in prepared:
            tensor = np.ascontiguousarray(each.tensor)
            outputs = [self._model.run(item[None]) for item in tensor]  # one by one: less memory
            yield ChunkTensor(each.chunk, each.spectrum, np.concatenate(outputs))

    def finish(self, computed: Iterable[ChunkTensor]) -> Iterator[np.ndarray]:
        """The sources' audio, pieces (sources, items * channels, samples)."""
        overlap_add = OverlapAdd()
        for each in computed:
            yield overlap_add.push(self._audio_of_sources(each), each.chunk)
        rest = overlap_add.finish(self._samples)
        if rest is not None:
            yield rest

    def _counted(self, audio: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for piece in audio:
            self._samples += piece.shape[-1]
            yield piece

    def _audio_of_sources(self, each: ChunkTensor) -> np.ndarray:
        """(sources, items * channels, length) of a chunk."""
        description, front_end = self._model.description, self._model.description.front_end
        sources, length = len(description.sources), self._schedule.length
        if isinstance(front_end, SpectralFrontEnd):
            assert each.spectrum is not None
            spectra = spectra_of_sources(description, each.tensor, each.spectrum, self._normalization)
            audio = [front_end.stft.inverse(spectrum, length) for spectrum in spectra]
            return np.stack(audio)
        by_source = each.tensor.reshape(len(each.tensor), sources, front_end.channels, length).swapaxes(0, 1)
        return by_source.reshape(sources, -1, length) * np.float32(description.output.gain)
