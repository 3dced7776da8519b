"""Search: train run after run of a grid until all are done; what happened is kept in an Optuna study."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from acapella.errors import AcapellaError, SettingsError
from acapella.experiments.events import RunFailed, RunStarted, SearchListener
from acapella.experiments.grid import Grid, Run, describe
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
    """Trains one run; `acapella.experiments.training_run.train_or_resume` is the real one."""

    def __call__(self, settings: Settings, listen: TrainingListener, *, name: str) -> "TrainedRun":
        """Train as `settings` say, in a folder called `name`."""


@dataclass(frozen=True)
class Options:
    """Where a search takes the options that its grid does not name: keyword arguments, environment, a file."""

    env: Path | None = None
    given: dict[str, str] = field(default_factory=dict)

    def settings(self, run: Run) -> Settings:
        """The settings of one run; repetition k starts its randomness at SEED + k."""
        settings = Settings.read(self.env, **{**self.given, **run.values})
        if settings.load:
            raise SettingsError("LOAD=True does not go with a search: each of its runs begins with fresh weights.")
        if settings.weights.is_absolute():
            raise SettingsError(f"WEIGHTS={str(settings.weights)!r} must be a relative path: each run keeps its own.")
        return settings.model_copy(update={"seed": settings.seed + run.repetition})

    def common(self, grid: Grid) -> Settings:
        """The settings of the first run that has valid ones; a SettingsError where none has."""
        refused = None
        for run in grid.runs():
            try:
                return self.settings(run)
            except SettingsError as error:
                refused = refused or error
        assert refused is not None
        raise refused


@dataclass(frozen=True)
class SearchState:
    """How a search stands once this process has nothing left to do."""

    search: Search
    under_way: int  # runs that other processes are at work on
    log_base: Path


def search(
    grid: Grid,
    options: Options,
    train: Train,
    listen: SearchListener,
    *,
    sampler: str = "grid",
    trials: int = 0,
) -> SearchState:
    """Train all runs of `grid`, or `trials` that `sampler` chooses from it, that are not done yet.

    Results are in LOG_BASE: `result.md`, `benchmark-loss.png`, and a folder for each run.
    """
    choose(SAMPLERS, sampler, "sampler")
    if sampler != "grid":
        grid = replace(grid, repeat=1)
    settings = options.common(grid)
    others = {
        name.upper(): as_text(value)
        for name, value in settings
        if name.upper() not in grid.options and name not in WITHOUT_EFFECT
    }
    plan = Plan(grid, others, sampler, trials, settings.seed)
    with open_study(settings.log_base, plan) as study:
        study.write_results()
        while run := study.claim():
            listen(RunStarted(_position(run, grid), plan.size, describe(grid.differences(run.values))))
            _train(run, study, grid, options, train, listen)
        return SearchState(study.results(), study.under_way(), settings.log_base)


def _train(run: Run, study: SharedStudy, grid: Grid, options: Options, train: Train, listen: SearchListener) -> None:
    """Train one run and record how it ends; any error but an interruption ends only this run."""
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
