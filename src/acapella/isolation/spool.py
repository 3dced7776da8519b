"""Audio of any length in a temporary file, for what takes more than one pass."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import Self

import numpy as np

from acapella.errors import InputError

PIECE = 1 << 16  # samples read at a time


class Spool:
    """float32 (samples, columns): written once, then read as often as needed, by several threads too.

    The file has no name, so that nothing is left of it whatever happens. A context manager.
    """

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._samples = 0
        self._lock = Lock()  # of the place in the file
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._file = self._files.enter_context(tempfile.TemporaryFile(prefix="acapella-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def append(self, audio: np.ndarray) -> None:
        """Write (samples, columns)."""
        try:
            self._file.write(np.ascontiguousarray(audio, np.float32).tobytes())
        except OSError as error:
            where = f"{tempfile.gettempdir()}: temporary files cannot be written ({error.strerror})"
            raise InputError(f"{where}; the variable TMPDIR names another folder.") from error
        self._samples += len(audio)

    def pieces(self) -> Iterator[np.ndarray]:
        """All that was written, from its beginning."""
        for start in range(0, self._samples, PIECE):
            samples = min(PIECE, self._samples - start)
            with self._lock:
                self._file.seek(4 * self._columns * start)
                content = self._file.read(4 * self._columns * samples)
            yield np.frombuffer(content, np.float32).reshape(samples, self._columns)
