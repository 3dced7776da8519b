"""Search: train the runs of a grid one after the other; an Optuna study records the results."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from acapella.errors import AcapellaError, SettingsError
from acapella.experiments.events import RunFailed, RunStarted, SearchListener
from acapella.experiments.grid import MOST_RUNS, Grid, Run, describe
from acapella.experiments.results import Search
from acapella.experiments.run_folder import WITHOUT_EFFECT
from acapella.experiments.study import SAMPLERS, Plan, SharedStudy, open_study
from acapella.registry import choose
from acapella.settings import Settings
from acapella.settings.text import as_text
from acapella.training.events import TrainingListener

if TYPE_CHECKING:
    from acapella.experiments.training_run import TrainedRun


class Train(Protocol):
    """Trains one run, as `acapella.experiments.training_run.train_or_resume` does."""

    def __call__(self, settings: Settings, listen: TrainingListener, *, name: str) -> "TrainedRun":
        """Train as `settings` say, in a folder called `name`."""


@dataclass(frozen=True)
class Options:
    """Sources of the options that a grid does not name: keyword arguments, the environment, a file."""

    env: Path | None = None
    given: dict[str, str] = field(default_factory=dict)

    def settings(self, run: Run) -> Settings:
        """The settings of one run; repetition k has the seed SEED + k."""
        settings = Settings.read(self.env, **{**self.given, **run.values})
        if settings.load:
            raise SettingsError("LOAD=True does not go with a search: each of its runs begins with fresh weights.")
        if settings.weights.is_absolute():
            raise SettingsError(f"WEIGHTS={str(settings.weights)!r} must be a relative path: each run keeps its own.")
        return settings.model_copy(update={"seed": settings.seed + run.repetition})

    def common(self, grid: Grid) -> Settings:
        """The settings of the first run whose settings are valid; SettingsError if there is none."""
        refused = None
        for run in islice(grid.runs(), MOST_RUNS):
            try:
                return self.settings(run)
            except SettingsError as error:
                refused = refused or error
        assert refused is not None
        raise refused


@dataclass(frozen=True)
class SearchState:
    """The state of a search when this process has no run left to train."""

    search: Search
    under_way: int  # runs that other processes are training
    log_base: Path


def search(
    grid: Grid,
    options: Options,
    train: Train,
    listen: SearchListener,
    *,
    sampler: str = "grid",
    trials: int = 0,
    wait_for_others: Callable[[], object] = lambda: None,
) -> SearchState:
    """Train all runs of `grid`, or `trials` that `sampler` chooses from it, that are not done yet.

    Results are in LOG_BASE: `result.md`, `benchmark-loss.png`, and a folder for each run. `wait_for_others` is called
    when the record is open and before the first run: what fails from then on is not tried again.
    """
    choose(SAMPLERS, sampler, "sampler")
    if sampler != "grid":
        grid = replace(grid, repeat=1)
    elif grid.size > MOST_RUNS:
        raise SettingsError(
            f"The grid {grid.name} makes {grid.size} runs, and {MOST_RUNS} are the most: leave values away, or let "
            "sampler='random' or 'tpe' choose some."
        )
    settings = options.common(grid)
    others = {
        name.upper(): as_text(value)
        for name, value in settings
        if name.upper() not in grid.options and name not in WITHOUT_EFFECT
    }
    plan = Plan(grid, others, sampler, trials, settings.seed)
    with open_study(settings.log_base, plan) as study:
        study.write_results()
        wait_for_others()
        while run := study.claim():
            listen(RunStarted(_position(run, grid), plan.size, describe(grid.differences(run.values))))
            _train(run, study, grid, options, train, listen)
        return SearchState(study.results(), study.under_way(), settings.log_base)


def _train(run: Run, study: SharedStudy, grid: Grid, options: Options, train: Train, listen: SearchListener) -> None:
    """Train one run and record the result; an error ends this run only, an interruption the search."""
    try:
        trained = train(options.settings(run), listen, name=grid.folder_name(run))
    except Exception as error:  # noqa: BLE001  whatever it is, the other runs go on
        reason = str(error) if isinstance(error, AcapellaError) else f"{type(error).__name__}: {error}"
        listen(RunFailed(run.id, reason))
        study.fail(reason)
        return
    if trained.interrupted:
        raise KeyboardInterrupt
    study.succeed(trained.epochs, trained.folder.name)


def _position(run: Run, grid: Grid) -> int:
    number, _, repetition = run.id.partition("-")
    return (int(number) - 1) * grid.repeat + int(repetition or 0) + 1
