"""Slices of a track as pairs of tensors, computed from no more audio than they cover."""

import numpy as np

from acapella.codec import SpectrogramCodec
from acapella.corpus.cache import Cache, CachedAudio
from acapella.corpus.tracks import Track
from acapella.signal.choppers import Rectangle
from acapella.signal.normalizers import Normalization


class TrackExamples:
    """Mixture and target of one track, ready to be cut."""

    def __init__(
        self,
        name: str,
        codec: SpectrogramCodec,
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
    def open(cls, track: Track, cache: Cache, codec: SpectrogramCodec) -> "TrackExamples":
        """Prepare `track` in the cache where needed, and open it."""
        mixture, target = cache.pair(track)
        return cls(track.name, codec, mixture, target, cache.normalization(track))

    @property
    def extent(self) -> tuple[int, int]:
        """Bins and frames of the spectrogram."""
        return self._codec.stft.bins, self._codec.stft.frames(self._mixture.samples)

    def cut(self, rectangle: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target slice, each (tensor channels, bins, frames) float32, normalised alike."""
        return self._tensor(self._mixture, rectangle), self._tensor(self._target, rectangle)

    def target(self) -> np.ndarray:
        """The whole target as a tensor (tensor channels, bins, frames)."""
        return self._tensor(self._target, Rectangle(0, self.extent[0], 0, self.extent[1]))

    def _tensor(self, audio: CachedAudio, rectangle: Rectangle) -> np.ndarray:
        spectrum = self._codec.stft.excerpt(audio.read, audio.samples, rectangle.start, rectangle.stop)
        part = spectrum[None, :, rectangle.low : rectangle.high]
        tensor: np.ndarray = self._codec.encode(part, self._normalization)[0]
        return tensor
