"""The spectrum that Hybrid Demucs and HT-Demucs take beside the waveform, and its inverse.

A frame for each `hop` samples, begun or whole, so that `n` samples give ceil(n / hop) frames. Frame `t` is centred on
sample `t * hop + hop / 2`, not on `t * hop`: the signal is cut into hops, and a frame belongs to a hop. What the outer
windows see beyond the signal, one and a half hops in front of it and as much behind its last hop, is its reflection.
The highest bin, the Nyquist frequency, is left out. The window is a periodic Hann of four hops, and the transform is
divided by the square root of the window's length.

The inverse sets the highest bin to zero, multiplies by that root, and adds the windowed frames. It divides by what
the squared windows sum to where none is missing, 3/2, at the ends of the signal too, although up to two windows are
missing there: the first and the last one and a half hops come out too quiet. Networks are trained with that.

Source: A. Défossez, "Hybrid spectrogram and waveform source separation", Music Demixing workshop, 2021.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from acapella.dsp.stft import fft_library

OVERLAP = 4  # hops in a window
ALL_SQUARES = 1.5  # what squared Hann windows, one each quarter of a window, sum to


@dataclass(frozen=True)
class HybridSTFT:
    """The transform with windows of `window_length` samples, a multiple of 8, of signals in one piece."""

    window_length: int = 4096

    def __post_init__(self) -> None:
        if self.window_length < 8 or self.window_length % 8:
            raise ValueError(f"window_length must be a multiple of 8, not {self.window_length}")

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.window_length // OVERLAP

    @property
    def bins(self) -> int:
        """Frequencies, the constant one included, the Nyquist frequency not."""
        return self.window_length // 2

    @property
    def padding(self) -> int:
        """Samples on either side: the outermost windows go so far beyond the first and the last hop."""
        return self.hop // 2 * 3

    @cached_property
    def window(self) -> np.ndarray:
        """Periodic Hann window divided by the square root of its length, (window_length,) float32."""
        phase = 2 * np.pi * np.arange(self.window_length) / self.window_length
        window: np.ndarray = (0.5 - 0.5 * np.cos(phase)) / self.window_length**0.5
        return window.astype(np.float32)

    def frames(self, samples: int) -> int:
        """Number of frames that `samples` samples give."""
        return -(-samples // self.hop)

    def forward(self, audio: np.ndarray) -> np.ndarray:
        """Spectrum (..., bins, frames) complex64 of `audio` (..., samples), longer than what is reflected."""
        samples = audio.shape[-1]
        missing = self.frames(samples) * self.hop - samples
        edges = [(0, 0)] * (audio.ndim - 1) + [(self.padding, self.padding + missing)]
        padded = np.pad(audio.astype(np.float32, copy=False), edges, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.window_length, axis=-1)[..., :: self.hop, :]
        spectrum: np.ndarray = fft_library().rfft(windows * self.window, axis=-1)
        return spectrum[..., :-1].swapaxes(-1, -2)

    def inverse(self, spectrum: np.ndarray, samples: int) -> np.ndarray:
        """Audio (..., samples) float32 of a `spectrum` (..., bins, frames) of `frames(samples)` frames."""
        library, hop = fft_library(), self.hop
        frames = spectrum.shape[-1]
        blocks = library.irfft(spectrum.swapaxes(-1, -2), n=self.window_length, axis=-1)  # the bin left out is zero
        blocks *= self.window * np.float32(self.window_length / ALL_SQUARES)
        blocks = blocks.reshape(*spectrum.shape[:-2], frames, OVERLAP, hop)
        hops = np.zeros((*spectrum.shape[:-2], frames + OVERLAP - 1, hop), np.float32)
        for part in range(OVERLAP):
            hops[..., part : part + frames, :] += blocks[..., part, :]
        audio: np.ndarray = hops.reshape(*spectrum.shape[:-2], -1)[..., self.padding : self.padding + samples]
        return audio
