"""Score a model on a Ray cluster: each track is a task. The corpus must mean the same on all machines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from acapella.corpus.tracks import Track
from acapella.evaluation.evaluate import TrackFailure, score_track_of
from acapella.evaluation.groups import Group
from acapella.evaluation.scores import TrackScores
from acapella.evaluation.systems import ModelToScore, SystemToScore
from acapella.jobs.model_files import KeptFiles, ModelFile
from acapella.jobs.ray_tasks import RayTasks


def score_on_cluster(
    system: SystemToScore, tracks: Sequence[Track], groups: Sequence[Group], tasks: RayTasks, at_once: int | None = None
) -> Iterator[TrackScores | TrackFailure]:
    """As `score_tracks`; a model's file is sent to the machines."""
    file = tasks.model_files.hand_over(system.file) if isinstance(system, ModelToScore) else None
    yield from tasks.map(partial(_score, system, file, groups), tracks, at_once)


def _score(
    system: SystemToScore, file: ModelFile | None, groups: Sequence[Group], track: Track
) -> TrackScores | TrackFailure:
    """There."""
    if isinstance(system, ModelToScore) and file is not None:
        system = _kept(replace(system, file=KeptFiles().path(file)))
    return score_track_of(system, track, groups)


@lru_cache(1)
def _kept(system: ModelToScore) -> ModelToScore:
    """The same object for equal ones: its model stays open from track to track."""
    return system
