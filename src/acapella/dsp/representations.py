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

    def decode(self, tensor: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """Spectrum that `tensor` describes as a part of the spectrum `mixture`."""
        ...

    def apply_mask(self, mask: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """Spectrum `mixture` times `mask`; above the mask's bins its highest gains with `extend`, else silence."""
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

    def decode(self, tensor: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """The amplitude of `tensor`, no more than the mixture's, with the mixture's phase."""
        available = np.abs(mixture[..., : tensor.shape[-2], :])
        gain = np.minimum(self.amplitude(tensor), available)
        gain /= np.maximum(available, TINY)
        return self.apply_mask(gain, mixture, extend=extend)

    def apply_mask(self, mask: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """The mixture times a gain for each bin."""
        bins = mask.shape[-2]
        spectrum: np.ndarray = np.empty_like(mixture)  # of the mixture's order in memory, too
        np.multiply(mixture[..., :bins, :], mask, out=spectrum[..., :bins, :])
        gain_above = mask[..., -EXTENDED:, :].mean(axis=-2, keepdims=True) if extend else np.float32(0)
        np.multiply(mixture[..., bins:, :], gain_above, out=spectrum[..., bins:, :])
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

    def decode(self, tensor: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """The complex spectrum, silent above the bins that the network sees; the mixture gives its shape only."""
        spectrum = np.zeros_like(mixture)
        spectrum[..., : tensor.shape[-2], :] = self._complex(tensor, mixture)
        return spectrum

    def apply_mask(self, mask: np.ndarray, mixture: np.ndarray, *, extend: bool = True) -> np.ndarray:
        """The mixture times a complex mask, silent above the mask's bins."""
        spectrum = np.zeros_like(mixture)
        bins = mask.shape[-2]
        np.multiply(mixture[..., :bins, :], self._complex(mask, mixture), out=spectrum[..., :bins, :])
        return spectrum

    def _complex(self, tensor: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """(..., channels * 2, bins, frames) float32 as (..., channels, bins, frames) complex64."""
        parts = tensor.reshape(*mixture.shape[:-2], 2, *tensor.shape[-2:])
        numbers: np.ndarray = parts[..., 0, :, :] + 1j * parts[..., 1, :, :]
        return numbers


REPRESENTATIONS: dict[str, Amplitude | RealImaginary] = {
    "lps": LogPower(),
    "ri": RealImaginary(),
    "amplitude": Amplitude(),
}
