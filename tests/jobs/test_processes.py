"""Processes: that they die, are few, and are used again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.jobs.fakes import jobs_of, serve_fakes, serve_pid, story, written
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella.jobs import worker
from acapella.jobs.events import Cancelled, Done, Failed
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.local import LocalExecutor
from acapella.jobs.processes import ProcessExecutor


@pytest.fixture
def fakes(monkeypatch):
    """No model in the processes."""
    monkeypatch.setattr(worker, "serve", serve_fakes)


def test_a_process_that_dies_is_reported_and_the_others_go_on(fakes, tmp_path):
    jobs, events = jobs_of(tmp_path, "deadly", "one", "deadly", "two"), []
    with ProcessExecutor(2) as executor:
        executor.run(jobs, events.append)
    assert [story(events, job)[-1] for job in jobs] == ["Failed", "Done", "Failed", "Done"]
    errors = [str(event.error) for event in events if isinstance(event, Failed)]
    assert all("deadly.wav: its process died (9)" in error for error in errors)
    assert written(tmp_path) == ["one_vocal.wav", "two_vocal.wav"], "nothing is left half-written"


def test_the_traceback_of_the_process_is_kept(fakes, tmp_path):
    events = []
    with ProcessExecutor(1) as executor:
        executor.run(jobs_of(tmp_path, "defect"), events.append)
    assert "raise ZeroDivisionError" in "".join(events[-1].error.__notes__)


def test_processes_are_used_again_and_share_the_cores(monkeypatch, tmp_path):
    monkeypatch.setattr(worker, "serve", serve_pid)
    events = []
    with ProcessExecutor(2) as executor:
        executor.run(jobs_of(tmp_path, *"abcdef"), events.append)
        executor.run(jobs_of(tmp_path, "g"), events.append)
    said = [event.error.args for event in events if isinstance(event, Failed)]
    assert len(said) == 7
    assert len({pid for pid, _ in said}) <= 2
    assert {threads for _, threads in said} == {max(1, len(os.sched_getaffinity(0)) // 2)}


def test_a_process_that_died_idle_costs_no_job(monkeypatch, tmp_path):
    monkeypatch.setattr(worker, "serve", serve_pid)
    events = []
    with ProcessExecutor(1) as executor:
        executor.run(jobs_of(tmp_path, "a"), events.append)
        pid, _ = events[-1].error.args
        os.kill(pid, signal.SIGKILL)
        while executor._idle[0].is_usable:
            time.sleep(0.01)
        executor.run(jobs_of(tmp_path, "b"), events.append)
    assert isinstance(events[-1].error, RuntimeError)
    assert events[-1].error.args[0] != pid


def test_several_threads_may_run_jobs(fakes, tmp_path):
    events = []
    with ProcessExecutor(1) as executor:
        jobs = jobs_of(tmp_path, "slow", "one")
        threads = [threading.Thread(target=executor.run, args=([job], events.append)) for job in jobs]
        for thread in threads:
            thread.start()
        threads[1].join(timeout=30)
        executor.cancel(jobs[0].id)
        threads[0].join(timeout=30)
    assert [story(events, job)[-1] for job in jobs] == ["Cancelled", "Done"]
    assert written(tmp_path) == ["one_vocal.wav"]


def test_a_job_is_cancelled_before_its_process_is_ready(fakes, tmp_path, capfd):
    (job,), events = jobs_of(tmp_path, "slow"), []
    with ProcessExecutor(1) as executor:
        thread = threading.Thread(target=executor.run, args=([job], events.append))
        thread.start()
        while job.id not in executor._running:
            time.sleep(0.001)
        executor.cancel(job.id)
        thread.join(timeout=30)
    assert isinstance(events[-1], Cancelled)
    assert written(tmp_path) == []
    assert capfd.readouterr().err == "", "no traceback of an interrupted import"


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc to look for the process in")
def test_a_process_does_not_outlive_the_one_that_started_it(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.jobs import fakes; from acapella.jobs import processes, worker\n"
        "worker.serve = fakes.serve_impatiently\n"
        "def tell(_): print(executor._running[job.id]._process.pid, flush=True)\n"
        "(job,), executor = fakes.jobs_of(Path(sys.argv[1]), 'stuck'), processes.ProcessExecutor(1)\n"
        "executor.run([job], tell)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as parent:
        child = Path("/proc", parent.stdout.readline().strip())
        assert child.exists()
        parent.kill()
    end = time.monotonic() + 30
    while child.exists() and time.monotonic() < end:
        time.sleep(0.02)
    if child.exists():
        os.kill(int(child.name), signal.SIGKILL)
        pytest.fail("it is still there after 30 seconds")


def test_stems_are_those_of_this_process(tmp_path):
    model = ModelChoice(write_gain_model(tmp_path / "half.onnx", representation="ri"))
    jobs = []
    for executor in ("local", "processes"):
        for name in ("a", "b"):
            write_song(tmp_path / f"{name}.wav", 0.3)
            outputs = {stem: tmp_path / executor / f"{name}_{stem}.wav" for stem in ("vocal", "instrumental")}
            jobs.append(Job(tmp_path / f"{name}.wav", outputs, model))
    events = []
    with LocalExecutor() as local:
        local.run(jobs[:2], events.append)
    with ProcessExecutor(2) as several:
        several.run(jobs[2:], events.append)
    assert sum(isinstance(event, Done) for event in events) == 4
    for one, other in zip(jobs[:2], jobs[2:], strict=True):
        for stem, path in one.outputs.items():
            np.testing.assert_array_equal(soundfile.read(path)[0], soundfile.read(other.outputs[stem])[0])


@pytest.mark.skipif(not worker.HAS_MASKS, reason="this system cannot hold signals back")
def test_interrupts_wait_until_a_process_has_begun():
    """The first process starts Python's tracker of resources as well, which lets signals through."""
    code = """
import signal
import subprocess
import sys
from multiprocessing import resource_tracker
from acapella.jobs.worker import _interrupts_blocked
with _interrupts_blocked():
    resource_tracker.ensure_running()
    assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
"""
    subprocess.run([sys.executable, "-c", code], check=True)
