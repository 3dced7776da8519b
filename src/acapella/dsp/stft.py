"""Short-time Fourier transform and its inverse, in one piece or as a stream.

Frame `t` is centred on sample `t * hop`; the edges of the signal are reflected, so that `n` samples give
`1 + n // hop` frames. The window is a periodic Hann, or rectangular. The inverse is the least-squares one:
overlap-add, divided by the sum of the squared windows (D. Griffin and J. Lim, "Signal estimation from modified
short-time Fourier transform", IEEE TASSP 32(2), 1984).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from types import ModuleType

import numpy as np

SMALLEST = 1e-8  # sum of squared windows to divide by
Reader = Callable[[int, int], np.ndarray]


@cache
def fft_library() -> ModuleType:
    """SciPy's FFT: of float32 a third as long as NumPy's. Its import, a tenth of a second, may go on beside others."""
    return import_module("scipy.fft")


@dataclass(frozen=True)
class STFT:
    """The transform with windows of `window_length` samples, an even number.

    `hop`: samples from one frame to the next, half a window at most; 0 stands for a quarter of the window.
    `normalized`: divide by the square root of the window's length, so that the transform keeps energy.
    `shape`: of the window, `hann` or `rectangular`.
    """

    window_length: int
    hop: int = 0
    normalized: bool = False
    shape: str = "hann"

    def __post_init__(self) -> None:
        if self.window_length < 4 or self.window_length % 2:
            raise ValueError(f"window_length must be an even number from 4 on, not {self.window_length}")
        object.__setattr__(self, "hop", self.hop or self.window_length // 4)
        if not 1 <= self.hop <= self.window_length // 2:
            raise ValueError(f"hop must be from 1 to half of window_length, {self.window_length // 2}, not {self.hop}")

    @property
    def bins(self) -> int:
        """Frequencies, the constant one and the Nyquist frequency included."""
        return self.window_length // 2 + 1

    @property
    def scale(self) -> float:
        """What the window is multiplied by."""
        return float(self.window_length**-0.5) if self.normalized else 1.0

    @cached_property
    def window(self) -> np.ndarray:
        """The window, periodic, (window_length,) float32."""
        if self.shape == "rectangular":
            return np.full(self.window_length, self.scale, np.float32)
        phase = 2 * np.pi * np.arange(self.window_length) / self.window_length
        return ((0.5 - 0.5 * np.cos(phase)) * self.scale).astype(np.float32)

    def frames(self, samples: int) -> int:
        """Number of frames that `samples` samples give."""
        return 1 + samples // self.hop

    def forward(self, audio: np.ndarray) -> np.ndarray:
        """Spectrum (channels, bins, frames) of `audio` (channels, samples)."""
        stream = Analysis(self, len(audio))
        return np.concatenate([stream.push(audio), stream.finish()], axis=-1)

    def inverse(self, spectrum: np.ndarray, samples: int) -> np.ndarray:
        """Audio (channels, samples) of a `spectrum` (channels, bins, frames)."""
        stream = Synthesis(self, len(spectrum))
        return np.concatenate([stream.push(spectrum), stream.finish(samples)], axis=-1)

    def stream(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Spectra (channels, bins, frames), none empty, of audio `pieces` (channels, samples) as they come."""
        analysis: Analysis | None = None
        for piece in pieces:
            analysis = analysis or Analysis(self, len(piece))
            spectrum = analysis.push(piece)
            if spectrum.shape[-1]:
                yield spectrum
        if analysis:
            yield analysis.finish()

    def excerpt(self, read: Reader, samples: int, start: int, stop: int) -> np.ndarray:
        """Frames `start` to `stop` of a signal of `samples` samples, reading no more than they need.

        `read(a, b)` returns the signal's samples a to b as (channels, b - a). The result equals
        `forward(signal)[..., start:stop]`.
        """
        half = self.window_length // 2
        begin, end = start * self.hop - half, (stop - 1) * self.hop + half
        first = max(0, min(begin, samples - half - 1) if end > samples else begin)
        last = min(samples, max(end, half + 1) if begin < 0 else end)
        audio = np.asarray(read(first, last), np.float32)
        audio = np.pad(audio, ((0, 0), (max(0, -begin), max(0, end - samples))), mode="reflect")
        skipped = max(0, begin) - first
        return self._transform(audio[:, skipped : skipped + end - begin])

    def _transform(self, padded: np.ndarray) -> np.ndarray:
        """Spectrum (channels, bins, frames) of all whole frames in `padded` (channels, samples)."""
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.window_length, axis=-1)[:, :: self.hop]
        spectrum: np.ndarray = fft_library().rfft(frames * self.window, axis=-1)
        return spectrum.transpose(0, 2, 1)


class Analysis:
    """The forward transform of a signal that arrives in pieces of any length."""

    def __init__(self, stft: STFT, channels: int) -> None:
        self._stft = stft
        self._half = stft.window_length // 2
        self._buffer = np.zeros((channels, 0), np.float32)
        self._started = False

    def push(self, audio: np.ndarray) -> np.ndarray:
        """Take `audio` (channels, samples); return the frames that are complete, (channels, bins, frames)."""
        self._buffer = np.concatenate([self._buffer, audio.astype(np.float32, copy=False)], axis=-1)
        if not self._started:
            if self._buffer.shape[-1] <= self._half:  # the left edge cannot be reflected yet
                return self._emit(0)
            self._buffer = np.pad(self._buffer, ((0, 0), (self._half, 0)), mode="reflect")
            self._started = True
        return self._emit(max(0, (self._buffer.shape[-1] - self._stft.window_length) // self._stft.hop + 1))

    def finish(self) -> np.ndarray:
        """The frames that reach over the end of the signal, (channels, bins, frames)."""
        left = 0 if self._started else self._half
        self._buffer = np.pad(self._buffer, ((0, 0), (left, self._half)), mode="reflect")
        return self._emit((self._buffer.shape[-1] - self._stft.window_length) // self._stft.hop + 1)

    def _emit(self, frames: int) -> np.ndarray:
        if frames == 0:
            return np.zeros((len(self._buffer), self._stft.bins, 0), np.complex64)
        hop = self._stft.hop
        spectrum = self._stft._transform(self._buffer[:, : (frames - 1) * hop + self._stft.window_length])
        self._buffer = self._buffer[:, frames * hop :]
        return spectrum


class Synthesis:
    """The inverse transform of a spectrum that arrives in pieces of any number of frames.

    Time is counted in hops: frame `t` covers the hops `t` to `t + overlap - 1` of the signal padded at its edges, where
    `overlap` is the number of hops in a window, rounded up.
    """

    def __init__(self, stft: STFT, channels: int) -> None:
        self._stft = stft
        self._overlap = -(-stft.window_length // stft.hop)
        self._squares = self._in_hops(stft.window**2)
        self._all = self._squares.sum(axis=0)  # (hop,): what the squared windows sum to where none is missing
        self._window = (self._in_hops(stft.window) / self._all).ravel()[: stft.window_length]
        self._audio = np.zeros((channels, self._overlap - 1, stft.hop), np.float32)
        self._hops = 0  # that are complete
        self._to_skip = stft.window_length // 2  # samples: what the first frames hold from before the signal
        self._emitted = 0

    def push(self, spectrum: np.ndarray) -> np.ndarray:
        """Take `spectrum` (channels, bins, frames); return the samples that are complete, (channels, samples)."""
        frames = spectrum.shape[-1]
        library, length = fft_library(), self._stft.window_length
        blocks = library.irfft(spectrum.transpose(0, 2, 1), n=length, axis=-1).astype(np.float32, copy=False)
        blocks *= self._window
        self._audio, done = _overlap_add(self._audio, self._in_hops(blocks))
        return self._release(done, self._hops + frames)

    def finish(self, samples: int) -> np.ndarray:
        """The last samples, so that the whole signal has `samples` of them, (channels, samples)."""
        rest = self._release(self._audio, self._hops)
        missing = samples - (self._emitted - rest.shape[-1])
        return np.pad(rest[:, :missing], ((0, 0), (0, max(0, missing - rest.shape[-1]))))

    def _in_hops(self, windows: np.ndarray) -> np.ndarray:
        """(..., window_length) as (..., overlap, hop), with zeros behind where the hop does not divide the window."""
        missing = self._overlap * self._stft.hop - windows.shape[-1]
        if missing:
            windows = np.pad(windows, [(0, 0)] * (windows.ndim - 1) + [(0, missing)])
        return windows.reshape(*windows.shape[:-1], self._overlap, self._stft.hop)

    def _release(self, hops: np.ndarray, frames: int) -> np.ndarray:
        """Samples of the next `hops` (channels, hops, hop), of a signal of so many `frames` up to now."""
        begin, self._hops = self._hops, self._hops + hops.shape[1]
        at_the_ends = [hop for hop in range(begin, self._hops) if hop < self._overlap - 1 or hop >= frames]
        for hop in at_the_ends:  # where windows are missing
            there = self._squares[max(0, hop - frames + 1) : hop + 1].sum(axis=0)
            hops[:, hop - begin] *= self._all / np.maximum(there, SMALLEST * self._stft.scale**2)
        flat = hops.reshape(len(hops), -1)
        released: np.ndarray = flat[:, self._to_skip :]
        self._to_skip -= flat.shape[-1] - released.shape[-1]
        self._emitted += released.shape[-1]
        return released


def _overlap_add(tail: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add windowed `blocks` (channels, frames, overlap, hop) behind `tail`; return (new tail, what is complete)."""
    channels, frames, overlap, hop = blocks.shape
    total = np.zeros((channels, frames + overlap - 1, hop), np.float32)
    total[:, : overlap - 1] = tail
    for part in range(overlap):
        total[:, part : part + frames] += blocks[:, :, part]
    return total[:, frames:], total[:, :frames]
