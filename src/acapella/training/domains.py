"""Where prediction and target are compared: as spectrograms, as the original does it, or as waveforms.

Networks that take chunks are trained on waveforms; all others are where LOSS is one of waveforms.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from acapella.conversion.torch_model import TorchModel
from acapella.corpus.cache import Cache
from acapella.corpus.chunks import ChunkExamples
from acapella.corpus.examples import Examples, TrackExamples
from acapella.corpus.tracks import Track
from acapella.dsp.choppers import CHOPPERS, Rectangle, sliding_full
from acapella.errors import SettingsError
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks
from acapella.networks import Network
from acapella.settings import Settings
from acapella.settings.option_types import ChopParams
from acapella.training.coders import CODERS, Coder
from acapella.training.losses import compares_waveforms

VALIDATION_SLICING = ChopParams(scale=128, step=(32, 32))
ALL_FREQUENCIES = {"tile": "full", "sliding": "sliding_full", "filtered": "filtered_full", "random": "random_full"}
PICTURE_WINDOW = 512  # samples, for pictures of waveforms


@dataclass(frozen=True)
class PictureGrid:
    """The STFT of a picture: sample rate in Hz, window length and hop in samples."""

    sample_rate: int
    window_length: int
    hop: int


class Domain(Protocol):
    """What examples are, and how a network makes a prediction of them."""

    def open(self, track: Track, cache: Cache) -> list[Examples]:
        """The examples that can be cut from each item of `track`."""

    def slicing(self, settings: Settings) -> Settings:
        """The settings, with CHOPNAME and CHOPPARAMS as they are meant here."""

    def validation_rectangles(self, examples: Examples) -> list[Rectangle]:
        """Where to cut for validation."""

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """The prediction, to be compared with the target."""

    def picture(self, tensor: Tensor) -> Tensor:
        """Magnitudes (batch, channels, bins, frames) of a mixture, target or prediction."""

    @property
    def picture_grid(self) -> PictureGrid:
        """Where they lie in frequency and time."""


@dataclass(frozen=True)
class Spectrograms:
    """Tensors (batch, channels, bins, frames) of any size, those of the sources one after the other."""

    front_end: SpectralFrontEnd
    sources: tuple[str, ...]

    def open(self, track: Track, cache: Cache) -> list[Examples]:
        """As the protocol says."""
        return [*TrackExamples.open(track, cache, self.front_end, self.sources)]

    def slicing(self, settings: Settings) -> Settings:
        """As they are."""
        return settings

    def validation_rectangles(self, examples: Examples) -> list[Rectangle]:
        """Overlapping ones of all frequencies, whatever CHOPNAME says."""
        return sliding_full(examples.extent, VALIDATION_SLICING)

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """Channels come last in memory: convolutions are faster."""
        prediction: Tensor = network(mixture.to(memory_format=torch.channels_last))
        return prediction

    def picture(self, tensor: Tensor) -> Tensor:
        """All that is not negative."""
        return tensor.abs()

    @property
    def picture_grid(self) -> PictureGrid:
        """That of the front end's STFT."""
        return PictureGrid(self.front_end.sample_rate, self.front_end.window_length, self.front_end.hop)


@dataclass(frozen=True)
class Waveforms:
    """Chunks (batch, channels, samples) of `length` samples, which begin at multiples of `hop`."""

    coder: Coder
    description: ModelDescription
    length: int
    hop: int

    def open(self, track: Track, cache: Cache) -> list[Examples]:
        """As the protocol says."""
        channels, sources = self.description.front_end.channels, self.description.sources
        return [*ChunkExamples.open(track, cache, channels, sources, length=self.length, hop=self.hop)]

    def slicing(self, settings: Settings) -> Settings:
        """A slice is a chunk, of all frequencies."""
        chopname = ALL_FREQUENCIES.get(settings.chopname, settings.chopname)
        return settings.model_copy(update={"chopname": chopname, "chopparams": self._params(settings.chopparams)})

    def validation_rectangles(self, examples: Examples) -> list[Rectangle]:
        """Chunks side by side."""
        return CHOPPERS["full"](examples.extent, self._params(VALIDATION_SLICING))

    def _params(self, params: ChopParams) -> ChopParams:
        return params.model_copy(update={"scale": -(-self.length // self.hop)})

    def predict(self, network: nn.Module, mixture: Tensor) -> Tensor:
        """As the protocol says."""
        return self.coder.predict(network, mixture)

    @property
    def picture_grid(self) -> PictureGrid:
        """That of `picture`, whose windows overlap by three quarters."""
        return PictureGrid(self.description.front_end.sample_rate, PICTURE_WINDOW, PICTURE_WINDOW // 4)

    def picture(self, tensor: Tensor) -> Tensor:
        """Of a short STFT."""
        window = torch.hann_window(PICTURE_WINDOW, device=tensor.device)
        flat = tensor.detach().flatten(0, 1)
        spectrum = torch.stft(flat, PICTURE_WINDOW, window=window, pad_mode="constant", return_complex=True)
        return spectrum.abs().reshape(*tensor.shape[:2], *spectrum.shape[1:])


def choose_domain(model: TorchModel, settings: Settings) -> Domain:
    """Where `model` is trained; a SettingsError where LOSS does not go with the rest."""
    description, front_end = model.description, model.description.front_end
    schedule, coder = description.schedule, CODERS[type(front_end)](description)
    if isinstance(schedule, Chunks):
        hop = settings.fft // 4 if isinstance(front_end, WaveformFrontEnd) else front_end.stft.hop
        return Waveforms(coder, description, schedule.length, hop)
    assert isinstance(model.network, Network)
    assert isinstance(front_end, SpectralFrontEnd)
    if not compares_waveforms(settings.loss):
        return Spectrograms(front_end, description.sources)
    if front_end.normalizer != "dummy":
        raise SettingsError(f"LOSS={settings.loss!r} compares waveforms: it needs NORMALIZER='dummy'.")
    length = settings.chopparams.scale * front_end.hop
    if length <= front_end.window_length:
        raise SettingsError(f"CHOPPARAMS: with LOSS={settings.loss!r} scale must be more than 4, a window.")
    return Waveforms(coder, description, length, front_end.hop)
