"""Score a model on one track of a corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from acapella.audio_files import read_audio
from acapella.corpus.cache import LENGTH_TOLERANCE
from acapella.corpus.tracks import MIXTURE, Track
from acapella.errors import CorpusError
from acapella.evaluation.groups import Group, Separated
from acapella.models.description import DEFAULT_STEMS, ModelDescription

StemScores = dict[str, dict[str, float]]  # by stem, then by metric; not-a-number where it is not defined


@dataclass(frozen=True)
class TrackScores:
    """The scores of one track: of the estimates and, for metrics where that is usual, of the mixture in their place."""

    name: str
    seconds: float
    scores: StemScores
    mixture: StemScores
    silent: tuple[str, ...] = ()  # the stems whose reference is silent throughout


def label(stem: str) -> str:
    """The name of a stem in text: "vocals" for "vocal"."""
    return "vocals" if stem == "vocal" else stem


def stems_of(tracks: Sequence[TrackScores]) -> list[str]:
    """The stems that any of `tracks` is scored for, in order."""
    return list(dict.fromkeys(stem for track in tracks for stem in track.scores))


def stems_to_score(description: ModelDescription, track: Track) -> list[str]:
    """The stems that the model can give and `track` has; each part of the mixture once.

    So it is drums, bass, other and vocals, or else vocals and instrumental: BSS Eval needs independent references.
    """
    parts = [stem for stem in description.summing_stems if stem in track.files]
    return parts if len(parts) > 1 else [stem for stem in description.stems if stem in track.files]


class Isolates(Protocol):
    """Whatever takes songs apart: an `Isolator`, or another system to compare with."""

    def isolate(self, audio: np.ndarray, sample_rate: int, stems: Sequence[str], /) -> dict[str, np.ndarray]:
        """Stems by name of `audio` (samples, channels), each of its shape."""
        ...


def score_track(
    isolator: Isolates, track: Track, groups: Sequence[Group], names: Sequence[str] = DEFAULT_STEMS
) -> TrackScores:
    """Separate the mixture of `track` and compare the stems `names`; CorpusError where its parts do not fit."""
    if not names:
        raise CorpusError(f"{track.name} has none of the model's stems.")
    parts, sample_rate = _read(track, [MIXTURE, *names])
    mixture = parts[MIXTURE]
    stems = isolator.isolate(mixture, sample_rate, names)
    audio = Separated(
        references=np.stack([parts[stem] for stem in names]),
        estimates=np.stack([stems[stem] for stem in names]),
        mixture=mixture,
        sample_rate=sample_rate,
    )
    return TrackScores(
        name=track.name,
        seconds=len(mixture) / sample_rate,
        scores=_measure(audio, names, groups),
        mixture=_measure(audio.unprocessed(), names, [group for group in groups if group.of_mixture]),
        silent=tuple(stem for stem in names if not parts[stem].any()),
    )


def _measure(audio: Separated, stems: Sequence[str], groups: Sequence[Group]) -> StemScores:
    values = {name: numbers for group in groups for name, numbers in group.measure(audio).items()}
    return {stem: {name: float(numbers[i]) for name, numbers in values.items()} for i, stem in enumerate(stems)}


def _read(track: Track, parts: Sequence[str]) -> tuple[dict[str, np.ndarray], int]:
    """These parts of `track`, cut to the shortest, and their sample rate."""
    read = {part: read_audio(track.files[part]) for part in parts}
    rates = {part: rate for part, (_, rate) in read.items()}
    audio = {part: samples for part, (samples, _) in read.items()}
    _demand_equal(track, "sample rate", {part: f"{rate} Hz" for part, rate in rates.items()})
    _demand_equal(track, "number of channels", {part: f"{samples.shape[1]}" for part, samples in audio.items()})
    sample_rate = rates[MIXTURE]
    lengths = [len(samples) for samples in audio.values()]
    if max(lengths) - min(lengths) > LENGTH_TOLERANCE * sample_rate:
        _demand_equal(track, "length", {part: f"{len(samples) / sample_rate:.2f} s" for part, samples in audio.items()})
    return {part: samples[: min(lengths)] for part, samples in audio.items()}, sample_rate


def _demand_equal(track: Track, what: str, values: dict[str, str]) -> None:
    if len(set(values.values())) > 1:
        listed = ", ".join(f"{track.files[part].name} {value}" for part, value in values.items())
        raise CorpusError(f"{track.name}: its files must have one {what} ({listed}).")
