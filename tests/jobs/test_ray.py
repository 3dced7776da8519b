"""The executor on a Ray cluster, here one of this machine alone. Three nodes that die: `benchmarks/cluster.py`."""

import importlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.jobs.fakes import jobs_of, open_fake, story, written
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella.errors import AudioFileError, MissingExtraError
from acapella.jobs.events import Cancelled, Done, Failed, Started
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.local import LocalExecutor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster():
    """Two actors that need no model. Starting Ray takes seconds: all tests share it."""
    pytest.importorskip("ray", reason="needs ray, of the extra [cluster]")
    from acapella.jobs.ray import RayExecutor

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'src'}")  # the actors import the fakes
        with RayExecutor("local", actors=2, open_isolator=open_either) as executor:
            yield executor


def open_either(model, threads):
    """The fake in place of the default model."""
    return open_fake(model, threads) if model.model is None else model.open(threads)


@pytest.mark.slow  # starts Ray
def test_jobs_go_as_anywhere(cluster, tmp_path):
    jobs, events = jobs_of(tmp_path, "one", "bad", "two", "defect", "loud"), []
    cluster.run(jobs, events.append)
    ends = ("Done", "Failed", "Done", "Failed", "Done")
    assert [story(events, job) for job in jobs] == [["Started", end] for end in ends]
    assert all(event.job is job for event in events for job in jobs if event.job.id == job.id)
    errors = [event.error for event in events if isinstance(event, Failed)]
    assert type(errors[0]) is AudioFileError
    assert "raise ZeroDivisionError" in "".join(errors[1].__notes__), "the traceback of the actor is kept"
    (loud,) = [event.result for event in events if isinstance(event, Done) and event.job is jobs[-1]]
    assert loud.clipped == {"vocal": 7}
    assert written(tmp_path) == ["loud_vocal.wav", "one_vocal.wav", "two_vocal.wav"]


@pytest.mark.slow
def test_a_song_that_kills_its_worker_is_tried_three_times_and_harms_no_other(cluster, tmp_path):
    jobs, events = jobs_of(tmp_path, "deadly", *(f"song{number}" for number in range(9))), []
    cluster.run(jobs, events.append)
    assert [story(events, job) for job in jobs] == [["Started", "Failed"]] + 9 * [["Started", "Done"]]
    (failed,) = [event.error for event in events if isinstance(event, Failed)]
    assert str(failed).endswith("deadly.wav: its worker died 3 times; it may be this song that kills it.")
    assert not [name for name in written(tmp_path) if "deadly" in name or "partial" in name]


@pytest.mark.slow
def test_few_are_taken_at_a_time_and_jobs_are_cancelled(cluster, tmp_path):
    jobs, events, taken = jobs_of(tmp_path, "slow", "one", "two", "three"), [], []
    cluster.cancel(jobs[2].id)

    def coming():
        for job in jobs:
            assert len(taken) - len([event for event in events if isinstance(event, Done | Cancelled)]) < 2
            taken.append(job)
            yield job

    def listen(event):
        events.append(event)
        if event.job.id == jobs[0].id and isinstance(event, Started):
            threading.Timer(0.2, cluster.cancel, [jobs[0].id]).start()

    cluster.run(coming(), listen)
    assert [story(events, job)[-1] for job in jobs] == ["Cancelled", "Done", "Cancelled", "Done"]
    assert written(tmp_path) == ["one_vocal.wav", "three_vocal.wav"]


@pytest.mark.slow
def test_an_exception_of_the_listener_ends_everything_and_leaves_nothing(cluster, tmp_path):
    def listen(event):
        if isinstance(event, Started):
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        cluster.run(jobs_of(tmp_path, "slow", "slow2"), listen)
    assert time.monotonic() - began < 8
    assert written(tmp_path) == []


@pytest.mark.slow
def test_model_files_are_sent_and_stems_are_those_of_this_process(cluster, tmp_path):
    write_gain_model(tmp_path / "half.onnx", representation="ri")
    write_song(tmp_path / "song.wav", 0.3)
    choice, ends = ModelChoice(tmp_path / "half.onnx"), []
    jobs = [Job(tmp_path / "song.wav", {"vocal": tmp_path / f"{name}.wav"}, choice) for name in ("here", "there")]
    with LocalExecutor() as local:
        local.run(jobs[:1], ends.append)
    cluster._files.of(jobs[1])  # handed over before it is gone
    (tmp_path / "half.onnx").unlink()
    cluster.run(jobs[1:], ends.append)
    assert isinstance(ends[-1], Done), ends[-1]
    assert (tmp_path / "there.wav").read_bytes() == (tmp_path / "here.wav").read_bytes()


@pytest.mark.parametrize("module", ["ray", "ray_tasks"])
def test_without_ray_one_sentence_says_what_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("ray", "ray_tasks"):
        monkeypatch.delitem(sys.modules, f"acapella.jobs.{name}", raising=False)
    with pytest.raises(MissingExtraError, match=r"A cluster needs packages .*\[cluster\]"):
        importlib.import_module(f"acapella.jobs.{module}")


@pytest.mark.slow  # starts three nodes, one after the other, and two drivers
def test_nodes_and_drivers_that_die_cost_nothing():
    """Three nodes, a store on the loopback, a node killed, the driver killed and started again."""
    pytest.importorskip("ray", reason="needs ray, of the extra [cluster]")
    command = [sys.executable, ROOT / "benchmarks/cluster.py", "songs", "--songs", "18", "--node-kills", "1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "18 songs: 36 of 36 stems equal those of one machine" in run.stdout
