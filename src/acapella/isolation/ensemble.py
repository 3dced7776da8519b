"""Several systems over the same song, combined stem by stem at the song's rate.

They run in lockstep, so that memory does not grow with the song; their rates, schedules and latencies may differ.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from math import isfinite

import numpy as np

from acapella.dsp.stft import STFT, Analysis, Synthesis
from acapella.errors import UsageError
from acapella.isolation.separation import Stems
from acapella.isolation.systems import AvailableStems, Start, System, by_name, lockstep, stacked
from acapella.models.description import DEFAULT_STEMS, VOCAL
from acapella.registry import choose

COMBINATION_STFT = STFT(2048, 512)  # a fixed one, whatever the models use: 46 and 12 ms at 44100 Hz

Aligned = Iterator[list[np.ndarray]]  # (stems, samples, channels) of each system, of equal length


class Ensemble:
    """Several systems as one that gives the stems that all of them have.

    `combine` is a key of `COMBINATIONS`: the "mean" of the waveforms, with `weights`; or at each time and frequency the
    system with the smallest or largest magnitude, "min" and "max", whose stems do not sum to the mixture.
    """

    def __init__(
        self, systems: Sequence[System], weights: Sequence[float] | None = None, combine: str = "mean"
    ) -> None:
        self._combine = choose(COMBINATIONS, combine, "combine")
        if weights is not None and combine != "mean":
            raise UsageError(f"combine={combine!r} has no weights.", "combine")
        self._weights = _checked_weights(weights, len(systems))
        self.description = systems[0].description
        self.available = _common_stems(systems)
        self.sums_to_mixture = combine == "mean" and all(system.sums_to_mixture for system in systems)
        remarks = [remark for system in systems for remark in system.remarks]
        if combine != "mean":
            remarks.append(f"combine={combine!r}: the stems do not sum to the song.")
        self.remarks = tuple(dict.fromkeys(remarks))
        self._systems = systems

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """As the protocol says."""
        streams = [system.stream(start, sample_rate, channels, stems) for system in self._systems]
        with closing(lockstep([stacked(stream, stems) for stream in streams])) as pieces:
            yield from by_name(self._combine(pieces, self._weights), stems)


def weighted_mean(pieces: Aligned, weights: np.ndarray) -> Iterator[np.ndarray]:
    """The mean of the waveforms; `weights` (systems,) sum to 1."""
    for piece in pieces:
        total = weights[0] * piece[0]
        for weight, audio in zip(weights[1:], piece[1:], strict=True):
            total += weight * audio
        yield total


def smallest_magnitude(pieces: Aligned, weights: np.ndarray) -> Iterator[np.ndarray]:
    """Of each time and frequency the smallest: what all systems agree on."""
    return _chosen_by_magnitude(pieces, np.argmin)


def largest_magnitude(pieces: Aligned, weights: np.ndarray) -> Iterator[np.ndarray]:
    """Of each time and frequency the largest: what any system has found."""
    return _chosen_by_magnitude(pieces, np.argmax)


COMBINATIONS: dict[str, Callable[[Aligned, np.ndarray], Iterator[np.ndarray]]] = {
    "mean": weighted_mean,
    "min": smallest_magnitude,
    "max": largest_magnitude,
}


def _chosen_by_magnitude(pieces: Aligned, choice: Callable[..., np.ndarray]) -> Iterator[np.ndarray]:
    """The bins of the system that `choice` takes, with its phase too.

    So each bin is one that a system has made of the song. With the phase of the mean, a small magnitude would get the
    phase of the loudest system, which has been turned down there.
    """
    analyses: list[Analysis] = []
    synthesis: Synthesis | None = None
    shape: tuple[int, ...] = ()
    samples = 0

    def resynthesize(spectra: list[np.ndarray]) -> np.ndarray:
        assert synthesis is not None
        audio = synthesis.push(_choose_bins(np.stack(spectra), choice))
        return audio.reshape(*shape, -1).swapaxes(1, 2)

    for piece in pieces:
        if synthesis is None:
            shape = (piece[0].shape[0], piece[0].shape[2])  # stems and channels
            analyses = [Analysis(COMBINATION_STFT, shape[0] * shape[1]) for _ in piece]
            synthesis = Synthesis(COMBINATION_STFT, shape[0] * shape[1])
        samples += piece[0].shape[1]
        rows = [audio.swapaxes(1, 2).reshape(shape[0] * shape[1], -1) for audio in piece]
        spectra = [analysis.push(each) for analysis, each in zip(analyses, rows, strict=True)]
        if spectra[0].shape[-1]:
            yield resynthesize(spectra)
    if synthesis is not None:
        yield resynthesize([analysis.finish() for analysis in analyses])
        yield synthesis.finish(samples).reshape(*shape, -1).swapaxes(1, 2)


def _choose_bins(spectra: np.ndarray, choice: Callable[..., np.ndarray]) -> np.ndarray:
    """(systems, rows, bins, frames) to (rows, bins, frames)."""
    chosen = choice(np.abs(spectra), axis=0)
    bins: np.ndarray = np.take_along_axis(spectra, chosen[None], axis=0)[0]
    return bins


def _checked_weights(weights: Sequence[float] | None, systems: int) -> np.ndarray:
    """(systems,) float32, which sum to 1."""
    if weights is None:
        return np.full(systems, 1 / systems, np.float32)
    if len(weights) != systems or not all(isfinite(weight) and weight > 0 for weight in weights):
        given = ",".join(f"{weight:g}" for weight in weights)
        raise UsageError(f"weights={given!r} is not made of {systems} numbers above 0, one for each model.", "weights")
    values = np.array(weights, np.float32)
    shares: np.ndarray = values / values.sum()
    return shares


def _common_stems(systems: Sequence[System]) -> AvailableStems:
    """What all systems have, in the first one's order; UsageError where that is nothing."""
    first, *others = (system.available for system in systems)
    common = tuple(stem for stem in first.all if all(stem in other.all for other in others))
    if not common:
        lists = "; ".join(", ".join(system.available.all) for system in systems)
        raise UsageError(f"The models have no stem in common: {lists}.", "model")
    default = DEFAULT_STEMS if VOCAL in common else common
    summing = tuple(stem for stem in first.summing if stem in common)
    return AvailableStems(common, default, summing if summing == first.summing else default)
