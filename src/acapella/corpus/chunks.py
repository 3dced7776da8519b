"""Chunks of a track's waveforms as pairs of tensors."""

from collections.abc import Sequence

import numpy as np

from acapella.corpus.cache import Cache, CachedAudio
from acapella.corpus.speed import AtSpeed
from acapella.corpus.tracks import Track
from acapella.dsp.choppers import Rectangle
from acapella.dsp.levels import SongLevel, measure_level
from acapella.dsp.stft import fft_library

LOUDNESS = 36.0  # a chunk's spectrum is so many times the orthonormal one: as loud as an STFT of usual length


class ChunkExamples:
    """Mixture and sources of one item of a track, as `corpus.examples` says, in chunks of `length` samples.

    A chunk begins at a multiple of `hop`. Where the front end normalises songs, all are brought to the mixture's level.
    """

    def __init__(
        self,
        name: str,
        mixture: CachedAudio,
        sources: Sequence[CachedAudio],
        level: SongLevel | None,
        *,
        length: int,
        hop: int,
    ) -> None:
        self.name = name
        self._mixture = mixture
        self._sources = sources
        self._level = level
        self._length, self._hop = length, hop

    @classmethod
    def open(
        cls, track: Track, cache: Cache, channels: int, sources: Sequence[str], *, length: int, hop: int
    ) -> "list[ChunkExamples]":
        """Prepare `track` in the cache where needed, and open each of its items, of so many `channels`."""
        audio, level = cache.mixture_and_stems(track, sources), cache.level(track)
        items = range(audio[0].stored // channels)
        examples = []
        for item in items:
            mixture, *stems = (part.item(item, channels) for part in audio)
            name = track.name if len(items) == 1 else f"{track.name} ({item + 1})"
            own = level and SongLevel(level.mean[item : item + 1], level.deviation[item : item + 1])
            examples.append(cls(name, mixture, stems, own, length=length, hop=hop))
        return examples

    @property
    def extent(self) -> tuple[int, int]:
        """Two bins, as choppers leave the constant one out, and the hops that chunks can cover."""
        return 2, self.frames(1)

    def frames(self, speed: float) -> int:
        """The same of the track played `speed` times as fast; 0 where it is shorter than a chunk."""
        room = AtSpeed(self._mixture, speed).samples - self._length
        return room // self._hop + -(-self._length // self._hop) if room >= 0 else 0

    @property
    def has_target(self) -> bool:
        """Whether any source is more than silence."""
        return any(source.has_sound for source in self._sources)

    def cut(self, rectangle: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """Mixture (channels, length) and target (sources * channels, length), where the rectangle begins."""
        mixture, *sources = (self._read(audio, rectangle) for audio in (self._mixture, *self._sources))
        return _levelled(self._level, mixture, sources)

    def spectra(self, rectangle: Rectangle, speed: float = 1) -> tuple[np.ndarray, list[np.ndarray]]:
        """Mixture and sources, each (1, channels, bins, 1) complex64: of the chunk as one long frame."""
        sources = [self._spectrum(source, rectangle, speed) for source in self._sources]
        return self._spectrum(self._mixture, rectangle, speed), sources

    def encode(self, mixture: np.ndarray, sources: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The waveforms of spectra like those that `spectra` returns, shaped as those of `cut`; a song of their own."""
        audio = self._waveform(mixture)
        level = self._level and measure_level([audio], len(audio))
        return _levelled(level, audio, [self._waveform(source) for source in sources])

    def target(self) -> np.ndarray:
        """The mean amplitude of the target in each hop, (sources * channels, 2, hops): which of them are loud."""
        hops = self.extent[1]
        samples = min(hops * self._hop, self._mixture.samples)
        audio = np.concatenate([source.read(0, samples) for source in self._sources])
        audio = np.pad(audio, ((0, 0), (0, hops * self._hop - samples)))
        loudness = np.abs(audio).reshape(len(audio), 1, hops, self._hop).mean(axis=-1)
        return np.repeat(loudness, 2, axis=1)

    def _read(self, audio: CachedAudio, rectangle: Rectangle, speed: float = 1) -> np.ndarray:
        begin = rectangle.start * self._hop
        return AtSpeed(audio, speed).read(begin, begin + self._length)

    def _spectrum(self, audio: CachedAudio, rectangle: Rectangle, speed: float) -> np.ndarray:
        spectrum: np.ndarray = fft_library().rfft(self._read(audio, rectangle, speed), axis=-1, norm="ortho")
        return spectrum[None, :, :, None] * np.float32(LOUDNESS)

    def _waveform(self, spectrum: np.ndarray) -> np.ndarray:
        bins = spectrum[0, ..., 0] / np.float32(LOUDNESS)
        audio: np.ndarray = fft_library().irfft(bins, n=self._length, axis=-1, norm="ortho")
        return audio


def _levelled(
    level: SongLevel | None, mixture: np.ndarray, sources: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mixture and sources as the network sees and predicts them, the sources in one array."""
    seen, *wanted = (level.apply(audio) if level else audio for audio in (mixture, *sources))
    return seen.astype(np.float32, copy=False), np.concatenate(wanted).astype(np.float32, copy=False)
