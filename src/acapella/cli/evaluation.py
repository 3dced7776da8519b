"""What `acapella evaluate` says and writes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from acapella.cli.console import Stopwatch, report
from acapella.corpus.tracks import Track
from acapella.errors import UsageError
from acapella.evaluation.comparison import FILE, paired_differences, write_comparison
from acapella.evaluation.evaluate import TrackFailure, choose_tracks, describe_run, write_results
from acapella.evaluation.groups import Group
from acapella.evaluation.scores import TrackScores
from acapella.evaluation.summary import summarize
from acapella.evaluation.systems import SystemToScore
from acapella.evaluation.tables import comparison_table, remarks, total_table, track_table
from acapella.models.model_file import ModelIdentity

TRACKS_SHOWN = 20  # on screen; the files have all
PLAIN_WIDTH = 200  # characters that a line may have where there is no terminal


ScoreAll = Callable[[SystemToScore, Sequence[Track], Sequence[Group]], Iterator[TrackScores | TrackFailure]]


@dataclass(frozen=True)
class Evaluation:
    """How systems are scored, and where the results go."""

    data: Path
    parts: Sequence[str]  # of names of tracks
    groups: Sequence[Group]
    score_all: ScoreAll
    output: Path
    console: Console
    debug: bool

    def choose(self, system: SystemToScore) -> list[Track]:
        """The tracks to score `system` with; says which are left out."""
        chosen, skipped = choose_tracks(self.data, self.parts, system.stems)
        for sentence in skipped:
            self.console.print(f"{sentence}.")
        return chosen

    def score(self, system: SystemToScore, tracks: Sequence[Track], folder: Path) -> list[TrackScores]:
        """The scores of a system, shown and written to `folder`."""
        scores: list[TrackScores] = []
        failures: list[TrackFailure] = []
        about = describe_run(self.data, system)
        if digest := about["model"].get("sha256"):
            self.console.print(f"Model: {ModelIdentity(system.name, digest)}")
        watch = Stopwatch()
        for number, scored in enumerate(self.score_all(system, tracks, self.groups), 1):
            if isinstance(scored, TrackFailure):
                if self.debug:
                    raise scored.error
                report(scored.error)
                failures.append(scored)
            else:
                self.console.print(f"{number}/{len(tracks)} {scored.name} ({watch})")
                scores.append(scored)
            watch = Stopwatch()
        if scores:
            _show(scores)
            written = write_results(scores, failures, about, folder)
            self.console.print(f"Written: {', '.join(map(str, written))}")
        if failures:
            self.console.print(f"{len(scores)} of {len(tracks)} tracks scored.")
        return scores

    def score_several(self, tracks: "Mapping[SystemToScore, Sequence[Track]]") -> list[list[TrackScores]]:
        """The scores of several systems, each in a folder of its own, and how they differ from the first."""
        scored: dict[str, list[TrackScores]] = {}
        for number, (system, found) in enumerate(tracks.items(), 1):
            self.console.print(f"{system.name}:")
            name = re.sub(r"[^\w.-]+", "-", Path(system.name).name)
            scored[system.name] = self.score(system, found, self.output / f"{number}_{name}")
        if all(scored.values()):
            first, *others = scored
            differences = {name: paired_differences(scored[first], scored[name]) for name in others}
            summaries = {name: summarize(scores) for name, scores in scored.items()}
            _screen().print(comparison_table(summaries, differences))
            write_comparison(first, differences, self.output / FILE)
            self.console.print(f"Written: {self.output / FILE}")
        return list(scored.values())


def make_folder(path: Path) -> None:
    """Before the work, which takes long."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"-o {path} is a file; name a folder.")
    path.mkdir(parents=True, exist_ok=True)


def _screen() -> Console:
    screen = Console(highlight=False, markup=False, emoji=False)
    if not screen.is_terminal:
        screen.width = PLAIN_WIDTH
    return screen


def _show(scores: Sequence[TrackScores]) -> None:
    """Tables on standard output."""
    screen = _screen()
    if 1 < len(scores) <= TRACKS_SHOWN:
        screen.print(track_table(scores))
        screen.print()
    summary = summarize(scores)
    screen.print(total_table(summary))
    for sentence in remarks(summary):
        screen.print(sentence)
