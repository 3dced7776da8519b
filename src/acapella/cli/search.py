"""`acapella search`: train all combinations of a grid, or some that a sampler chooses."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.cli.train import EnvFile
from acapella.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.experiments.search import SearchState

DEFAULT_GRID = Path("grid_search.yml")


def search(
    context: typer.Context,
    grid: Annotated[
        Path, typer.Argument(help="A YAML file, looked up here and in grid-search-configs.")
    ] = DEFAULT_GRID,
    env: EnvFile = None,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
    sampler: Annotated[str, typer.Option(help="grid: all combinations; tpe or random: choose N of them.")] = "grid",
    trials: Annotated[
        int | None, typer.Option(min=1, help="N, for tpe and random, where repeat plays no part.")
    ] = None,
) -> None:
    """Train every combination of a grid's values; result.md and benchmark-loss.png in LOG_BASE compare them.

    Interrupted, the same command goes on; started several times, the processes share the work.

    Examples:

    \b
      acapella search batch.yml --data corpus
      LOG_BASE=logs/tpe acapella search grid_search.yml --sampler tpe --trials 20
    """
    given = {} if data is None else {"DATA": str(data)}
    console = make_console(context.obj["quiet"])
    if not run_search(grid, console, env=env, given=given, sampler=sampler, trials=trials):
        raise typer.Exit(1)


def run_search(
    grid_file: Path,
    console: "Console",
    *,
    env: Path | None = None,
    given: dict[str, str] | None = None,
    sampler: str = "grid",
    trials: int | None = None,
) -> bool:
    """Search, and say what was found; returns whether all runs have succeeded."""
    if (sampler == "grid") != (trials is None):
        raise UsageError("--trials N goes with --sampler tpe or random, which need it.")
    try:
        from acapella.experiments.grid import FOLDER, find_grid, read_grid
        from acapella.experiments.search import Options, search
    except ModuleNotFoundError as error:
        raise MissingExtraError("Searching", "search") from error
    from acapella.cli.training import TrainingReport
    from acapella.corpus.tracks import find_tracks

    grid = read_grid(find_grid(grid_file, [Path(FOLDER), Path(sys.argv[0]).resolve().parent / FOLDER]))
    options = Options(env, given or {})
    find_tracks(options.common(grid).data)  # a corpus that is not there would make every run fail
    try:
        from acapella.experiments.training_run import train_or_resume
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    try:
        with TrainingReport(console) as listen:
            state = search(grid, options, train_or_resume, listen, sampler=sampler, trials=trials or 0)
    except KeyboardInterrupt:
        console.print("Interrupted; the same command goes on from here.")
        raise
    return _report(state, console)


def _report(state: "SearchState", console: "Console") -> bool:
    from acapella.experiments.results import PICTURE, TABLE

    results = state.search.results
    failed = sum(bool(result.failure) for result in results)
    if state.under_way:
        console.print(f"Runs still under way in other processes: {state.under_way}.")
    if failed:
        console.print(f"{failed} of {len(results)} runs failed: {TABLE} says why. The next start tries them again.")
    if best := state.search.best:
        console.print(f"Best: {best.id} ({best.label}), loss {best.min_loss:.5g}.")
    if results:
        console.print(f"Results: {state.log_base / TABLE} and {state.log_base / PICTURE}")
    return not failed
