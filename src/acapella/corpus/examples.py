"""Slices of a track as pairs of tensors, computed from no more audio than they cover."""

import numpy as np

from acapella.corpus.cache import Cache, CachedAudio
from acapella.corpus.speed import AtSpeed
from acapella.corpus.tracks import Track
from acapella.dsp.choppers import Rectangle
from acapella.dsp.normalizers import Normalization
from acapella.models.front_ends import SpectralFrontEnd


class TrackExamples:
    """Mixture and target of one track, ready to be cut."""

    def __init__(
        self,
        name: str,
        codec: SpectralFrontEnd,
        mixture: CachedAudio,
        target: CachedAudio,
        normalization: Normalization,
    ) -> None:
        self.name = name
        self._codec = codec
        self._mixture = mixture
        self._target = target
        self._normalization = normalization

    @classmethod
    def open(cls, track: Track, cache: Cache, codec: SpectralFrontEnd) -> "TrackExamples":
        """Prepare `track` in the cache where needed, and open it."""
        mixture, target = cache.pair(track)
        return cls(track.name, codec, mixture, target, cache.normalization(track))

    @property
    def extent(self) -> tuple[int, int]:
        """Bins and frames of the spectrogram, as the network sees it."""
        return self._codec.bins, self._codec.stft.frames(self._mixture.samples)

    def cut(self, rectangle: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target slice, each (tensor channels, bins, frames) float32, normalised alike."""
        return self.encode(*self.spectra(rectangle))

    def encode(self, mixture: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The tensors of spectra like those that `spectra` returns."""
        pair = self._codec.encode_pair(mixture, target, self._normalization)
        return pair[0][0], pair[1][0]

    def frames(self, speed: float) -> int:
        """Frames of the track played `speed` times as fast."""
        return self._codec.stft.frames(AtSpeed(self._mixture, speed).samples)

    def spectra(self, rectangle: Rectangle, speed: float = 1) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target, each (1, channels, bins, frames) complex64, of the track at `speed`."""
        return self._spectrum(self._mixture, rectangle, speed), self._spectrum(self._target, rectangle, speed)

    def target(self) -> np.ndarray:
        """The whole target as a tensor (tensor channels, bins, frames)."""
        return self.cut(Rectangle(0, self.extent[0], 0, self.extent[1]))[1]

    def _spectrum(self, audio: CachedAudio, rectangle: Rectangle, speed: float) -> np.ndarray:
        played = AtSpeed(audio, speed)
        spectrum = self._codec.stft.excerpt(played.read, played.samples, rectangle.start, rectangle.stop)
        return spectrum[None, :, rectangle.low : rectangle.high]
