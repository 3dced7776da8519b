"""Which slices make up each batch.

A batch generator is a pure function of (seed, epoch, step): any batch can be made again, in any order, so that an
interrupted training goes on exactly where it stopped.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from acapella.corpus.examples import TrackExamples
from acapella.errors import CorpusError, choose
from acapella.settings import Settings
from acapella.signal.choppers import CHOPPERS, Rectangle


class Slice(NamedTuple):
    """A rectangle of a track."""

    track: TrackExamples
    rectangle: Rectangle


Batch = tuple[torch.Tensor, torch.Tensor]
_PLAN, _SHUFFLE, _DRAW = range(3)  # purposes of random numbers, so that no two share a seed


class Batches:
    """The batches of an epoch: `steps` of them, each (mixture, target) tensors."""

    def __init__(self, tracks: Sequence[TrackExamples], settings: Settings) -> None:
        self._settings = settings
        self._batch_of = choose(GENERATORS, settings.batch_generator, "BATCH_GENERATOR")
        self._fresh = settings.batch_generator == "random"
        self._one = settings.chopparams.model_copy(update={"slices": 1})
        self._chopper = CHOPPERS["random_full" if "full" in settings.chopname else "random"]
        if self._fresh:
            tracks = [track for track in tracks if self._chopper(track.extent, self._one, rng=self.rng(_PLAN))]
        self._tracks = tracks
        self.per_track = [] if self._fresh else plan_slices(tracks, settings)
        self.slices = [piece for pieces in self.per_track for piece in pieces]
        if not (self.slices or (self._fresh and tracks)):
            raise CorpusError(
                f"CHOPNAME={settings.chopname!r} with CHOPPARAMS scale {settings.chopparams.scale} cuts no slice from "
                "the training tracks: choose a smaller scale, or longer tracks."
            )

    @property
    def samples(self) -> int:
        """Slices in an epoch."""
        if self._settings.batch_generator == "keras" or not self._settings.epoch_steps:
            return len(self.slices)
        return self._settings.epoch_steps

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-self.samples // self._settings.batch)

    def rng(self, purpose: int, *place: int) -> np.random.Generator:
        """Random numbers for a purpose and a place in the training."""
        return np.random.default_rng([self._settings.seed, purpose, *place])

    def plan(self, epoch: int, step: int) -> list[Slice]:
        """The slices of a batch."""
        size = min(self._settings.batch, self.samples - step * self._settings.batch)
        return self._batch_of(self, epoch, step, size)

    def load(self, epoch: int, step: int) -> Batch:
        """The batch itself: mixtures and targets, (batch, channels, bins, frames) each."""
        return load_slices(self.plan(epoch, step))

    def keras(self, epoch: int, step: int, size: int) -> list[Slice]:
        """All slices in a new order each epoch, each once."""
        order = self.rng(_SHUFFLE, epoch).permutation(len(self.slices))
        first = step * self._settings.batch
        return [self.slices[number] for number in order[first : first + size]]

    def default(self, epoch: int, step: int, size: int) -> list[Slice]:
        """Shuffled slices; none comes again before all have come, over the borders of epochs."""
        first = epoch * self.samples + step * self._settings.batch
        rounds = [divmod(number, len(self.slices)) for number in range(first, first + size)]
        orders = {turn: self.rng(_SHUFFLE, turn).permutation(len(self.slices)) for turn, _ in rounds}
        return [self.slices[orders[turn][place]] for turn, place in rounds]

    def track(self, epoch: int, step: int, size: int) -> list[Slice]:
        """A random slice of a random track, `size` times."""
        rng = self.rng(_DRAW, epoch, step)
        filled = [pieces for pieces in self.per_track if pieces]
        chosen = [filled[number] for number in rng.integers(len(filled), size=size)]
        return [pieces[rng.integers(len(pieces))] for pieces in chosen]

    def random(self, epoch: int, step: int, size: int) -> list[Slice]:
        """A fresh random rectangle of a random track, `size` times."""
        rng = self.rng(_DRAW, epoch, step)
        chosen = [self._tracks[number] for number in rng.integers(len(self._tracks), size=size)]
        return [Slice(track, self._chopper(track.extent, self._one, rng=rng)[0]) for track in chosen]


Generator = Callable[[Batches, int, int, int], list[Slice]]
GENERATORS: dict[str, Generator] = {
    "keras": Batches.keras,
    "default": Batches.default,
    "track": Batches.track,
    "random": Batches.random,
}


def plan_slices(tracks: Sequence[TrackExamples], settings: Settings) -> list[list[Slice]]:
    """For each track the slices that CHOPNAME finds in it."""
    chopper = choose(CHOPPERS, settings.chopname, "CHOPNAME")
    needs_target = settings.chopname.startswith("filtered")
    plan = []
    for number, track in enumerate(tracks):
        rng = np.random.default_rng([settings.seed, _PLAN, number])
        target = track.target() if needs_target else None
        rectangles = chopper(track.extent, settings.chopparams, target=target, rng=rng)
        plan.append([Slice(track, rectangle) for rectangle in rectangles])
    return plan


def load_slices(slices: Sequence[Slice]) -> Batch:
    """Mixtures and targets of `slices`, (batch, channels, bins, frames) each."""
    pairs = [track.cut(rectangle) for track, rectangle in slices]
    mixture, target = (torch.from_numpy(np.stack(tensors)) for tensors in zip(*pairs, strict=True))
    return mixture, target
