"""Score a model on the tracks of a corpus, and keep what was found."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from acapella import __version__
from acapella.corpus.tracks import STEMS, Track, find_tracks
from acapella.errors import CorpusError, InputError
from acapella.evaluation.groups import Group
from acapella.evaluation.picture import plot_distribution
from acapella.evaluation.records import write_csv, write_json
from acapella.evaluation.scores import TrackScores
from acapella.evaluation.systems import SystemToScore

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FILES = ("scores.csv", "scores.json", "scores.png")


@dataclass(frozen=True)
class TrackFailure:
    """A track that could not be scored."""

    name: str
    error: InputError | OSError


def choose_tracks(folder: Path, parts: Sequence[str], stems: Sequence[str]) -> tuple[list[Track], list[str]]:
    """The tracks of a corpus with a model's `stems` and one of `parts`, if there are any, in their names.

    Also a sentence for each track that is left out, for it is not complete.
    """
    required = STEMS if set(stems) == set(STEMS) else ()
    found, skipped = find_tracks(folder, required, stems)
    chosen = [track for track in found if not parts or any(part in track.name for part in parts)]
    if not chosen:
        raise CorpusError(f"No track of {folder} has {' or '.join(parts)} in its name; {found[0].name} is one of them.")
    return chosen, skipped


def score_tracks(
    system: SystemToScore, tracks: Sequence[Track], groups: Sequence[Group], processes: int = 1
) -> Iterator[TrackScores | TrackFailure]:
    """The scores of the tracks, in their order, of several at a time if there are several `processes`.

    One that fails does not keep the others from theirs.
    """
    if processes == 1:
        yield from (score_track_of(system, track, groups) for track in tracks)
        return
    with (
        _one_thread_a_process(),
        ProcessPoolExecutor(processes, get_context("spawn"), _Scorer.open, (system, groups)) as pool,
    ):
        yield from pool.map(_Scorer.score, tracks)


class _Scorer:
    """What a process of `score_tracks` keeps from track to track."""

    system: SystemToScore
    groups: Sequence[Group]

    @classmethod
    def open(cls, system: SystemToScore, groups: Sequence[Group]) -> None:
        cls.system, cls.groups = system, groups

    @classmethod
    def score(cls, track: Track) -> TrackScores | TrackFailure:
        return score_track_of(cls.system, track, cls.groups)


def score_track_of(system: SystemToScore, track: Track, groups: Sequence[Group]) -> TrackScores | TrackFailure:
    """The scores of one track, or why there are none."""
    try:
        return system.score(track, groups)
    except (InputError, OSError) as error:
        return TrackFailure(track.name, error)


@contextmanager
def _one_thread_a_process() -> Iterator[None]:
    """New processes compute with one thread: the linear algebra of each would otherwise take all cores."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def describe_run(data: Path, system: SystemToScore) -> dict[str, Any]:
    """What is scored on what."""
    return {"acapella": __version__, "data": str(data), "model": system.describe()}


def write_results(
    scores: Sequence[TrackScores], failures: Sequence[TrackFailure], about: Mapping[str, Any], folder: Path
) -> list[Path]:
    """Write table, record and picture into `folder`; `about` is from `describe_run`."""
    table, record, picture = paths = [folder / name for name in FILES]
    plot_distribution(scores, picture, title=f"Model {about['model']['name']} on {about['data']}")
    write_csv(scores, table)
    write_json(scores, record, about, {failure.name: str(failure.error) for failure in failures})
    return paths
