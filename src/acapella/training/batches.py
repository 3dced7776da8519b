"""Which slices make up each batch.

A batch generator is a pure function of (seed, epoch, step): any batch can be made again, in any order, so that an
interrupted training goes on exactly where it stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, overload

import numpy as np
import torch

from acapella.corpus.examples import Examples
from acapella.dsp.choppers import CHOPPERS, Rectangle
from acapella.errors import CorpusError, SettingsError
from acapella.registry import choose
from acapella.settings import Settings
from acapella.training.ranks import ALONE, Rank
from acapella.training.remix import Remix, draw_remix, families


class Slice(NamedTuple):
    """A rectangle of a track: of its spectrogram, or a chunk of time (`corpus.examples`)."""

    track: Examples
    rectangle: Rectangle

    def cut(self) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target, each (tensor channels, bins, frames) or (channels, samples), float32."""
        return self.track.cut(self.rectangle)


class Slices(Sequence[Slice]):
    """All slices of some tracks, in order, kept as bare numbers: those of a hundred hours fit in memory."""

    def __init__(self, pieces: Iterable[tuple[Examples, Sequence[Rectangle]]]) -> None:
        filled = [(track, np.array(rectangles, np.int32)) for track, rectangles in pieces if rectangles]
        self._tracks = [track for track, _ in filled]
        self._rectangles = [rectangles for _, rectangles in filled]
        self._ends = np.cumsum([len(rectangles) for rectangles in self._rectangles], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._tracks else 0

    @overload
    def __getitem__(self, number: int) -> Slice: ...
    @overload
    def __getitem__(self, number: slice) -> list[Slice]: ...
    def __getitem__(self, number: int | slice) -> Slice | list[Slice]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        place = int(np.searchsorted(self._ends, number, side="right"))
        return self._slice(place, number - int(self._ends[place]))

    def draw(self, rng: np.random.Generator) -> Slice:
        """A random slice of a random track, each track as likely as any other."""
        place = int(rng.integers(len(self._tracks)))
        return self._slice(place, int(rng.integers(len(self._rectangles[place]))))

    def _slice(self, place: int, number: int) -> Slice:
        return Slice(self._tracks[place], Rectangle(*self._rectangles[place][number].tolist()))


Batch = tuple[torch.Tensor, torch.Tensor]
_PLAN, _SHUFFLE, _DRAW, _DROPOUT = range(4)  # purposes of random numbers, so that no two share a seed


class Batches:
    """The batches of an epoch: `steps` of them, each (mixture, target) tensors."""

    def __init__(self, tracks: Sequence[Examples], settings: Settings) -> None:
        if settings.chopname == "infere":
            raise SettingsError("CHOPNAME='infere' is for isolating only; train with tile, say.")
        self._settings = settings
        self._batch_of = choose(GENERATORS, settings.batch_generator, "BATCH_GENERATOR")
        self._fresh = settings.batch_generator in ("random", "remix")
        self._one = settings.chopparams.model_copy(update={"slices": 1})
        is_full = "full" in settings.chopname or settings.batch_generator == "remix"
        self._chopper = CHOPPERS["random_full" if is_full else "random"]
        if self._fresh:
            tracks = [track for track in tracks if self._chopper(track.extent, self._one, rng=self.rng(_PLAN))]
        self._tracks = tracks
        self._families = families(tracks)
        self.slices = Slices([] if self._fresh else plan_slices(tracks, settings))
        self._order = lru_cache(maxsize=2)(self._shuffle)  # a batch may lie in two rounds
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

    def torch_seed(self, epoch: int, step: int) -> int:
        """Where torch's random numbers, those of dropout, start for a batch."""
        return int(self.rng(_DROPOUT, epoch, step).integers(2**63))

    def size(self, step: int) -> int:
        """Slices in a batch: BATCH, but for the last one of an epoch."""
        return min(self._settings.batch, self.samples - step * self._settings.batch)

    def plan(self, epoch: int, step: int) -> Sequence[Slice | Remix]:
        """The slices of a batch."""
        return self._batch_of(self, epoch, step, self.size(step))

    def load(self, epoch: int, step: int, rank: Rank = ALONE) -> Batch:
        """The rank's part of the batch: mixtures and targets, as `Slice.cut` has them behind an axis of the batch."""
        return load_slices(self.plan(epoch, step)[rank.part(self.size(step))])

    def keras(self, epoch: int, step: int, size: int) -> list[Slice]:
        """All slices in a new order each epoch, each once."""
        first = step * self._settings.batch
        return [self.slices[number] for number in self._order(epoch)[first : first + size]]

    def default(self, epoch: int, step: int, size: int) -> list[Slice]:
        """Shuffled slices; none comes again before all have come, over the borders of epochs."""
        first = epoch * self.samples + step * self._settings.batch
        places = [divmod(number, len(self.slices)) for number in range(first, first + size)]
        return [self.slices[self._order(turn)[place]] for turn, place in places]

    def _shuffle(self, turn: int) -> np.ndarray:
        return self.rng(_SHUFFLE, turn).permutation(len(self.slices))

    def track(self, epoch: int, step: int, size: int) -> list[Slice]:
        """A random slice of a random track, `size` times."""
        rng = self.rng(_DRAW, epoch, step)
        return [self.slices.draw(rng) for _ in range(size)]

    def random(self, epoch: int, step: int, size: int) -> list[Slice]:
        """A fresh random rectangle of a random track, `size` times."""
        rng = self.rng(_DRAW, epoch, step)
        chosen = [self._tracks[number] for number in rng.integers(len(self._tracks), size=size)]
        return [Slice(track, self._chopper(track.extent, self._one, rng=rng)[0]) for track in chosen]

    def remix(self, epoch: int, step: int, size: int) -> list[Remix]:
        """Random vocals with a random accompaniment, `size` times, all frequencies."""
        rng = self.rng(_DRAW, epoch, step)
        frames, params = self._settings.chopparams.scale, self._settings.remix_params
        return [draw_remix(self._families, frames, params, rng) for _ in range(size)]


Generator = Callable[[Batches, int, int, int], Sequence[Slice | Remix]]
GENERATORS: dict[str, Generator] = {
    "keras": Batches.keras,
    "default": Batches.default,
    "track": Batches.track,
    "random": Batches.random,
    "remix": Batches.remix,
}


def plan_slices(tracks: Sequence[Examples], settings: Settings) -> Iterator[tuple[Examples, list[Rectangle]]]:
    """Each track with the rectangles that CHOPNAME finds in it."""
    chopper = choose(CHOPPERS, settings.chopname, "CHOPNAME")
    needs_target = settings.chopname.startswith("filtered")
    for number, track in enumerate(tracks):
        rng = np.random.default_rng([settings.seed, _PLAN, number])
        target = track.target() if needs_target else None
        yield track, chopper(track.extent, settings.chopparams, target=target, rng=rng)


def load_slices(slices: Sequence[Slice | Remix]) -> Batch:
    """Mixtures and targets of `slices`, as `Slice.cut` has them behind an axis of the batch."""
    pairs = [piece.cut() for piece in slices]
    mixture, target = (torch.from_numpy(np.stack(tensors)) for tensors in zip(*pairs, strict=True))
    return mixture, target
