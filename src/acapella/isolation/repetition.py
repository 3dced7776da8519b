"""One system several times over the same song, each time changed in a way that can be undone, and averaged.

What a network makes of a song depends a little on where its chunks begin, on which channel is the left one and on the
sign of the wave. None of them should matter, so the mean of several runs has less error. The mean of stems that sum to
the mixture sums to it as well.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np

from acapella.errors import UsageError
from acapella.isolation.separation import Pieces, Stems
from acapella.isolation.systems import Start, System, by_name, lockstep, stacked
from acapella.registry import choose

LONGEST_SHIFT = 0.5  # seconds
MOST_SHIFTS = 100  # each is a run over the song


class Shifted:
    """The mean of `shifts` runs over the song, each delayed by another time of up to half a second.

    The times are drawn with `seed`, and are the same for every song. Demucs calls it the shift trick (A. Défossez et
    al., "Music source separation in the waveform domain", 2019).
    """

    def __init__(self, system: System, shifts: int, seed: int = 0) -> None:
        if not 1 <= shifts <= MOST_SHIFTS:
            raise UsageError(f"shifts={shifts} is not a number from 1 to {MOST_SHIFTS}.", "shifts")
        if seed < 0:
            raise UsageError(f"seed={seed} is negative.", "seed")
        self.description = system.description
        self.available = system.available
        self.sums_to_mixture = system.sums_to_mixture
        self.remarks = system.remarks
        self._system = system
        self._delays = np.random.default_rng(seed).uniform(0, LONGEST_SHIFT, shifts)  # seconds

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """As the protocol says."""

        def run(samples: int) -> Stems:
            delayed = self._system.stream(lambda: _delay(start(), samples), sample_rate, channels, stems)
            return _skip(delayed, samples)

        return _mean([run(round(seconds * sample_rate)) for seconds in self._delays], stems)


class Augmented:
    """The mean of a plain run and of one for each of the `augmentations` (keys of `AUGMENTATIONS`).

    Known as test-time augmentation.
    """

    def __init__(self, system: System, augmentations: Sequence[str]) -> None:
        self.description = system.description
        self.available = system.available
        self.sums_to_mixture = system.sums_to_mixture
        self.remarks = system.remarks
        self._system = system
        self._changes = [choose(AUGMENTATIONS, name, "tta") for name in dict.fromkeys(augmentations)]

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """As the protocol says."""

        def run(change: Change) -> Stems:
            changed = self._system.stream(lambda: map(change, start()), sample_rate, channels, stems)
            return _undo(changed, change)

        changes = [change for change in self._changes if change is not swap_channels or channels > 1]
        plain = self._system.stream(start, sample_rate, channels, stems)
        return _mean([plain, *map(run, changes)], stems)


Change = Callable[[np.ndarray], np.ndarray]  # of audio (samples, channels); done twice, it is undone


def swap_channels(audio: np.ndarray) -> np.ndarray:
    """(samples, channels) with the two channels of each pair exchanged; a last single one stays."""
    order = np.arange(audio.shape[1])
    paired = len(order) // 2 * 2
    order[:paired] = order[:paired].reshape(-1, 2)[:, ::-1].ravel()
    return audio[:, order]


AUGMENTATIONS: dict[str, Change] = {"swap": swap_channels, "invert": np.negative}


def _delay(pieces: Pieces, samples: int) -> Iterator[np.ndarray]:
    """Silence, and then the song."""
    for number, piece in enumerate(pieces):
        if number == 0:
            yield np.zeros((samples, piece.shape[1]), np.float32)
        yield piece


def _skip(stream: Stems, samples: int) -> Stems:
    """The stems without their first samples."""
    with closing(stream):
        for piece in stream:
            yield {stem: audio[samples:] for stem, audio in piece.items()}
            samples = max(0, samples - len(next(iter(piece.values()))))


def _undo(stream: Stems, change: Change) -> Stems:
    with closing(stream):
        for piece in stream:
            yield {stem: change(audio) for stem, audio in piece.items()}


def _mean(runs: Sequence[Stems], stems: Sequence[str]) -> Stems:
    """The mean of all runs, stem by stem."""
    with closing(lockstep([stacked(run, stems) for run in runs])) as pieces:
        yield from by_name((sum(each[1:], start=each[0]) / np.float32(len(each)) for each in pieces), stems)
