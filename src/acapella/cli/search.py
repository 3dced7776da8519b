"""`acapella search`: train all combinations of a grid, or some that a sampler chooses."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.cli.train import EnvFile
from acapella.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.experiments.events import SearchListener
    from acapella.experiments.grid import Grid
    from acapella.experiments.search import Options, SearchState


@dataclass(frozen=True)
class Cluster:
    """The cluster that trains, how many runs at a time, and the cores of each."""

    address: str
    jobs: int | None
    cores: int

    def search(
        self, grid: "Grid", options: "Options", listen: "SearchListener", *, sampler: str, trials: int
    ) -> "SearchState":
        """Search there."""
        from acapella.experiments.cluster import search_on_cluster
        from acapella.jobs.ray_tasks import RayTasks  # first: it says what is missing

        with RayTasks(self.address, cores=self.cores) as tasks:
            return search_on_cluster(grid, options, listen, tasks, sampler=sampler, trials=trials, at_once=self.jobs)


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
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Train on a Ray cluster; local: one of this machine.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help="Runs at a time on the cluster (default: all that fit).")
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="Of each run on the cluster.")] = 1,
) -> None:
    """Train every combination of a grid's values; result.md and benchmark-loss.png in LOG_BASE compare them.

    Interrupted, the same command goes on; started several times, the processes share the work.

    Examples:

    \b
      acapella search batch.yml --data corpus
      acapella search batch.yml --cluster auto --cores 4
      LOG_BASE=logs/tpe acapella search grid_search.yml --sampler tpe --trials 20
    """
    given = {} if data is None else {"DATA": str(data)}
    console = make_console(context.obj["quiet"])
    where = None if cluster is None else Cluster(cluster, jobs, cores)
    if not run_search(grid, console, env=env, given=given, sampler=sampler, trials=trials, cluster=where):
        raise typer.Exit(1)


def run_search(
    grid_file: Path,
    console: "Console",
    *,
    env: Path | None = None,
    given: dict[str, str] | None = None,
    sampler: str = "grid",
    trials: int | None = None,
    cluster: Cluster | None = None,
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
    from acapella.settings.presets import GRIDS, shipped

    grid = read_grid(find_grid(grid_file, [Path(FOLDER), shipped(GRIDS)]))
    options = Options(env, given or {})
    find_tracks(options.common(grid).data)  # a corpus that is not there would make every run fail
    try:
        from acapella.experiments.training_run import train_or_resume
        from acapella.training.ranks import launched_processes
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    if (processes := launched_processes()) > 1:
        raise UsageError(f"torchrun has started {processes} processes, but a search is one: start it without.")
    try:
        with TrainingReport(console) as listen:
            if cluster is None:
                state = search(grid, options, train_or_resume, listen, sampler=sampler, trials=trials or 0)
            else:
                state = cluster.search(grid, options, listen, sampler=sampler, trials=trials or 0)
    except KeyboardInterrupt:
        console.print("The same command goes on from here.")
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
        console.print(f"Best: {best.id} ({best.label}), {state.search.measure} {best.best:.5g}.")
    if results:
        console.print(f"Results: {state.log_base / TABLE} and {state.log_base / PICTURE}")
    return not failed
