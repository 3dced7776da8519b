"""What can be scored: a model, or stems that some program has written. They can be pickled, to be scored elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from acapella.audio_files import read_audio
from acapella.corpus.cache import LENGTH_TOLERANCE
from acapella.corpus.tracks import MIXTURE, STEMS, Track, files_below
from acapella.errors import CorpusError
from acapella.evaluation.groups import Group
from acapella.evaluation.scores import TrackScores, score_track, stems_to_score
from acapella.isolation.isolator import Isolator
from acapella.models.model_file import ModelIdentity

FOUR_STEMS = ("vocal", "drums", "bass", "other")
OTHER_NAMES = {  # what programs call these stems
    "vocal": ("vocal", "vocals", "voice"),
    "instrumental": ("instrumental", "accompaniment", "no_vocals"),
}


class SystemToScore(Protocol):
    """Gives stems of tracks."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def stems(self) -> Sequence[str]:
        """Those that it may give."""

    def describe(self) -> dict[str, Any]:
        """What it is, beyond doubt."""

    def score(self, track: Track, groups: Sequence[Group]) -> TrackScores:
        """The scores of its stems of `track`."""
        ...


@dataclass(frozen=True)
class ModelToScore:
    """A model file; it is opened when it is needed, with so many `threads`, 0: one for each core."""

    name: str
    file: Path
    threads: int = 0

    @cached_property
    def isolator(self) -> Isolator:
        """The model, open."""
        return Isolator.load(self.file, threads=self.threads)

    @property
    def stems(self) -> Sequence[str]:
        """All that the model has."""
        return self.isolator.stems

    def describe(self) -> dict[str, Any]:
        """Its name, and the digest of its file."""
        digest = ModelIdentity.of(self.file).sha256
        return {"name": self.name, "network": self.isolator.description.origin.family, "sha256": digest}

    def score(self, track: Track, groups: Sequence[Group]) -> TrackScores:
        """Separate the track's mixture, and compare."""
        return score_track(self.isolator, track, groups, stems_to_score(self.isolator.description, track))

    def __getstate__(self) -> dict[str, Any]:
        """Without the open model."""
        return {"name": self.name, "file": self.file, "threads": self.threads}


@dataclass(frozen=True)
class Estimates:
    """Stems in a folder: `TRACK/STEM` or `TRACK_STEM`, where TRACK is the track's name or its mixture's."""

    name: str
    folder: Path

    @property
    def stems(self) -> Sequence[str]:
        """Those that may be there."""
        return tuple(dict.fromkeys((*STEMS, *FOUR_STEMS)))

    def describe(self) -> dict[str, Any]:
        """Where the stems are."""
        return {"name": self.name, "estimates": str(self.folder)}

    @cached_property
    def _files(self) -> dict[str, Path]:
        """All files, by their path in the folder without suffix."""
        return {path.relative_to(self.folder).with_suffix("").as_posix(): path for path in files_below(self.folder)}

    def score(self, track: Track, groups: Sequence[Group]) -> TrackScores:
        """Read what was written for the track, and compare."""
        there = {stem: path for stem in self.stems if stem in track.files and (path := self.find(track, stem))}
        names = [stem for stem in FOUR_STEMS if stem in there]
        if len(names) < len(FOUR_STEMS):
            names = [stem for stem in there if stem in STEMS] or list(there)
        if not names:
            raise CorpusError(f"{self.folder} holds no stems of {track.name}, such as {track.name}/vocals.wav.")
        return score_track(_Written(there), track, groups, names)

    def find(self, track: Track, stem: str) -> Path | None:
        """The file of a stem."""
        return next((self._files[name] for name in self._candidates(track, stem) if name in self._files), None)

    def _candidates(self, track: Track, stem: str) -> Iterator[str]:
        title = track.name.rpartition("/")[2]
        for base in (track.name, f"{track.name}_{MIXTURE}", title, f"{title}_{MIXTURE}"):
            for name in OTHER_NAMES.get(stem, (stem,)):
                yield from (f"{base}/{name}", f"{base}_{name}")


@dataclass(frozen=True)
class _Written:
    """Gives the stems in `files` for those of a mixture."""

    files: dict[str, Path]

    def isolate(self, audio: np.ndarray, sample_rate: int, stems: Sequence[str], /) -> dict[str, np.ndarray]:
        """As `evaluation.scores.Isolates` says."""
        return {stem: self._fitted(self.files[stem], audio, sample_rate) for stem in stems}

    @staticmethod
    def _fitted(path: Path, mixture: np.ndarray, sample_rate: int) -> np.ndarray:
        """The audio of a file, cut or filled up to the mixture's length where they differ by little."""
        audio, rate = read_audio(path)
        missing = len(mixture) - len(audio)
        if rate != sample_rate or audio.shape[1] != mixture.shape[1] or abs(missing) > LENGTH_TOLERANCE * rate:
            found = f"{rate} Hz, {audio.shape[1]} channels, {len(audio) / rate:.2f} s"
            needed = f"{sample_rate} Hz, {mixture.shape[1]} channels, {len(mixture) / sample_rate:.2f} s"
            raise CorpusError(f"{path}: it has {found}, and the mixture {needed}.")
        return np.pad(audio, ((0, max(0, missing)), (0, 0)))[: len(mixture)]
