"""Limits of the processes that separate songs."""

import signal
import sys
import time

import pytest
from tests.jobs.fakes import FakeIsolator, jobs_of, written

from acapella.errors import ProcessDiedError
from acapella.jobs import worker
from acapella.jobs.events import Done, Failed
from acapella.jobs.limits import Limits, died_of
from acapella.jobs.processes import ProcessExecutor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


class Greedy(FakeIsolator):
    """Takes what the name of the song says."""

    def write_stems(self, path, outputs, options, progress):
        if path.stem == "memory":
            bytearray(4 * 10**9)
        start = time.process_time()
        while path.stem == "time" and time.process_time() - start < 20:
            pass
        return super().write_stems(path, outputs, options, progress)


def serve_greedy(link, threads, limits):
    worker.serve(link, threads, limits, lambda model, threads: Greedy())


@pytest.mark.slow  # two processes, and two seconds of computing
def test_a_song_that_takes_too_much_fails_and_the_next_one_is_done(monkeypatch, tmp_path):
    monkeypatch.setattr(worker, "serve", serve_greedy)
    jobs, events = jobs_of(tmp_path, "memory", "time", "one"), []
    with ProcessExecutor(1, limits=Limits(memory=3 * 10**9, cpu=1)) as executor:
        executor.run(jobs, events.append)
    memory, timed, done = [event for event in events if isinstance(event, Failed | Done)]
    assert "memory is too short" in str(memory.error)
    assert isinstance(timed.error, ProcessDiedError)
    assert "more time than a song may take" in str(timed.error)
    assert isinstance(done, Done)
    assert written(tmp_path) == ["one_vocal.wav"]


def test_other_deaths_are_of_no_limit():
    assert died_of(-signal.SIGKILL) is None
    assert died_of(None) is None
