"""Known models, made ready: found or downloaded, converted where they must be, and laid into the models' folder."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from acapella.errors import MissingExtraError, ModelFileError
from acapella.models.catalogue.download import Progress, download
from acapella.models.catalogue.folder import explained, files_in, models_folder, original_in
from acapella.models.catalogue.known import KnownModel, sha256
from acapella.whole_files import remove_leftovers

Step = Literal["waiting", "downloading", "converting"]
NEEDED = ("torch", "onnx", "onnxscript", "safetensors", "yaml")  # to convert


@dataclass(frozen=True)
class Installed:
    """What has been done for a model: its file, and what was necessary to have it.

    `original` is the published file, where it was kept.
    """

    model: KnownModel
    path: Path
    downloaded: bool = False
    converted: bool = False
    original: Path | None = None


def install(
    model: KnownModel,
    *,
    keep: bool = False,
    progress: Progress | None = None,
    begin: Callable[[Step], None] = lambda step: None,
) -> Installed:
    """See to it that the models' folder has `model`; `keep` its published file too.

    `progress` is called while it is downloaded, `begin` at the beginning of each step; "waiting" is one where another
    process is at work on the same model.
    """
    folder = models_folder()
    if found := _installed(folder, model):
        return Installed(model, found)
    if not model.runs_as_it_is:
        require_converter(model.file)
    with explained(folder, model), _alone(folder, model, begin):
        if found := _installed(folder, model):
            return Installed(model, found)
        return _make(model, folder, keep, progress, begin)


@contextmanager
def _alone(folder: Path, model: KnownModel, begin: Callable[[Step], None]) -> Iterator[None]:
    """Only one process at a time works on `model`; the system frees the lock of one that is killed."""
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError:
        raise MissingExtraError("Getting models", "models") from None
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f".{model.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        begin("waiting")
        lock.acquire()
    try:
        yield
    finally:
        with suppress(OSError):  # it is not there, or holds what the next try can use
            (folder / f".{model.name}").rmdir()
        lock.release()


def _installed(folder: Path, model: KnownModel) -> Path | None:
    return original_in(folder, model) if model.runs_as_it_is else files_in(folder).get(model.model_file)


def _make(
    model: KnownModel, folder: Path, keep: bool, progress: Progress | None, begin: Callable[[Step], None]
) -> Installed:
    """Download and convert as far as it must be; files that were laid there by hand stay."""
    work, target = folder / f".{model.name}", folder / model.model_file
    by_hand = original_in(folder, model)
    if by_hand:
        _check(by_hand, model)
    else:
        begin("downloading")
    original = by_hand or download(model, work, progress)
    if not model.runs_as_it_is:
        begin("converting")
        remove_leftovers(target)
        convert(original, model.config_file, target)
    kept = by_hand
    if not by_hand and (keep or model.runs_as_it_is):
        kept = original.replace(folder / model.file)
    shutil.rmtree(work, ignore_errors=True)
    return Installed(model, target, not by_hand, not model.runs_as_it_is, kept)


def _check(path: Path, model: KnownModel) -> None:
    """Raise unless a file that was laid there by hand is the published one, where its digest is known."""
    if model.sha256 and model.sha256 != sha256(path):
        raise ModelFileError(
            f"{path} is not the file that was published as {model.file}: its SHA-256 differs; remove it to download "
            f"that one, or convert it as your own with `acapella models convert`."
        )


def require_converter(file: str) -> None:
    """MissingExtraError where the packages that convert are not installed; said before a long download."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise MissingExtraError(f"Converting {file}", "convert")


def convert(file: Path, config: Path | None, output: Path) -> None:
    """Turn a published file into the model file `output`."""
    from acapella.conversion.convert import convert  # loads torch

    convert(file, config, output)
