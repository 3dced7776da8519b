"""From a song to its stems: resample, run the model, resample back, and subtract what is not a source itself."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acapella.audio_files.channels import from_network_channels, to_network_channels
from acapella.audio_files.resampling import Resampler
from acapella.dsp.levels import SongLevel
from acapella.dsp.normalizers import IDENTITY, Normalization
from acapella.isolation.frame_queue import FrameQueue
from acapella.isolation.iterative_phase import reconstruct
from acapella.isolation.model import Model
from acapella.isolation.separators import open_separator, separate
from acapella.models.description import INSTRUMENTAL, VOCAL, ModelDescription
from acapella.models.front_ends import SpectralFrontEnd, measure_song_level

MOST_RESAMPLED = 1 << 20  # samples that a piece of a song may become at the network's rate

Pieces = Iterable[np.ndarray]  # audio (samples, channels) float32, piece after piece
Stems = Generator[dict[str, np.ndarray], None, None]  # audio of each stem by name, pieces of equal length, as above


@dataclass(frozen=True)
class SongStatistics:
    """What a front end needs to know of a whole song: how its tensors are normalised, and its level."""

    normalization: Normalization = IDENTITY
    level: SongLevel | None = None


class Separation:
    """Runs `model` over audio of one sample rate and number of channels (1 to 8), `block_frames` at a time."""

    def __init__(self, model: Model, sample_rate: int, channels: int, block_frames: int | None = None) -> None:
        self._model = model
        self._description = model.description
        self._front_end = model.description.front_end
        self._rate = sample_rate
        self._channels = channels
        self._block_frames = block_frames

    @property
    def needs_statistics(self) -> bool:
        """Whether `measure` has to see the song first."""
        front_end = self._front_end
        spectral = isinstance(front_end, SpectralFrontEnd) and front_end.needs_statistics
        return spectral or front_end.normalizer == "standard"

    def measure(self, pieces: Pieces) -> SongStatistics:
        """A pass over the whole mixture, in constant memory."""
        front_end, audio = self._front_end, self._to_network(pieces)
        if isinstance(front_end, SpectralFrontEnd) and front_end.needs_statistics:
            return SongStatistics(front_end.measure(audio))
        return SongStatistics(level=measure_song_level(front_end, audio))

    def run(self, pieces: Pieces, statistics: SongStatistics, stems: Sequence[str]) -> Stems:
        """The stems, each with the phase that the network or the mixture gives it."""
        mixture = FrameQueue(axis=0)
        separator = open_separator(self._model, statistics.normalization, self._block_frames)
        audio = self._to_network(mixture.tap(pieces))
        level = statistics.level
        separated = separate(separator, map(level.apply, audio) if level else audio)
        sources = len(self._description.sources)
        back = Resampler(self._front_end.sample_rate, self._rate, sources * self._channels)
        empty = True
        for piece in separated:
            empty = False
            audio_back = back.push(self._from_network(level.invert(piece) if level else piece))
            yield self._stems(audio_back, mixture.take(len(audio_back)), stems)
        if not empty:
            yield self._stems(back.finish(), mixture.take(mixture.waiting), stems)

    def run_with_iterative_phase(
        self, pieces: Pieces, statistics: SongStatistics, stems: Sequence[str], iterations: int
    ) -> Stems:
        """The source and the residual with reconstructed phases: all at once, and their sum is not the mixture."""
        mixture = FrameQueue(axis=0)
        audio = self._to_network(mixture.tap(pieces))
        separator = open_separator(self._model, statistics.normalization, self._block_frames)
        waves = reconstruct(separator, audio, self._description, statistics.normalization, iterations)
        if waves is None:
            return
        back = Resampler(self._front_end.sample_rate, self._rate, len(waves) * self._channels)
        whole = np.concatenate([back.push(self._from_network(waves)), back.finish()])
        names = (*self._description.sources, self._description.residual)
        parts = np.split(_fit(whole, mixture.total), len(waves), axis=1)
        found = {str(name): part for name, part in zip(names, parts, strict=True)}
        yield {stem: found[stem] for stem in stems}

    def _stems(self, sources: np.ndarray, mixture: np.ndarray, stems: Sequence[str]) -> dict[str, np.ndarray]:
        """Pieces of the stems, of the sources' (samples, sources * channels) and the mixture's."""
        parts = np.split(_fit(sources, len(mixture)), len(self._description.sources), axis=1)
        found = dict(zip(self._description.sources, parts, strict=True))
        return {stem: stem_of(stem, found, mixture, self._description) for stem in stems}

    def _to_network(self, pieces: Pieces) -> Iterator[np.ndarray]:
        """Audio as the network takes it: (items * network channels, samples) at the network's rate."""
        resampler = Resampler(self._rate, self._front_end.sample_rate, self._channels)
        for piece in pieces:
            for part in _parts(piece, self._rate, self._front_end.sample_rate):
                yield to_network_channels(resampler.push(part), self._front_end.channels)
        yield to_network_channels(resampler.finish(), self._front_end.channels)

    def _from_network(self, audio: np.ndarray) -> np.ndarray:
        """(sources, items * network channels, samples) as (samples, sources * channels)."""
        columns = [from_network_channels(rows, self._channels, self._front_end.channels) for rows in audio]
        return np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0]


def _parts(piece: np.ndarray, from_rate: int, to_rate: int) -> Iterator[np.ndarray]:
    """`piece` in parts that stay small at `to_rate`, of which there may be thousands of samples for one."""
    if len(piece) * to_rate <= MOST_RESAMPLED * from_rate:
        yield piece
        return
    size = max(1, MOST_RESAMPLED * from_rate // to_rate)
    for start in range(0, len(piece), size):
        yield piece[start : start + size]


def stem_of(
    stem: str, sources: Mapping[str, np.ndarray], mixture: np.ndarray, description: ModelDescription
) -> np.ndarray:
    """The audio of a stem: a source, the residual, or the instrumental, which is the mixture without the vocal."""
    if stem in sources:
        return sources[stem]
    if stem == description.residual:
        residual = mixture
        for source in sources.values():
            residual = residual - source
        return residual
    assert stem == INSTRUMENTAL, f"the model has no stem {stem!r}"
    instrumental: np.ndarray = mixture - stem_of(VOCAL, sources, mixture, description)
    return instrumental


def _fit(audio: np.ndarray, samples: int) -> np.ndarray:
    """Cut or pad (samples, columns) to a length: resampling there and back may differ by a sample."""
    return np.pad(audio[:samples], ((0, max(0, samples - len(audio))), (0, 0)))
