"""Search with a made training: what is trained when, and what is kept."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acapella.errors import CorpusError, InputError, SettingsError
from acapella.experiments.events import RunFailed, RunStarted
from acapella.experiments.grid import Grid
from acapella.experiments.run_folder import create_run_folder
from acapella.experiments.search import Options, SearchState, search
from acapella.experiments.training_run import TrainedRun
from acapella.settings import Settings
from acapella.training.events import TrainingListener, ignore

GRID = Grid("mine", {"CHOPNAME": ("tile", "full"), "OPTIMIZER": ("adam", "rmsprop")})
NAMES = ["1_tile_adam", "2_tile_rmsprop", "3_full_adam", "4_full_rmsprop"]


@dataclass
class MadeTraining:
    """Notes whom it trains; `when` may interfere, called with the name."""

    when: Callable[[str], None] = lambda _: None
    names: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    losses: tuple[float, ...] = (0.5, 0.25, 0.375)
    interrupted: bool = False

    def __call__(self, settings: Settings, listen: TrainingListener, *, name: str) -> TrainedRun:
        self.names.append(name)
        self.seeds.append(settings.seed)
        folder = create_run_folder(settings, name)
        self.when(name)
        epochs = [{"epoch": n, "loss": 1.0, "val_loss": loss, "mean_pred": 0.1} for n, loss in enumerate(self.losses)]
        return TrainedRun(folder, None, None, epochs, self.interrupted)


@pytest.fixture(autouse=True)
def _here_without_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("acapella.experiments.study.draw_losses", lambda searches, path: None)


def run(train: MadeTraining, grid: Grid = GRID, **options: object) -> SearchState:
    return search(grid, Options(), train, ignore, **options)


def table() -> list[dict[str, str]]:
    """The rows of result.md; every line must have the header's number of cells."""
    header, line, *rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in Path("logs/result.md").read_text(encoding="utf-8").splitlines()
    ]
    assert set(line) == {"---"}
    return [dict(zip(header, row, strict=True)) for row in rows]


def ids() -> list[int]:
    """The runs in result.md, of which those with the same values share a row."""
    return sorted(int(number) for row in table() for number in row["id"].split(", "))


def test_all_combinations_are_trained_once():
    train = MadeTraining()
    outcome = run(train)
    assert train.names == NAMES
    assert [row["id"] for row in table()] == ["1", "2", "3", "4"]
    expected = {"chopname": "full", "optimizer": "adam", "min_loss": "0.25", "val_loss": "0.375", "mean_pred": "0.1"}
    assert table()[2].items() >= {**expected, "folder": "3_full_adam", "failure": ""}.items()
    assert outcome.search.best is not None
    assert outcome.search.best.id == "1"
    assert sorted(path.name for path in Path("logs/search").iterdir()) == ["journal.log", "lock"]
    again = MadeTraining()
    assert len(run(again).search.results) == 4
    assert again.names == []


def test_each_run_is_announced_and_a_failure_told():
    def interfere(name: str) -> None:
        if name == NAMES[1]:
            raise CorpusError("Nothing fits.")

    events = []
    search(GRID, Options(), MadeTraining(interfere), events.append)
    expected = [RunStarted(1, 4, "chopname=tile, optimizer=adam"), RunStarted(2, 4, "chopname=tile, optimizer=rmsprop")]
    assert events[:3] == [*expected, RunFailed("2", "Nothing fits.")]
    assert len(events) == 5


def test_a_row_is_written_as_soon_as_its_run_ends():
    rows = []
    train = MadeTraining(lambda name: rows.append(len(table()) if Path("logs/result.md").exists() else 0))
    run(train)
    assert rows == [0, 1, 2, 3]


def test_repetitions_differ_in_their_seeds(monkeypatch):
    monkeypatch.setenv("SEED", "7")
    train = MadeTraining()
    run(train, Grid("mine", {"OPTIMIZER": ("adam", "rmsprop")}, repeat=2))
    assert train.names == ["1-0_adam", "1-1_adam", "2-0_rmsprop", "2-1_rmsprop"]
    assert train.seeds == [7, 8, 7, 8]


@pytest.mark.parametrize("is_caught", [False, True])
def test_an_interrupted_search_goes_on_where_it_stopped(is_caught):
    def interfere(name: str) -> None:
        if name == NAMES[1]:
            train.interrupted = is_caught
            if not is_caught:
                raise KeyboardInterrupt

    train = MadeTraining(interfere)
    with pytest.raises(KeyboardInterrupt):
        run(train)
    assert [row["id"] for row in table()] == ["1"]
    again = MadeTraining()
    run(again)
    assert again.names == NAMES[1:]
    assert [row["folder"] for row in table()] == [NAMES[0], NAMES[1] + "_2", *NAMES[2:]]


def test_a_failing_run_is_recorded_and_tried_again_next_time():
    def interfere(name: str) -> None:
        if name == NAMES[1]:
            raise CorpusError("No slice | <fits>.\nAt all.")
        if name == NAMES[2]:
            raise ZeroDivisionError("nothing")

    train = MadeTraining(interfere)
    outcome = run(train)
    assert train.names == NAMES
    assert [bool(result.failure) for result in outcome.search.results] == [False, True, True, False]
    text = Path("logs/result.md").read_text(encoding="utf-8")
    assert "| No slice \\| \\<fits>. At all. |" in text
    assert "| ZeroDivisionError: nothing |" in text
    again = MadeTraining()
    assert not any(result.failure for result in run(again).search.results)
    assert again.names == NAMES[1:3]


@pytest.mark.parametrize("losses", [(), (float("nan"), float("inf"))])
def test_a_run_without_a_finite_loss_has_failed(losses):
    outcome = run(MadeTraining(losses=losses))
    assert outcome.search.best is None
    assert {row["failure"] for row in table()} == {"No epoch ended with a finite loss."}


def test_values_that_clash_fail_alone():
    train = MadeTraining()
    run(train, Grid("mine", {"BATCH_GENERATOR": ("random", "keras"), "EPOCH_STEPS": ("0",)}))
    assert train.names == ["2_keras"]
    assert table()[-1]["failure"] == "EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR='random'."


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("EPOCHS", "0", "EPOCHS='0' must be greater than 0."),
        ("LOAD", "True", "LOAD=True does not go with a search"),
        ("WEIGHTS", str(Path("w.h5").absolute()), "must be a relative path"),
    ],
)
def test_what_no_run_can_do_stops_before_anything_is_written(monkeypatch, variable, value, sentence):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=sentence):
        run(MadeTraining())
    assert not Path("logs").exists()


def test_another_grid_or_environment_does_not_mix(monkeypatch):
    run(MadeTraining())
    train = MadeTraining()
    with pytest.raises(SettingsError, match=r"begun with another grid.* set LOG_BASE to another folder"):
        run(train, Grid("mine", {"CHOPNAME": ("tile",)}))
    with pytest.raises(SettingsError, match="another grid, repeat or sampler"):
        run(train, sampler="tpe", trials=3)
    monkeypatch.setenv("EPOCHS", "3")
    with pytest.raises(SettingsError, match="was begun with EPOCHS='10', not '3'"):
        run(train)
    assert train.names == []
    assert sorted(path.name for path in Path("logs/search").iterdir()) == ["journal.log", "lock"]


def test_a_damaged_journal_is_one_sentence():
    run(MadeTraining())
    with Path("logs/search/journal.log").open("a") as journal:
        journal.write("torn\n{}\n")
    with pytest.raises(InputError, match=r"journal.log is damaged; move the folder logs.search away to begin anew\."):
        run(MadeTraining())


def test_two_grids_in_one_folder_have_a_table_each():
    run(MadeTraining())
    run(MadeTraining(), Grid("other", {"EPOCHS": ("1", "2")}))
    text = Path("logs/result.md").read_text(encoding="utf-8")
    assert text.startswith("## mine\n\n| id | chopname | optimizer | min_loss |")
    assert "\n## other\n\n| id | epochs | min_loss |" in text


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_samplers_choose_n_runs_and_go_on(sampler):
    train = MadeTraining()
    run(train, sampler=sampler, trials=3)
    assert [name.split("_")[0] for name in train.names] == ["1", "2", "3"]
    run(train, sampler=sampler, trials=12)
    assert ids() == list(range(1, 13))
    together = MadeTraining()
    search(GRID, Options(given={"LOG_BASE": "elsewhere"}), together, ignore, sampler=sampler, trials=12)
    assert together.names == train.names, "stopping in between changes nothing"
    seen = [name.split("_", 1)[1] for name in train.names]
    assert train.seeds == [seen[:place].count(values) for place, values in enumerate(seen)]


def test_an_interrupted_sample_comes_again():
    def interfere(name: str) -> None:
        if name.startswith("2_"):
            raise KeyboardInterrupt

    train, again = MadeTraining(interfere), MadeTraining()
    with pytest.raises(KeyboardInterrupt):
        run(train, sampler="random", trials=3)
    run(again, sampler="random", trials=3)
    assert again.names[0] == train.names[1]
    assert ids() == [1, 2, 3]


def test_an_unknown_sampler_is_one_sentence():
    with pytest.raises(SettingsError, match="sampler='grd' is not one of: grid, tpe, random"):
        run(MadeTraining(), sampler="grd", trials=1)


PROCESS = """
    import sys, time
    from acapella.experiments.grid import Grid
    from acapella.experiments.run_folder import create_run_folder
    from acapella.experiments.search import Options, search
    from acapella.experiments.training_run import TrainedRun

    def train(settings, listen, *, name):
        print(name, flush=True)
        time.sleep(float(sys.argv[1]))
        return TrainedRun(create_run_folder(settings, name), None, None, [{"epoch": 1, "loss": 0.5}], False)

    search(Grid("mine", {"CHOPNAME": ("tile", "full"), "OPTIMIZER": ("adam", "rmsprop")}), Options(), train,
           lambda event: None)
"""


def process(seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROCESS), str(seconds)], stdout=-1, text=True)


@pytest.mark.slow
def test_two_processes_share_the_work():
    with process(0.3) as first, process(0.3) as second:
        outputs = [first.communicate()[0].split(), second.communicate()[0].split()]
    assert sorted(outputs[0] + outputs[1]) == NAMES
    assert [row["id"] for row in table()] == ["1", "2", "3", "4"]


@pytest.mark.slow
def test_a_run_belongs_to_its_process_until_that_dies():
    with process(600) as other:
        assert other.stdout
        assert other.stdout.readline().strip() == NAMES[0]
        train = MadeTraining()
        assert run(train).under_way == 1
        assert train.names == NAMES[1:]
        other.send_signal(signal.SIGKILL)
        other.wait()
    again = MadeTraining()
    assert run(again).under_way == 0
    assert again.names == NAMES[:1]
    assert sorted(path.name for path in Path("logs/search").iterdir()) == ["journal.log", "lock"]
