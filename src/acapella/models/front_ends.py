"""The only road between audio and network tensors: training, isolation and analyses all take it.

A codec is a handful of numbers and names that a model file carries, so that a network is always fed what it was
trained on.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from acapella.dsp.normalizers import IDENTITY, NORMALIZERS, Normalization, Normalizer
from acapella.dsp.representations import REPRESENTATIONS, Amplitude, RealImaginary
from acapella.dsp.stft import STFT
from acapella.errors import ModelFileError, UsageError
from acapella.registry import choose

if TYPE_CHECKING:
    from acapella.settings import Settings

STEMS = ("vocal", "instrumental")


@dataclass(frozen=True)
class SpectralFrontEnd:
    """Turns audio (channels, samples) at `sample_rate` into tensors (tensor channels, bins, frames), and back.

    `target` is the stem that the network predicts. All arrays may have leading axes for a batch.
    """

    sample_rate: int = 22050
    channels: int = 1
    window_length: int = 1536
    representation: str = "lps"
    normalizer: str = "dummy"
    percentile: float = 99.0
    target: str = "vocal"
    lowest: int = 0  # bins that the network sees; 0: all

    def __post_init__(self) -> None:
        if self.channels not in (1, 2):
            raise ValueError(f"a network takes 1 or 2 channels, not {self.channels}")
        STFT(self.window_length)  # raises where the length will not do
        choose(REPRESENTATIONS, self.representation, "REPRESENTATION")
        choose(NORMALIZERS, self.normalizer, "NORMALIZER")

    @classmethod
    def from_settings(cls, settings: "Settings") -> "SpectralFrontEnd":
        """The codec that the settings describe."""
        return cls(
            sample_rate=settings.sample_rate,
            channels=settings.channels,
            window_length=settings.fft,
            representation=settings.representation_name,
            normalizer=settings.normalizer,
            percentile=float(settings.normalizer_params.percentile),
            target="instrumental" if settings.instrumental else "vocal",
            lowest=settings.bins,
        )

    @classmethod
    def from_json(cls, text: str) -> "SpectralFrontEnd":
        """The codec that `to_json` wrote."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, UsageError) as error:
            raise ModelFileError(f"The model's codec cannot be understood: {text[:200]}") from error

    def to_json(self) -> str:
        """All settings as a JSON object."""
        return json.dumps(asdict(self))

    @cached_property
    def stft(self) -> STFT:
        """The transform between audio and spectrum."""
        return STFT(self.window_length)

    @cached_property
    def _representation(self) -> Amplitude | RealImaginary:
        return REPRESENTATIONS[self.representation]

    @cached_property
    def normalizer_object(self) -> Normalizer:
        """What finds a track's normalization."""
        return NORMALIZERS[self.normalizer](self._representation.signed, self.percentile)

    @property
    def bins(self) -> int:
        """Frequencies that the network sees, the lowest ones."""
        return min(self.lowest or self.stft.bins, self.stft.bins)

    @property
    def tensor_channels(self) -> int:
        """Channels of the network's input and output."""
        return self.channels * self._representation.components

    @property
    def signed(self) -> bool:
        """Whether the network's values lie on both sides of zero."""
        return self._representation.signed

    @property
    def has_phase(self) -> bool:
        """Whether the network's output says what the phase is."""
        return isinstance(self._representation, RealImaginary)

    def measure(self, pieces: Iterable[np.ndarray]) -> Normalization:
        """The normalization of a mixture that arrives in `pieces` (batch * channels, samples), in constant memory.

        Its arrays are (batch, tensor channels, 1, 1).
        """
        statistics = self.normalizer_object.statistics()
        if statistics is None:
            return IDENTITY
        for spectrum in self.stft.stream(pieces):
            statistics.push(self.represent(self.batched(spectrum)))
        return statistics.finish()

    def batched(self, spectrum: np.ndarray) -> np.ndarray:
        """Regroup (batch * channels, bins, frames) as (batch, channels, bins, frames)."""
        return spectrum.reshape(len(spectrum) // self.channels, self.channels, *spectrum.shape[-2:])

    def represent(self, spectrum: np.ndarray) -> np.ndarray:
        """Tensor of what the network sees of a `spectrum` (..., channels, bins, frames), not yet normalised."""
        return self._representation.encode(spectrum[..., : self.bins, :])

    def encode(self, spectrum: np.ndarray, normalization: Normalization) -> np.ndarray:
        """Tensor (..., tensor channels, bins, frames) float32 of a `spectrum` (..., channels, bins, frames)."""
        return normalization.apply(self.represent(spectrum)).astype(np.float32, copy=False)

    def encode_pair(
        self, mixture: np.ndarray, target: np.ndarray, normalization: Normalization
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the network sees and what it is to predict, of spectra as for `encode`."""
        mixture, target = mixture[..., : self.bins, :], target[..., : self.bins, :]
        wanted = normalization.apply(self._representation.encode_target(target, mixture))
        return self.encode(mixture, normalization), wanted.astype(np.float32, copy=False)

    def decode(self, tensor: np.ndarray, mixture: np.ndarray, normalization: Normalization) -> np.ndarray:
        """Spectrum of the target that `tensor` predicts, complex64 and of the shape of the `mixture`'s.

        `tensor` is (..., tensor channels, bins, frames), `mixture` (..., channels, all bins, frames).
        """
        return self._representation.decode(normalization.invert(tensor), mixture)

    def decode_amplitude(self, tensor: np.ndarray, normalization: Normalization) -> np.ndarray:
        """Amplitudes ≥ 0 that `tensor` predicts, for a representation without phase."""
        assert isinstance(self._representation, Amplitude), "this representation has a phase"
        return self._representation.amplitude(normalization.invert(tensor))
