"""Slices of a track as pairs of tensors, computed from no more audio than they cover."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from acapella.corpus.cache import Cache, CachedAudio
from acapella.corpus.speed import AtSpeed
from acapella.corpus.tracks import Track
from acapella.dsp.choppers import Rectangle
from acapella.dsp.normalizers import Normalization
from acapella.models.front_ends import SpectralFrontEnd


class Examples(Protocol):
    """One item of a track, from which rectangles can be cut: of a spectrogram, or just of time (`corpus.chunks`).

    A rectangle's frames are hops; one of time has all bins, whatever it says.
    """

    @property
    def name(self) -> str:
        """Of the track, and of the item where there are several."""

    @property
    def extent(self) -> tuple[int, int]:
        """Bins and frames."""

    @property
    def has_target(self) -> bool:
        """Whether any source is more than silence."""

    def cut(self, rectangle: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target, two float32 tensors."""

    def encode(self, mixture: np.ndarray, sources: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The tensors of spectra like those that `spectra` returns."""

    def frames(self, speed: float) -> int:
        """Frames of the track played `speed` times as fast."""

    def spectra(self, rectangle: Rectangle, speed: float = 1) -> tuple[np.ndarray, list[np.ndarray]]:
        """Mixture and sources, each (1, channels, bins, frames) complex64, of the track at `speed`."""

    def target(self) -> np.ndarray:
        """The whole target as a tensor."""


class TrackExamples:
    """Mixture and sources of one item of a track, one channel or one pair of channels, ready to be cut.

    In all arrays the sources follow one another along the channels.
    """

    def __init__(
        self,
        name: str,
        front_end: SpectralFrontEnd,
        mixture: CachedAudio,
        sources: Sequence[CachedAudio],
        normalization: Normalization,
    ) -> None:
        self.name = name
        self._front_end = front_end
        self._mixture = mixture
        self._sources = sources
        self._normalization = normalization

    @classmethod
    def open(
        cls, track: Track, cache: Cache, front_end: SpectralFrontEnd, sources: Sequence[str]
    ) -> "list[TrackExamples]":
        """Prepare `track` in the cache where needed, and open each of its items: as isolation takes songs apart."""
        audio, normalization = cache.mixture_and_stems(track, sources), cache.normalization(track)
        items = range(audio[0].stored // front_end.channels)
        examples = []
        for item in items:
            mixture, *stems = (part.item(item, front_end.channels) for part in audio)
            name = track.name if len(items) == 1 else f"{track.name} ({item + 1})"
            examples.append(cls(name, front_end, mixture, stems, normalization.of_item(item)))
        return examples

    @property
    def extent(self) -> tuple[int, int]:
        """Bins and frames of the spectrogram, as the network sees it."""
        return self._front_end.bins, self._front_end.stft.frames(self._mixture.samples)

    @property
    def has_target(self) -> bool:
        """Whether any source is more than silence."""
        return any(source.has_sound for source in self._sources)

    def cut(self, rectangle: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target slice, (tensor channels, bins, frames) for each source, normalised alike."""
        return self.encode(*self.spectra(rectangle))

    def encode(self, mixture: np.ndarray, sources: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The tensors of spectra like those that `spectra` returns."""
        pair = self._front_end.encode_pair(mixture, sources, self._normalization)
        return pair[0][0], pair[1][0]

    def frames(self, speed: float) -> int:
        """Frames of the track played `speed` times as fast."""
        return self._front_end.stft.frames(AtSpeed(self._mixture, speed).samples)

    def spectra(self, rectangle: Rectangle, speed: float = 1) -> tuple[np.ndarray, list[np.ndarray]]:
        """Mixture and sources, each (1, channels, bins, frames) complex64, of the track at `speed`."""
        sources = [self._spectrum(source, rectangle, speed) for source in self._sources]
        return self._spectrum(self._mixture, rectangle, speed), sources

    def target(self) -> np.ndarray:
        """The whole target as a tensor (sources * tensor channels, bins, frames)."""
        return self.cut(Rectangle(0, self.extent[0], 0, self.extent[1]))[1]

    def _spectrum(self, audio: CachedAudio, rectangle: Rectangle, speed: float) -> np.ndarray:
        played = AtSpeed(audio, speed)
        spectrum = self._front_end.stft.excerpt(played.read, played.samples, rectangle.start, rectangle.stop)
        return spectrum[None, :, rectangle.low : rectangle.high]
