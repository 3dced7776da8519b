"""What of a complex spectrum a network sees, and the way back.

Each representation turns a spectrum (..., channels, bins, frames) complex into a tensor
(..., channels * components, bins, frames) float32, and a tensor back into a spectrum.
"""

from typing import Protocol

import numpy as np


class Representation(Protocol):
    """A way to show a spectrum to a network."""

    components: int  # tensor channels for each audio channel
    signed: bool  # whether values lie on both sides of zero

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """Tensor of a `spectrum`."""
        ...

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """Spectrum that `tensor` describes as a part of the spectrum `mixture`."""
        ...


class LogPower:
    """`log1p` of the amplitude (LPS): the phase is left out."""

    components = 1
    signed = False

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """log(1 + |spectrum|), ≥ 0."""
        tensor: np.ndarray = np.log1p(np.abs(spectrum)).astype(np.float32, copy=False)
        return tensor

    def amplitude(self, tensor: np.ndarray) -> np.ndarray:
        """The amplitudes ≥ 0 that `tensor` stands for. Values beyond float32's range count as its end."""
        amplitude: np.ndarray = np.expm1(np.clip(tensor, 0, 80))
        return amplitude

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The amplitude of `tensor`, no more than the mixture's, with the mixture's phase."""
        available = np.abs(mixture)
        gain = np.minimum(self.amplitude(tensor), available) / np.maximum(available, 1e-12)
        spectrum: np.ndarray = mixture * gain
        return spectrum


class RealImaginary:
    """Real and imaginary part of each channel, one after the other (RI): the phase is learnt."""

    components = 2
    signed = True

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """Real and imaginary parts, interleaved along the channels."""
        *batch, channels, bins, frames = spectrum.shape
        parts = np.stack([spectrum.real, spectrum.imag], axis=-3)
        return parts.reshape(*batch, channels * 2, bins, frames).astype(np.float32, copy=False)

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The complex spectrum; the mixture gives its shape only."""
        parts = tensor.reshape(*mixture.shape[:-2], 2, *mixture.shape[-2:])
        spectrum: np.ndarray = parts[..., 0, :, :] + 1j * parts[..., 1, :, :]
        return spectrum


REPRESENTATIONS: dict[str, LogPower | RealImaginary] = {"lps": LogPower(), "ri": RealImaginary()}
