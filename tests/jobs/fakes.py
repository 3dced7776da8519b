"""An isolator that needs no model: what it does is in the name of the song, numbers left away."""

import os
import time
from types import SimpleNamespace

from acapella.errors import AudioFileError, MissingExtraError
from acapella.jobs import worker
from acapella.jobs.events import Event, Failed, Progressed, Started
from acapella.jobs.job import Job
from acapella.whole_files import atomic_write

STEPS, STEP = 4, 1000  # times that progress is told, samples each


class FakeIsolator:
    def write_stems(self, path, outputs, options, progress):
        (output,) = outputs.values()
        with atomic_write(output) as temporary:
            temporary.write_text(f"{path.name} {options.format} {options.bit_depth}")
            for step in range(1, STEPS + 1):
                FAULTS.get(path.stem.rstrip("0123456789"), lambda: None)()
                progress(step * STEP, STEPS * STEP)
        clipped = {"vocal": 7 if path.stem == "loud" else 0}
        return SimpleNamespace(seconds=2.0, clipped=clipped, song_rate=44100, sample_rate=44100, silent=())


def bad():
    raise AudioFileError("bad.wav: cannot be decoded (it is text).")


def missing():
    raise MissingExtraError("This model", "models")


def absent():
    raise FileNotFoundError(2, "No such file or directory", "absent.wav")


def defect():
    raise ZeroDivisionError("division by zero")


def deadly():
    os._exit(9)


def slow():
    time.sleep(0.5)


def stuck():
    time.sleep(3600)


FAULTS = {
    "bad": bad,
    "missing": missing,
    "absent": absent,
    "defect": defect,
    "deadly": deadly,
    "slow": slow,
    "stuck": stuck,
}


def open_fake(model, threads):
    return FakeIsolator()


def serve_fakes(link, threads, limits):
    """Takes the place of `worker.serve` in a new process."""
    worker.serve(link, threads, limits, open_fake)


def serve_impatiently(link, threads, limits):
    """Takes its place, too; what its parent leaves behind ends soon."""
    worker.GRACE = 0.1
    serve_fakes(link, threads, limits)


def serve_pid(link, threads, limits):
    """Takes its place, too: fails each job with its process and the number of its threads."""
    while True:
        job = link.recv()
        link.send(Started(job))
        link.send(Failed(job, RuntimeError(os.getpid(), threads)))


def jobs_of(folder, *names) -> list[Job]:
    return [Job(folder / f"{name}.wav", {"vocal": folder / f"{name}_vocal.wav"}) for name in names]


def written(folder) -> list[str]:
    """What lies in `folder`, temporary files among it."""
    return sorted(path.name for path in folder.iterdir())


def story(events: list[Event], job: Job) -> list[str]:
    """The names of the events of a job, progress once."""
    names = [type(event).__name__ for event in events if event.job.id == job.id]
    return [name for place, name in enumerate(names) if name != Progressed.__name__ or names[place - 1] != name]
