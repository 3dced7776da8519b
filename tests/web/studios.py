"""Servers for tests: an application in this process with an executor that needs no model, or a real one of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.made import write_song

from acapella.errors import AudioFileError, ProcessDiedError
from acapella.isolation.options import MIXTURE
from acapella.jobs.events import Cancelled, Done, Failed, Progressed, Started
from acapella.jobs.executor import Executor
from acapella.jobs.job import Result
from acapella.web.serving import Server as WebServer
from acapella.web.serving import listen_on
from acapella.web.settings import ServerSettings

WAIT = 60.0  # seconds at most
STOPPED = (0, 130, -signal.SIGTERM)  # exit codes of a server that was told to stop; 130: as the command says


class FakeExecutor(Executor):
    """Copies the song for each stem. What it does otherwise is in the upload's first word."""

    def __init__(self):
        self.cancelled, self.ran = set(), []

    def run(self, jobs, listen):
        for job in jobs:
            self.ran.append(job)
            word = job.song.read_bytes()[:8].decode("latin-1")
            listen(Started(job))
            listen(Progressed(job, 1, 4))
            while word.startswith("slow") and job.id not in self.cancelled:
                time.sleep(0.01)
            if job.id in self.cancelled:
                listen(Cancelled(job))
            elif word.startswith("bad"):
                listen(Failed(job, AudioFileError(f"{job.song}: cannot be decoded (it is text).")))
            elif word.startswith("deadly"):
                listen(Failed(job, ProcessDiedError(f"{job.song}: its process died (-9).")))
            else:
                self._copy(job, listen)

    def _copy(self, job, listen):
        for path in job.outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(job.song, path)
        listen(Done(job, Result(job.outputs, 0.1, 1.0, {"vocal": 3, MIXTURE: 3})))

    def cancel(self, job_id):
        self.cancelled.add(job_id)


@contextmanager
def client(folder: Path, executor=None, **settings):
    """A client of a server over `folder`, in a thread."""
    told = ServerSettings(data=folder, port=0, **settings)
    with listen_on(told) as listener:
        server = WebServer(told, executor or FakeExecutor())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as opened:
                yield opened
        finally:
            server.handle_exit(signal.SIGTERM, None)
            thread.join()


def song_bytes(folder: Path, seconds: float = 0.3) -> bytes:
    write_song(folder / "made.wav", seconds)
    return (folder / "made.wav").read_bytes()


def upload(http, content: bytes, name="song.wav", **more):
    answer = http.post("/api/v1/songs", params={"name": name, **more.pop("params", {})}, content=content, **more)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def wait_for(http, song, *states):
    """The song in one of these states."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        found = http.get(f"/api/v1/songs/{song}").json()
        if found["state"] in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{song} is {found}")


class Server:
    """`acapella serve` in a process of its own."""

    def __init__(self, data: Path, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "acapella", "serve", "--port", str(port), "--data", str(data), *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        line = self.process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stderr.read()
        self.address = found[0]
        self.http = httpx.Client(base_url=self.address, timeout=60, trust_env=False)

    def kill(self) -> None:
        """As a crash would: all of its processes, without a chance to clear away."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """As a service manager does; returns the exit code."""
        self.process.terminate()
        return self._wait()

    def _wait(self) -> int:
        self.http.close()
        code = self.process.wait(timeout=WAIT)
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
