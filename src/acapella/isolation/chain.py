"""A second system, on the vocals of the first: lead and backing voices, or a voice without its room."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import numpy as np

from acapella.errors import UsageError
from acapella.isolation.separation import Stems
from acapella.isolation.spool import Spool
from acapella.isolation.systems import AudioOfStems, AvailableStems, Start, System, by_name, lockstep, stacked
from acapella.models.description import DEFAULT_STEMS, INSTRUMENTAL, VOCAL

VOICES = {VOCAL: "lead", INSTRUMENTAL: "backing"}  # what the stems of a model for songs are when it is given a voice


class Chain:
    """The stems of `second`, made of the vocals of `first`, in their place; the other stems of `first` stay.

    So all still sum to the mixture. A second model that knows vocal and instrumental only, as models for karaoke do,
    gives lead and backing. The first one's stems wait in a temporary file, 4 bytes for each sample, until it is
    through: the second may need several passes, and both at once would need the memory of both.
    """

    def __init__(self, first: System, second: System) -> None:
        if VOCAL not in first.available.all:
            raise UsageError(f"then needs a first model with vocals, not {', '.join(first.available.all)}.", "then")
        parts = second.available.summing
        renamed = VOICES if set(parts) == set(DEFAULT_STEMS) else {}
        self._names: Mapping[str, str] = {renamed.get(part, part): part for part in parts}  # ours to the second one's
        kept = [stem for stem in first.available.all if stem != VOCAL]
        if both := ", ".join(stem for stem in kept if stem in self._names):
            raise UsageError(f"then: both models have a stem {both}.", "then")
        self.description = first.description
        self.available = AvailableStems(*map(self._replace_vocal, _lists(first.available)))
        self.sums_to_mixture = first.sums_to_mixture and second.sums_to_mixture
        self.remarks = tuple(dict.fromkeys((*first.remarks, *second.remarks)))
        self._first = first
        self._second = second

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """As the protocol says."""
        made = [stem for stem in stems if stem in self._names]
        kept = [stem for stem in stems if stem not in self._names]
        if not made:
            yield from self._first.stream(start, sample_rate, channels, stems)
            return
        of_first = [VOCAL, *kept]
        with Spool(channels * len(of_first)) as spool:
            with closing(self._first.stream(start, sample_rate, channels, of_first)) as first:
                for piece in first:
                    spool.append(np.concatenate([piece[stem] for stem in of_first], axis=1))
                    yield dict.fromkeys(stems, piece[VOCAL][:0])  # a sign of life: whoever waits may stop it
            parts = [self._names[stem] for stem in made]
            second = self._second.stream(lambda: _vocal(spool, channels), sample_rate, channels, parts)
            streams = [stacked(second, parts), *([_others(spool, channels)] if kept else [])]
            with closing(lockstep(streams)) as pieces:
                yield from by_name((np.concatenate(each) for each in pieces), made + kept)

    def _replace_vocal(self, stems: Sequence[str]) -> tuple[str, ...]:
        return (*self._names, *(stem for stem in stems if stem != VOCAL))


def _vocal(spool: Spool, channels: int) -> Iterator[np.ndarray]:
    """(samples, channels)."""
    return (piece[:, :channels] for piece in spool.pieces())


def _others(spool: Spool, channels: int) -> AudioOfStems:
    """All stems behind the vocal, (stems, samples, channels)."""
    for piece in spool.pieces():
        yield piece[:, channels:].reshape(len(piece), -1, channels).swapaxes(0, 1)


def _lists(available: AvailableStems) -> tuple[tuple[str, ...], ...]:
    return available.all, available.default, available.summing
