"""A record of a batch: which songs are done and which have failed, for the next run to go on from."""

import hashlib
import json
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from os import SEEK_END
from pathlib import Path
from types import TracebackType
from typing import Self

from acapella import __version__
from acapella.jobs.events import Cancelled, Done, End, Failed
from acapella.jobs.job import Job
from acapella.storage import Address, Location


class Manifest:
    """JSON lines in the file `path`, one for each job that has ended; a context manager.

    | field | meaning |
    |---|---|
    | `key` | what it is known by: a hash of song, outputs, model and options |
    | `song`, `outputs` | where they lie; secrets in addresses are hidden |
    | `seconds`, `duration` | that it took, and of the song; null where it failed |
    | `model`, `versions` | the model's name; the versions of Acapella and ONNX Runtime |
    | `error` | why it failed, or null |

    Lines are only ever added, and one that breaks off, because its process was killed, counts as none. A job that
    failed is to be done again. Only the keys are in memory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = _read(path)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_broken = _ends_within_line(self._path)
        self._file = self._path.open("a", encoding="utf-8", buffering=1)  # by lines
        if is_broken:
            self._file.write("\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def has_done(self, job: Job) -> bool:
        """Whether the same was done before."""
        return _key(job) in self._done

    def add(self, end: End) -> None:
        """Write down how a job has ended; one that was cancelled has not."""
        if isinstance(end, Cancelled):
            return
        job, result = end.job, end.result if isinstance(end, Done) else None
        line = {
            "key": _key(job),
            "song": str(job.song),
            "outputs": {stem: str(path) for stem, path in job.outputs.items()},
            "seconds": result and round(result.seconds, 3),
            "duration": result and round(result.duration, 3),
            "model": job.model.name,
            "versions": _versions(),
            "error": str(end.error) if isinstance(end, Failed) else None,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _read(path: Path) -> set[str]:
    """The keys of what is done."""
    done: set[str] = set()
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                with suppress(ValueError, KeyError, TypeError):
                    line = json.loads(text)
                    (done.discard if line["error"] else done.add)(line["key"])
    return done


def _ends_within_line(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, SEEK_END)
        return file.read() != b"\n"


def _key(job: Job) -> str:
    where = [_text(job.song), *sorted((stem, _text(path)) for stem, path in job.outputs.items())]
    return hashlib.sha256(repr((where, job.model, job.options)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _text(place: Location) -> str:
    return place.text if isinstance(place, Address) else str(place.absolute())


@cache
def _versions() -> dict[str, str]:
    return {"acapella": __version__, "onnxruntime": version("onnxruntime")}
