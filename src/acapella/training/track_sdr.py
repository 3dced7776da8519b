"""SDR of the validation tracks while a network is trained, taken apart as songs are."""

from collections.abc import Sequence
from contextlib import suppress
from math import isfinite

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from acapella.conversion.torch_model import TorchModel
from acapella.conversion.torch_runtime import TorchRuntime
from acapella.corpus.cache import Cache, CachedAudio
from acapella.corpus.tracks import Track
from acapella.errors import InputError
from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model
from acapella.metrics.usdr import usdr
from acapella.training.module import Isolation

NAME = "val_sdr"
EXCERPT = 30.0  # seconds, of the middle of each track
Reference = list[CachedAudio]  # the mixture, and each source


class TrackSDR(Callback):
    """Measures after each `every` epochs, and after the last one, the mean SDR over tracks and sources, in dB.

    SDR is that of the whole excerpt (`metrics.usdr`); silent sources do not count. It is logged as val_sdr.
    """

    def __init__(self, model: TorchModel, references: Sequence[Reference], every: int) -> None:
        self._model = model
        self._references = references
        self._every = every

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget the last measurement: it is not this epoch's."""
        trainer.callback_metrics.pop(NAME, None)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure, where it is time."""
        assert isinstance(pl_module, Isolation)
        is_last = trainer.current_epoch + 1 == trainer.max_epochs
        if (is_last or (pl_module.epoch + 1) % self._every == 0) and isfinite(value := self.measure()):
            pl_module.log(NAME, value)

    def measure(self) -> float:
        """The mean over all that is not silent, not-a-number where all is."""
        description = self._model.description
        isolator = Isolator(Model(description, TorchRuntime(self._model)))
        rate, found = description.front_end.sample_rate, []
        for mixture, *sources in self._references:
            begin = max(0, (mixture.samples - round(EXCERPT * rate)) // 2)
            end = mixture.samples - begin
            stems = isolator.isolate(mixture.read(begin, end).T, rate)
            for name, source in zip(description.sources, sources, strict=True):
                found.append(usdr(source.read(begin, end).T, stems[name]))
        heard = [value for value in found if isfinite(value)]
        return sum(heard) / len(heard) if heard else float("nan")


def open_references(tracks: Sequence[Track], model: TorchModel, cache: Cache) -> list[Reference]:
    """What `tracks` should be taken apart into, without those that cannot be used."""
    found = []
    for track in tracks:
        with suppress(InputError, OSError):
            found.append(cache.mixture_and_stems(track, model.description.sources))
    return found
