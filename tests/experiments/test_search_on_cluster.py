"""Search on a Ray cluster, here one of this machine alone, with a made training."""

import os
import time
from pathlib import Path

import pytest

from acapella.errors import CorpusError
from acapella.experiments.events import RunFailed, RunStarted
from acapella.experiments.grid import Grid
from acapella.experiments.run_folder import create_run_folder
from acapella.experiments.search import Options, search
from acapella.experiments.training_run import TrainedRun
from acapella.training.events import ignore

ROOT = Path(__file__).parents[2]
GRID = Grid("mine", {"CHOPNAME": ("tile", "full"), "OPTIMIZER": ("adam", "rmsprop")}, repeat=2)
TABLE = Path("logs/result.md")

pytestmark = pytest.mark.slow  # Ray takes seconds to start


@pytest.fixture(scope="module")
def tasks():
    pytest.importorskip("ray", reason="needs ray, of the extra [cluster]")
    from acapella.jobs.ray_tasks import RayTasks

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'src'}")  # the workers import this file
        with RayTasks() as made:
            yield made


@pytest.fixture(autouse=True)
def _here_without_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("acapella.experiments.study.draw_losses", lambda searches, path: None)


def made_training(settings, listen, *, name):
    """What it does depends on files here: `fail`, `die` and `slow`; the last is gone when it was interrupted."""
    folder = create_run_folder(settings, name)
    if Path("fail").exists() and name.startswith("2-0"):
        raise CorpusError("Nothing fits.")
    if Path("die").exists() and name.startswith("2-0"):
        Path("die").unlink()
        os._exit(9)
    try:
        while Path("slow").exists():
            time.sleep(0.01)
    except KeyboardInterrupt:
        Path("interrupted").touch()
        return TrainedRun(folder, None, None, [], True)
    loss = settings.seed / 7 + (settings.chopname == "tile")
    return TrainedRun(folder, None, None, [{"epoch": 1, "loss": 1.0, "val_loss": loss}], False)


def on_cluster(tasks, listen=ignore):
    from acapella.experiments.cluster import search_on_cluster

    return search_on_cluster(GRID, Options(), listen, tasks, at_once=2, train=made_training)


def test_the_table_is_that_of_a_search_in_sequence(tasks):
    events = []
    state = on_cluster(tasks, events.append)
    assert [event.position for event in sorted(events, key=lambda event: event.position)] == list(range(1, 9))
    assert len(state.search.results) == 8
    there = TABLE.read_text()
    Path("logs").rename("cluster")
    search(GRID, Options(), made_training, ignore)
    assert TABLE.read_text() == there


def test_a_failed_run_is_recorded_and_tried_again_and_a_dead_worker_costs_none(tasks):
    Path("fail").touch()
    events = []
    on_cluster(tasks, events.append)
    assert [event for event in events if isinstance(event, RunFailed)] == [RunFailed("2-0", "Nothing fits.")]
    Path("fail").unlink()
    Path("die").touch()
    events.clear()
    state = on_cluster(tasks, events.append)
    assert len(events) == 1
    assert not Path("die").exists()
    assert not any(result.failure for result in state.search.results)


def test_an_interruption_reaches_the_trainings_and_the_search_goes_on(tasks):
    Path("slow").touch()

    def listen(event):
        assert isinstance(event, RunStarted)
        if event.position == 2:
            time.sleep(1)  # the first is under way
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        on_cluster(tasks, listen)
    assert time.monotonic() - began < 20
    assert Path("interrupted").exists()
    Path("slow").unlink()
    assert len(on_cluster(tasks).search.results) == 8
