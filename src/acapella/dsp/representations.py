"""What of a complex spectrum a network sees, and the way back.

Each representation turns a spectrum (..., channels, bins, frames) complex into a tensor
(..., channels * components, bins, frames) float32, and a tensor back into a spectrum. A tensor may have fewer bins than
the spectrum: the lowest ones.
"""

from typing import Protocol

import numpy as np

EXTENDED = 64  # bins whose mean gain stands for all that are above the network's
TINY = 1e-12  # in place of an amplitude of 0 to divide by


class Representation(Protocol):
    """A way to show a spectrum to a network."""

    components: int  # tensor channels for each audio channel
    signed: bool  # whether values lie on both sides of zero

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """Tensor of a `spectrum`."""
        ...

    def encode_target(self, target: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """What the network is to predict for `mixture`, given the `target`'s spectrum."""
        ...

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """Spectrum that `tensor` describes as a part of the spectrum `mixture`."""
        ...


class Amplitude:
    """The amplitude: the phase is the mixture's.

    What the network predicts is taken as a gain between 0 and 1 for each bin of the mixture, so that the stems sum to
    it. Above the bins that the network sees, the gain is the mean of the highest `EXTENDED` of them.
    """

    components = 1
    signed = False

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """|spectrum|."""
        tensor: np.ndarray = np.abs(spectrum).astype(np.float32, copy=False)
        return tensor

    def encode_target(self, target: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The amplitude that, given the mixture's phase, is nearest to the target: its part in phase with the mixture.

        Source: H. Erdogan et al., "Phase-sensitive and recognition-boosted speech separation", ICASSP 2015.
        """
        available = np.abs(mixture)
        in_phase = (target * mixture.conj()).real / np.maximum(available, TINY)
        tensor: np.ndarray = np.clip(in_phase, 0, available).astype(np.float32, copy=False)
        return tensor

    def amplitude(self, tensor: np.ndarray) -> np.ndarray:
        """The amplitudes ≥ 0 that `tensor` stands for."""
        amplitude: np.ndarray = np.maximum(tensor, 0)
        return amplitude

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The amplitude of `tensor`, no more than the mixture's, with the mixture's phase."""
        bins = tensor.shape[-2]
        seen, above = mixture[..., :bins, :], mixture[..., bins:, :]
        available = np.abs(seen)
        gain = np.minimum(self.amplitude(tensor), available)
        gain /= np.maximum(available, TINY)
        spectrum: np.ndarray = np.empty_like(mixture)  # of the mixture's order in memory, too
        np.multiply(seen, gain, out=spectrum[..., :bins, :])
        np.multiply(above, gain[..., -EXTENDED:, :].mean(axis=-2, keepdims=True), out=spectrum[..., bins:, :])
        return spectrum


class LogPower(Amplitude):
    """`log1p` of the amplitude (LPS)."""

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """log(1 + |spectrum|), ≥ 0."""
        tensor: np.ndarray = np.log1p(np.abs(spectrum)).astype(np.float32, copy=False)
        return tensor

    def encode_target(self, target: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The target's own amplitude, as the original has it."""
        return self.encode(target)

    def amplitude(self, tensor: np.ndarray) -> np.ndarray:
        """The amplitudes ≥ 0 that `tensor` stands for. Values beyond float32's range count as its end."""
        amplitude: np.ndarray = np.expm1(np.clip(tensor, 0, 80))
        return amplitude


class RealImaginary:
    """Real and imaginary part of each channel, one after the other (RI): the phase is learnt."""

    components = 2
    signed = True

    def encode(self, spectrum: np.ndarray) -> np.ndarray:
        """Real and imaginary parts, interleaved along the channels."""
        *batch, channels, bins, frames = spectrum.shape
        parts = np.stack([spectrum.real, spectrum.imag], axis=-3)
        return parts.reshape(*batch, channels * 2, bins, frames).astype(np.float32, copy=False)

    def encode_target(self, target: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The target's own parts."""
        return self.encode(target)

    def decode(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """The complex spectrum, silent above the bins that the network sees; the mixture gives its shape only."""
        bins = tensor.shape[-2]
        parts = tensor.reshape(*mixture.shape[:-2], 2, bins, mixture.shape[-1])
        spectrum = np.zeros_like(mixture)
        spectrum[..., :bins, :] = parts[..., 0, :, :] + 1j * parts[..., 1, :, :]
        return spectrum


REPRESENTATIONS: dict[str, Amplitude | RealImaginary] = {
    "lps": LogPower(),
    "ri": RealImaginary(),
    "amplitude": Amplitude(),
}
