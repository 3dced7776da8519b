"""Execute one job, in this thread."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from acapella.audio_files.failures import display_name
from acapella.audio_files.metadata import IN_TEXT
from acapella.errors import InputError, as_ours
from acapella.jobs.events import Cancelled, Done, Failed, Progressed, Started
from acapella.jobs.executor import Listener
from acapella.jobs.job import Job, Result
from acapella.jobs.planning import STDIN
from acapella.storage import local_copy, local_targets

if TYPE_CHECKING:
    from acapella.isolation.files import Progress, Written
    from acapella.isolation.isolator import Isolator


class _CancelledError(Exception):
    """Ends a separation from inside."""


def execute(
    job: Job, open_isolator: Callable[[], "Isolator"], listen: Listener, is_cancelled: Callable[[], bool]
) -> None:
    """Execute `job` and tell `listen` how it goes; what goes wrong is told as well, not raised.

    `is_cancelled` is asked now and then, and ends it.
    """
    if is_cancelled():
        listen(Cancelled(job))
        return
    listen(Started(job))
    start = time.monotonic()

    def progress(samples: int, total: int | None) -> None:
        if is_cancelled():
            raise _CancelledError
        listen(Progressed(job, samples, total))

    try:
        written = _write(job, open_isolator(), progress)
    except _CancelledError:
        listen(Cancelled(job))
    except Exception as error:  # noqa: BLE001  whatever it is, the other jobs go on
        listen(Failed(job, as_ours(error, _name(job))))
    else:
        listen(Done(job, _result(job, written, time.monotonic() - start)))


def _write(job: Job, isolator: "Isolator", progress: "Progress") -> "Written":
    """The stems, then the picture."""
    if job.song == STDIN and sys.stdin is None:
        raise InputError("standard input: cannot be read (it is closed).")
    source = sys.stdin.buffer if job.song == STDIN else job.song
    with local_copy(source, "standard input", job.patience) as song, local_targets(job.files) as local:
        outputs = {stem: local[target] for stem, target in job.outputs.items()}
        written = isolator.write_stems(song, outputs, job.options, progress)
        if job.picture:
            from acapella.pictures import draw_spectrograms

            parts = {"mixture": song, **{IN_TEXT.get(stem, stem): path for stem, path in outputs.items()}}
            draw_spectrograms(parts, local[job.picture], job.song.name, job.options.start, job.options.end)
    return written


def _result(job: Job, written: "Written", seconds: float) -> Result:
    clipped = {stem: samples for stem, samples in written.clipped.items() if samples}
    remarks = [
        f"{job.outputs[stem]}: {samples} samples were clipped; normalize or bit_depth 32f (wav) keeps them."
        for stem, samples in clipped.items()
    ]
    if written.sample_rate != written.song_rate:
        refusal = f"{job.options.format} cannot hold {written.song_rate} Hz"
        remarks.append(f"{job.song}: {refusal}, so the stems have {written.sample_rate} Hz.")
    remarks += [f"{job.outputs[stem]} is silent: the model hears no {stem} in this song." for stem in written.silent]
    if job.options.normalize:
        remarks.append(f"{_name(job)}: normalize has multiplied the stems by {written.gain:.4g}, their sum too.")
    return Result(job.outputs, seconds, written.seconds, clipped, tuple(remarks))


def _name(job: Job) -> str:
    return display_name(job.song) if isinstance(job.song, Path) else str(job.song)
