"""Files elsewhere as local ones, for as long as somebody works on them.

Decoders go over a song more than once, and encoders come back to the head of a file: both need files on a disk. So a
song is copied first, and a stem at the end; neither is ever in memory as a whole.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from acapella.errors import AcapellaError
from acapella.storage.address import Address, Location
from acapella.storage.pipes import copy_pipe, is_special
from acapella.whole_files import temporary_folder

Source = Location | BinaryIO
Target = Location | BinaryIO
NAME_KEPT = 60  # characters of a name in that of its copy: systems allow 255 bytes


@contextmanager
def local_copy(source: Source, name: str = "audio", patience: float | None = None) -> Iterator[Path]:
    """`source` as a file that can be read twice: itself, where it is one; else a copy for the time being.

    Messages of errors speak of `source`, or of `name` where it is a file object. `patience` is as `copy_pipe` has it.
    """
    if isinstance(source, Path) and not is_special(source):
        yield source
        return
    with temporary_folder() as folder:
        named = source.name if isinstance(source, Path | Address) else name
        copy = folder / (named[-NAME_KEPT:].lstrip(".") or "audio")
        shown = str(source) if isinstance(source, Path | Address) else name
        _copy_from(source, copy, shown, patience)
        with _named({copy: shown}):
            yield copy


@contextmanager
def local_targets(targets: Iterable[Target]) -> Iterator[Mapping[Target, Path]]:
    """A local file to write for each of `targets`: itself, where it is one; else one that goes there at the end.

    Where the context ends with an exception, nothing goes anywhere.
    """
    paths: dict[Target, Path] = {target: target for target in targets if isinstance(target, Path)}
    elsewhere = [target for target in targets if not isinstance(target, Path)]
    if not elsewhere:
        yield paths
        return
    with temporary_folder() as folder:
        for index, target in enumerate(elsewhere):
            suffix = target.suffix if isinstance(target, Address) else ""
            paths[target] = folder / f"{index}{suffix}"
        with _named({paths[target]: str(target) for target in elsewhere}):
            yield paths
        for target in elsewhere:
            _copy_to(paths[target], target)


def _copy_from(source: Source, copy: Path, name: str, patience: float | None) -> None:
    if isinstance(source, Address):
        from acapella.storage.stores import fetch

        fetch(source, copy)
        return
    with copy.open("wb") as file:
        copy_pipe(source, file, name, patience)


def _copy_to(path: Path, target: Address | BinaryIO) -> None:
    if isinstance(target, Address):
        from acapella.storage.stores import store

        store(path, target)
        return
    with path.open("rb") as file:
        shutil.copyfileobj(file, target)


@contextmanager
def _named(names: Mapping[Path, str]) -> Iterator[None]:
    """Errors that speak of `names`, not of the copies."""
    try:
        yield
    except AcapellaError as error:
        for copy, name in names.items():
            error.args = tuple(part.replace(str(copy), name) if isinstance(part, str) else part for part in error.args)
        raise
