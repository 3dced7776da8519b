"""The record of a search, an Optuna study in LOG_BASE: which runs are done, and which process trains which run.

Several processes may share a study. Optuna's own queue can give a run to two of them (the documentation of GridSampler
says so), so a process takes a run under a lock; and a run counts as running only while its process is alive.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from acapella.errors import SettingsError
from acapella.experiments.grid import Grid, Run, describe
from acapella.experiments.journal import damage_named, open_journal
from acapella.experiments.results import PICTURE, TABLE, Result, Search, draw_losses, objective, write_table
from acapella.experiments.run_folder import remote
from acapella.experiments.workers import at_work, is_alive, only_one

FOLDER = "search"
PLAN = "plan"

SAMPLERS: dict[str, Callable[..., BaseSampler]] = {
    "grid": RandomSampler,  # has nothing to choose: the grid gives every value
    "tpe": TPESampler,
    "random": RandomSampler,
}


@dataclass(frozen=True)
class Plan:
    """What to search: all of a grid, or `trials` samples of it. `settings` are the other options, as text."""

    grid: Grid
    settings: Mapping[str, str]
    sampler: str = "grid"
    trials: int = 0  # with samplers other than grid
    seed: int = 0

    @property
    def size(self) -> int:
        """Number of runs in all."""
        return self.grid.size if self.sampler == "grid" else self.trials

    @property
    def monitor(self) -> str:
        """What MONITOR says, in the grid or beside it."""
        return monitor(self.grid.options, self.settings)

    def as_json(self) -> dict[str, Any]:
        """What must not change when a search is continued."""
        options = [[name, list(texts)] for name, texts in self.grid.options.items()]
        return {"options": options, "repeat": self.grid.repeat, "sampler": self.sampler, "settings": {**self.settings}}


class SharedStudy:
    """Gives each run to one process, and records the results; made by `open_study`."""

    def __init__(self, log_base: Path, plan: Plan, storage: JournalStorage, worker: str) -> None:
        self._log_base = log_base
        self._plan = plan
        self._storage = storage
        self._worker = worker
        self._alone = only_one(log_base / FOLDER)
        with self._alone:
            self._study = optuna.create_study(storage=storage, study_name=plan.grid.name, load_if_exists=True)
            begun = self._study.user_attrs.get(PLAN)
            _check_unchanged(begun, plan, log_base)
            if begun is None:
                self._study.set_user_attr(PLAN, plan.as_json())
        self._failed_before = {trial.number for trial in self._trials() if trial.state == TrialState.FAIL}
        self._trial: optuna.Trial | None = None

    def claim(self) -> Run | None:
        """The next run for this process, or None if all are done or taken by other processes.

        Runs that were cut off come again, and so do those that had failed before this process began.
        """
        with self._alone:
            self._give_up_runs_of_the_dead()
            trials = self._trials()
            taken = {trial.user_attrs.get("id") for trial in trials if self._is_taken(trial)}
            known = self._known_runs(trials)
            due = next((run for run in known.values() if run.id not in taken), None)
            if due is None and len(known) >= self._plan.size:
                return None
            run = due or Run(str(len(known) + 1), {})
            self._trial = self._ask(run, seed=(self._plan.seed + len(trials)) % 2**32)
            if due is None:
                run = replace(run, values=self._trial.params, repetition=_count(self._trial.params, known.values()))
            for name, attribute in {"repetition": run.repetition, "id": run.id, "worker": self._worker}.items():
                self._trial.set_user_attr(name, attribute)
            return run

    def _ask(self, run: Run, seed: int) -> optuna.Trial:
        """A trial with the values of `run`, or where it has none yet, with those that the sampler suggests."""
        if run.values:
            self._study.enqueue_trial({**run.values})
        self._study.sampler = SAMPLERS[self._plan.sampler](seed=seed)
        return self._study.ask(
            {name: CategoricalDistribution(texts) for name, texts in self._plan.grid.options.items()}
        )

    def succeed(self, epochs: Sequence[Mapping[str, float]], folder: str) -> None:
        """Record the epochs of the claimed run; without a finite loss it counts as failed."""
        lowest = objective(epochs, self._plan.monitor)
        measure = "SDR" if self._plan.monitor == "val_sdr" else "loss"
        failure = "" if lowest is not None else f"No epoch ended with a finite {measure}."
        self._finish(lowest, epochs=[dict(epoch) for epoch in epochs], folder=folder, failure=failure)

    def fail(self, reason: str) -> None:
        """Record that the claimed run failed."""
        self._finish(None, failure=reason)

    def write_results(self) -> None:
        """Rewrite table and picture of all searches in LOG_BASE."""
        with self._alone:
            searches = [search for search in map(self._search, self._names()) if search.results]
            if searches:
                write_table(searches, self._log_base / TABLE)
                draw_losses(searches, self._log_base / PICTURE)

    def results(self) -> Search:
        """The results so far."""
        return self._search(self._plan.grid.name)

    def read_all(self) -> None:
        """Read every record once, so that a damaged one shows before the work."""
        for name in self._names():
            self._search(name)
        for trial in self._trials():
            for name, distribution in trial.distributions.items():
                if distribution != CategoricalDistribution(self._plan.grid.options[name]):
                    raise ValueError(f"trial {trial.number} had other values of {name}")
        self.under_way()

    def under_way(self) -> int:
        """Number of runs that other processes are training."""
        with self._alone:
            return sum(trial.state == TrialState.RUNNING and self._is_at_work(trial) for trial in self._trials())

    def _finish(self, value: float | None, **attributes: object) -> None:
        assert self._trial is not None
        with self._alone:
            for name, attribute in attributes.items():
                self._trial.set_user_attr(name, attribute)
            self._study.tell(self._trial, value, state=TrialState.FAIL if value is None else TrialState.COMPLETE)
            self.write_results()

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _known_runs(self, trials: Sequence[FrozenTrial]) -> dict[str, Run]:
        """All runs of a grid; with other samplers, the runs that have started."""
        if self._plan.sampler == "grid":
            return {run.id: run for run in self._plan.grid.runs()}
        known: dict[str, Run] = {}
        for trial in trials:
            if "id" in trial.user_attrs:
                run = Run(trial.user_attrs["id"], trial.params, trial.user_attrs["repetition"])
                known.setdefault(run.id, run)
        return known

    def _is_taken(self, trial: FrozenTrial) -> bool:
        failed = trial.state == TrialState.FAIL and bool(trial.user_attrs.get("failure"))
        failed_now = failed and trial.number not in self._failed_before
        return failed_now or trial.state in (TrialState.RUNNING, TrialState.COMPLETE)

    def _is_at_work(self, trial: FrozenTrial) -> bool:
        worker = trial.user_attrs.get("worker")
        return worker is not None and is_alive(self._log_base / FOLDER, worker)

    def _give_up_runs_of_the_dead(self) -> None:
        for trial in self._trials():
            if trial.state == TrialState.WAITING:  # its process died before it began
                self._study.tell(self._study.ask(), state=TrialState.FAIL)
            elif trial.state == TrialState.RUNNING and not self._is_at_work(trial):
                self._study.tell(trial.number, state=TrialState.FAIL)

    def _names(self) -> list[str]:
        """Names of all searches here that have a plan; one whose process died at once has none."""
        studies = optuna.get_all_study_summaries(self._storage)
        return sorted(study.study_name for study in studies if PLAN in study.user_attrs)

    def _search(self, name: str) -> Search:
        study = optuna.load_study(study_name=name, storage=self._storage)
        plan = study.user_attrs[PLAN]
        grid = Grid(name, {option: tuple(texts) for option, texts in plan["options"]})
        ended = {}
        for trial in study.get_trials(deepcopy=False):
            if trial.state == TrialState.COMPLETE or trial.user_attrs.get("failure"):
                ended[trial.user_attrs["id"]] = _result(trial, grid, monitor(dict(plan["options"]), plan["settings"]))
        return Search(name, list(grid.options), sorted(ended.values(), key=_by_id))


@contextmanager
def open_study(log_base: Path, plan: Plan) -> Iterator[SharedStudy]:
    """Start or continue the search of `plan` in LOG_BASE; SettingsError if a different one is recorded there."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if there := remote(log_base):
        raise SettingsError(f"LOG_BASE={str(there)!r}: a search needs a folder on a disk, which its processes share.")
    folder = log_base / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with damage_named(folder), ExitStack() as opened:
        storage = open_journal(folder)
        worker = opened.enter_context(at_work(folder))
        study = SharedStudy(log_base, plan, storage, worker)
        study.read_all()
        working = opened.pop_all()
    with working:
        yield study


def _check_unchanged(begun: dict[str, Any] | None, plan: Plan, log_base: Path) -> None:
    if begun is None:
        return
    now = plan.as_json()
    where = f"The search {plan.grid.name!r} in LOG_BASE={str(log_base)!r}"
    remedy = "to begin another one, set LOG_BASE to another folder"
    for name, value in now.pop("settings").items():
        if begun["settings"].get(name, value) != value:
            raise SettingsError(f"{where} was begun with {name}={begun['settings'][name]!r}, not {value!r}; {remedy}.")
    if any(begun[name] != value for name, value in now.items()):
        raise SettingsError(f"{where} was begun with another grid, repeat or sampler; {remedy}.")


def monitor(options: Mapping[str, Sequence[str]], settings: Mapping[str, str]) -> str:
    """What MONITOR says, among the options of a grid or the settings beside it."""
    return options.get("MONITOR", [settings.get("MONITOR", "val_loss")])[0]


def _count(values: Mapping[str, str], runs: Iterable[Run]) -> int:
    return sum(run.values == values for run in runs)


def _result(trial: FrozenTrial, grid: Grid, going_by: str) -> Result:
    attributes = trial.user_attrs
    return Result(
        attributes["id"],
        trial.params,
        describe(grid.differences(trial.params)),
        attributes.get("epochs", ()),
        attributes.get("folder", ""),
        attributes.get("failure", ""),
        grid.differences(trial.params),
        going_by,
    )


def _by_id(result: Result) -> list[int]:
    return [int(number) for number in result.id.split("-")]
