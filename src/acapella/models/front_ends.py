"""From audio to the tensors that a network takes, and from its output back to audio.

A front end is a part of the model file: training, isolation and analyses all use it, so that a network is always given
what it was trained on.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from acapella.dsp.hybrid_stft import HybridSTFT
from acapella.dsp.levels import SongLevel, measure_level
from acapella.dsp.normalizers import IDENTITY, NORMALIZERS, Normalization, Normalizer
from acapella.dsp.representations import REPRESENTATIONS, Amplitude, RealImaginary
from acapella.dsp.stft import STFT
from acapella.errors import SettingsError
from acapella.models.parts import NetworkChannels, Part, SampleRate

if TYPE_CHECKING:
    from acapella.settings import Settings


MOST_FRAMES = 64  # that a sample may be in

OPTIONS = {"sample_rate": "SAMPLE_RATE", "window_length": "FFT", "bins": "BINS"}  # of fields that follow from them


class WaveformFrontEnd(Part):
    """The network takes the waveform itself, (items, channels, samples) at `sample_rate`.

    `normalizer`: `standard` brings the mean of a song's channels to mean 0 and standard deviation 1.
    """

    kind: Literal["waveform"] = "waveform"
    sample_rate: SampleRate = 44100
    channels: NetworkChannels = 2
    normalizer: Literal["dummy", "standard"] = "dummy"


class HybridFrontEnd(Part):
    """The network takes the waveform (items, channels, samples) and beside it the spectrum of `dsp.hybrid_stft`.

    The spectrum is (items, channels * 2, bins, frames), real and imaginary parts in turn. `normalizer` as above.
    """

    kind: Literal["hybrid"] = "hybrid"
    sample_rate: SampleRate = 44100
    channels: NetworkChannels = 2
    window_length: Annotated[int, Field(ge=8, le=1 << 16, multiple_of=8)] = 4096
    normalizer: Literal["dummy", "standard"] = "dummy"

    @classmethod
    def from_settings(cls, settings: "Settings") -> "HybridFrontEnd":
        """The front end that the settings describe, of normalised songs; SettingsError as below."""
        try:
            return cls(
                sample_rate=settings.sample_rate,
                channels=settings.channels,
                window_length=settings.fft,
                normalizer="standard",
            )
        except ValidationError as error:
            raise wrong_setting(error) from None

    @cached_property
    def stft(self) -> HybridSTFT:
        """The transform between audio and spectrum."""
        return HybridSTFT(self.window_length)


class SpectralFrontEnd(Part):
    """The network takes tensors (items, tensor channels, bins, frames) of the STFT of audio at `sample_rate`.

    `window_length` and `hop` are samples, `hop` by default a quarter of the window; `normalized` divides the STFT by
    the square root of the window's length. `bins`: the lowest so many of the STFT, by default all; the lowest
    `silent_bins` of them are set to zero. `above` says what a mask does above the bins: `extend` the mean of the
    highest ones, or `silence`. All arrays may have leading axes for a batch.
    """

    kind: Literal["spectral"] = "spectral"
    sample_rate: SampleRate = 22050
    channels: NetworkChannels = 1
    window_length: Annotated[int, Field(ge=4, le=1 << 17, multiple_of=2)] = 1536
    hop: Annotated[int, Field(ge=1, le=1 << 16)] = 384
    window: Literal["hann", "rectangular"] = "hann"
    normalized: bool = False
    bins: Annotated[int, Field(ge=1, le=(1 << 16) + 1)] = 769
    silent_bins: Annotated[int, Field(ge=0, le=1 << 16)] = 0
    above: Literal["extend", "silence"] = "extend"
    representation: Literal["lps", "ri", "amplitude"] = "lps"
    normalizer: Literal["dummy", "percentile", "standard"] = "dummy"
    percentile: Annotated[float, Field(gt=0, le=100)] = 99.0

    @model_validator(mode="before")
    @classmethod
    def _follow_the_window(cls, values: Any) -> Any:
        """The hop and the bins that are not given follow from the window."""
        if not isinstance(values, dict) or not isinstance(window := values.get("window_length", 1536), int):
            return values
        return {"hop": max(1, window // 4), "bins": max(1, window // 2 + 1), **values}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if 2 * self.hop > self.window_length:
            raise ValueError(f"hop must be at most half of window_length, {self.window_length}, not {self.hop}")
        if MOST_FRAMES * self.hop < self.window_length:
            raise ValueError(f"hop must be at least 1/{MOST_FRAMES} of window_length, {self.window_length}")
        if self.bins > self.stft.bins:
            raise ValueError(f"bins must be at most {self.stft.bins}, half of window_length and one, not {self.bins}")
        return self

    @classmethod
    def from_settings(cls, settings: "Settings", **fixed: Any) -> "SpectralFrontEnd":
        """The front end that the settings describe, with what is `fixed`; SettingsError where a number cannot be."""
        all_bins = settings.fft // 2 + 1
        values = {
            "sample_rate": settings.sample_rate,
            "channels": settings.channels,
            "window_length": settings.fft,
            "bins": min(settings.bins or all_bins, all_bins),
            "representation": settings.representation_name,
            "normalizer": settings.normalizer,
            "percentile": float(settings.normalizer_params.percentile),
        }
        try:
            return cls(**(values | fixed))
        except ValidationError as error:
            raise wrong_setting(error) from None

    @cached_property
    def stft(self) -> STFT:
        """The transform between audio and spectrum."""
        return STFT(self.window_length, self.hop, self.normalized, self.window)

    @cached_property
    def _representation(self) -> Amplitude | RealImaginary:
        return REPRESENTATIONS[self.representation]

    @cached_property
    def tensor_normalizer(self) -> Normalizer:
        """What finds the normalization of a track's tensors."""
        name = "dummy" if self.normalizer == "standard" else self.normalizer
        return NORMALIZERS[name](self._representation.signed, self.percentile)

    @property
    def tensor_channels(self) -> int:
        """Channels of the network's input, and of each source in its output."""
        return self.channels * self._representation.components

    @property
    def signed(self) -> bool:
        """Whether the network's values lie on both sides of zero."""
        return self._representation.signed

    @property
    def has_phase(self) -> bool:
        """Whether the network's output says what the phase is."""
        return isinstance(self._representation, RealImaginary)

    @property
    def needs_statistics(self) -> bool:
        """Whether the normalization of tensors needs a pass over the whole song."""
        return self.tensor_normalizer.statistics() is not None

    def measure(self, pieces: Iterable[np.ndarray]) -> Normalization:
        """The normalization of a mixture that arrives in `pieces` (items * channels, samples), in constant memory.

        Its arrays are (items, tensor channels, 1, 1).
        """
        statistics = self.tensor_normalizer.statistics()
        if statistics is None:
            return IDENTITY
        for spectrum in self.stft.stream(pieces):
            statistics.push(self.represent(self.by_item(spectrum)))
        return statistics.finish()

    def by_item(self, spectrum: np.ndarray) -> np.ndarray:
        """Regroup (items * channels, bins, frames) as (items, channels, bins, frames)."""
        return spectrum.reshape(len(spectrum) // self.channels, self.channels, *spectrum.shape[-2:])

    def represent(self, spectrum: np.ndarray) -> np.ndarray:
        """Tensor of what the network sees of a `spectrum` (..., channels, bins, frames), not yet normalised."""
        tensor = self._representation.encode(spectrum[..., : self.bins, :])
        if self.silent_bins:
            tensor[..., : self.silent_bins, :] = 0
        return tensor

    def encode(self, spectrum: np.ndarray, normalization: Normalization = IDENTITY) -> np.ndarray:
        """Tensor (..., tensor channels, bins, frames) float32 of a `spectrum` (..., channels, bins, frames)."""
        return normalization.apply(self.represent(spectrum)).astype(np.float32, copy=False)

    def encode_pair(
        self, mixture: np.ndarray, targets: Sequence[np.ndarray], normalization: Normalization
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the network sees and what it is to predict, of spectra as for `encode`.

        The tensors of several `targets` follow one another along the channels, as sources do in a network's output.
        """
        seen = mixture[..., : self.bins, :]
        wanted = [
            normalization.apply(self._representation.encode_target(target[..., : self.bins, :], seen))
            for target in targets
        ]
        joined = np.concatenate(wanted, axis=-3) if len(wanted) > 1 else wanted[0]
        return self.encode(mixture, normalization), joined.astype(np.float32, copy=False)

    def decode(self, tensor: np.ndarray, mixture: np.ndarray, normalization: Normalization = IDENTITY) -> np.ndarray:
        """Spectrum of a source that `tensor` predicts, complex64 and of the shape of the `mixture`'s.

        `tensor` is (..., tensor channels, bins, frames), `mixture` (..., channels, all bins, frames).
        """
        return self._representation.decode(normalization.invert(tensor), mixture, extend=self.above == "extend")

    def decode_mask(self, mask: np.ndarray, mixture: np.ndarray) -> np.ndarray:
        """Spectrum of a source: the `mixture`'s times the `mask` that a network gives, shapes as for `decode`.

        Masks of amplitudes are gains; those of real and imaginary parts are complex.
        """
        return self._representation.apply_mask(mask, mixture, extend=self.above == "extend")

    def decode_amplitude(self, tensor: np.ndarray, normalization: Normalization) -> np.ndarray:
        """Amplitudes ≥ 0 that `tensor` predicts, for a representation without phase."""
        assert isinstance(self._representation, Amplitude), "this representation has a phase"
        return self._representation.amplitude(normalization.invert(tensor))


def wrong_setting(error: ValidationError) -> SettingsError:
    """What to say of a front end of settings that is not valid."""
    details = error.errors()[0]
    name = OPTIONS.get(str(details["loc"][0]), "FFT")
    return SettingsError(f"{name}={str(details['input'])[:40]}: {details['msg'].lower()}.")


FrontEnd = Annotated[SpectralFrontEnd | WaveformFrontEnd | HybridFrontEnd, Field(discriminator="kind")]


def measure_song_level(
    front_end: SpectralFrontEnd | WaveformFrontEnd | HybridFrontEnd, pieces: Iterable[np.ndarray]
) -> SongLevel | None:
    """The level of a song in `pieces` (items * channels, samples), where the front end normalises it."""
    return measure_level(pieces, front_end.channels) if front_end.normalizer == "standard" else None
