"""From a mixture's waveform through a network to the waveforms of its sources, in torch: a loss has gradients there.

The same as the coders of `isolation.chunks`, so that a network learns to do what separating songs makes of it.
Axes: b items of a batch, c channels, n sources, s samples, f bins, t frames.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.dsp.hybrid_stft import ALL_SQUARES, OVERLAP
from acapella.dsp.representations import EXTENDED, TINY
from acapella.models.description import ModelDescription
from acapella.models.front_ends import FrontEnd, HybridFrontEnd, SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks

LARGEST_LOG = 80.0  # as in `dsp.representations.LogPower`


class Coder(Protocol):
    """What goes around a network."""

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """Waveforms of the sources, (b, n * c, s), of the mixture's, (b, c, s)."""


@dataclass(frozen=True)
class SpectralCoder:
    """Of a network that takes spectra."""

    description: ModelDescription

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """As the protocol says."""
        description, front_end = self.description, self._front_end
        spectrum = self._spectrum(mixture)
        output = network(self._represent(spectrum)).float()
        sources = [self._decode(part, spectrum) for part in output.chunk(len(description.sources), dim=1)]
        flat = torch.cat(sources, dim=1).flatten(0, 1) * description.output.gain
        stft = front_end.stft
        audio = torch.istft(
            flat, stft.window_length, stft.hop, window=self._window(mixture), length=mixture.shape[-1]
        )  # fmt: skip
        return audio.reshape(len(mixture), -1, mixture.shape[-1])

    @property
    def _front_end(self) -> SpectralFrontEnd:
        assert isinstance(self.description.front_end, SpectralFrontEnd)
        return self.description.front_end

    def _window(self, like: Tensor) -> Tensor:
        return torch.from_numpy(self._front_end.stft.window).to(like.device)

    def _spectrum(self, audio: Tensor) -> Tensor:
        """(b, c, s) to (b, c, f, t), complex, of all bins."""
        stft, schedule = self._front_end.stft, self.description.schedule
        padded = F.pad(audio, (0, schedule.padding)) if isinstance(schedule, Chunks) else audio
        window = self._window(audio)
        spectrum = torch.stft(
            padded.flatten(0, 1), stft.window_length, stft.hop, window=window, pad_mode="reflect", return_complex=True
        )
        return spectrum.reshape(*audio.shape[:2], *spectrum.shape[1:])

    def _represent(self, spectrum: Tensor) -> Tensor:
        """The network's input, of a spectrum of all bins."""
        front_end = self._front_end
        seen = spectrum[:, :, : front_end.bins]
        if front_end.representation == "ri":
            tensor = torch.stack([seen.real, seen.imag], dim=2).flatten(1, 2)
        else:
            tensor = seen.abs().log1p() if front_end.representation == "lps" else seen.abs()
        if front_end.silent_bins:
            tensor = F.pad(tensor[:, :, front_end.silent_bins :], (0, 0, front_end.silent_bins, 0))
        return tensor.contiguous()

    def _decode(self, output: Tensor, mixture: Tensor) -> Tensor:
        """The spectrum of one source, (b, c, f, t), of the part of the network's output that belongs to it."""
        front_end = self._front_end
        seen = mixture[:, :, : front_end.bins]
        is_mask, above = self.description.output.kind == "mask", mixture.shape[2] - front_end.bins
        if front_end.representation == "ri":
            pairs = output.reshape(len(output), -1, 2, *output.shape[2:])
            spectrum = torch.complex(pairs[:, :, 0], pairs[:, :, 1])
            return F.pad(spectrum * seen if is_mask else spectrum, (0, 0, 0, above))
        gain = output if is_mask else self._gain(output, seen.abs())
        highest = gain[:, :, -EXTENDED:].mean(dim=2, keepdim=True)
        gains_above = (highest if front_end.above == "extend" else torch.zeros_like(highest)).expand(-1, -1, above, -1)
        return torch.cat([gain, gains_above], dim=2) * mixture

    def _gain(self, output: Tensor, available: Tensor) -> Tensor:
        """Of the amplitudes that the network predicts, which are no more than what is there."""
        is_logarithmic = self._front_end.representation == "lps"
        amplitude = output.clamp(0, LARGEST_LOG).expm1() if is_logarithmic else output.clamp(min=0)
        return torch.minimum(amplitude, available) / available.clamp(min=TINY)


@dataclass(frozen=True)
class HybridCoder:
    """Of a network that takes both, and gives both (`dsp.hybrid_stft`)."""

    description: ModelDescription

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """As the protocol says."""
        stft = self._front_end.stft
        window = torch.from_numpy(stft.window).to(mixture.device)
        spectra, waveforms = network(mixture, self._spectrum(mixture, window))
        pairs = spectra.float().reshape(len(spectra), -1, 2, *spectra.shape[2:])
        spectrum = torch.complex(pairs[:, :, 0], pairs[:, :, 1])
        audio = self._audio(spectrum, window, mixture.shape[-1]) + waveforms.float()
        sources: Tensor = audio * self.description.output.gain
        return sources

    @property
    def _front_end(self) -> HybridFrontEnd:
        assert isinstance(self.description.front_end, HybridFrontEnd)
        return self.description.front_end

    def _spectrum(self, audio: Tensor, window: Tensor) -> Tensor:
        """(b, c, s) to (b, c * 2, f, t): real and imaginary parts in turn."""
        stft, samples = self._front_end.stft, audio.shape[-1]
        missing = stft.frames(samples) * stft.hop - samples
        padded = F.pad(audio, (stft.padding, stft.padding + missing), mode="reflect")
        frames = padded.unfold(-1, stft.window_length, stft.hop) * window  # b c t window
        spectrum = torch.fft.rfft(frames)[..., :-1].transpose(2, 3)
        return torch.stack([spectrum.real, spectrum.imag], dim=2).flatten(1, 2).contiguous()

    def _audio(self, spectrum: Tensor, window: Tensor, samples: int) -> Tensor:
        """(b, n * c, f, t) to (b, n * c, s)."""
        stft, frames = self._front_end.stft, spectrum.shape[-1]
        blocks = torch.fft.irfft(F.pad(spectrum, (0, 0, 0, 1)).transpose(2, 3), n=stft.window_length)
        blocks = (blocks * window * (stft.window_length / ALL_SQUARES)).reshape(*blocks.shape[:-1], OVERLAP, stft.hop)
        parts = [F.pad(blocks[..., part, :], (0, 0, part, OVERLAP - 1 - part)) for part in range(OVERLAP)]
        hops = torch.stack(parts).sum(dim=0)  # b, n * c, frames + 3, hop
        assert hops.shape[-2] == frames + OVERLAP - 1
        return hops.flatten(2)[..., stft.padding : stft.padding + samples]


@dataclass(frozen=True)
class WaveformCoder:
    """Of a network that takes waveforms."""

    description: ModelDescription

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """As the protocol says."""
        waveforms: Tensor = network(mixture).float()
        return waveforms * self.description.output.gain


CODERS: dict[type[FrontEnd], type[SpectralCoder] | type[HybridCoder] | type[WaveformCoder]] = {
    SpectralFrontEnd: SpectralCoder,
    HybridFrontEnd: HybridCoder,
    WaveformFrontEnd: WaveformCoder,
}
