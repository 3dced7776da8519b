"""The models' folder: where downloaded and converted models lie, and files that were put there by hand."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from acapella.errors import MissingExtraError, ModelFileError
from acapella.models.catalogue.known import KnownModel, find_known, is_file_of, known_models, near_names

VARIABLE = "ACAPELLA_MODELS"


def models_folder() -> Path:
    """The folder that ACAPELLA_MODELS names, or else one among the user's data; it need not exist."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    try:
        import platformdirs
    except ModuleNotFoundError:
        raise MissingExtraError(f"A folder for models that {VARIABLE} does not name", "models") from None
    return platformdirs.user_data_path("acapella", appauthor=False) / "models"


def files_in(folder: Path) -> dict[str, Path]:
    """The files in a models' folder by name, without hidden ones; none where there is no folder."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        return {path.name: path for path in paths if path.is_file()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelFileError(
            f"The models' folder {folder} cannot be read ({error.strerror}): change that, or name another in "
            f"{VARIABLE}."
        ) from error


def find_installed(name: str) -> Path | None:
    """The model file in the models' folder of a known model's name, or of its own name with or without `.onnx`.

    ModelFileError, with the command that helps, where the model is known and not there.
    """
    known = find_known(name)
    try:
        folder = models_folder()
    except MissingExtraError:
        files = {}
    else:
        files = files_in(folder)
    wanted = f"{known.name}.onnx" if known else f"{name.removesuffix('.onnx')}.onnx"
    if wanted in files:
        return files[wanted]
    if known is None:
        return None
    original = _published(files, known)
    if original and known.runs_as_it_is:
        return original
    if original:
        raise ModelFileError(f"{original} must be converted first: `acapella models get {known.name}`.")
    raise ModelFileError(f"The model {known.name} is not installed: get it with `acapella models get {known.name}`.")


def names_near(name: str) -> list[str]:
    """Names like `name` of models that are known or installed."""
    try:
        stems = [Path(file).stem for file in files_in(models_folder()) if file.endswith(".onnx")]
        installed = [stem for stem in stems if find_known(stem) is None]
    except (MissingExtraError, ModelFileError):
        installed = []
    return near_names(name, [*known_models(), *installed])


def original_in(folder: Path, model: KnownModel) -> Path | None:
    """The published file of a model, if somebody has laid it into the models' folder, under whatever name."""
    return _published(files_in(folder), model)


def _published(files: Mapping[str, Path], model: KnownModel) -> Path | None:
    if model.file in files:
        return files[model.file]
    suffix = Path(model.file).suffix
    return next((path for path in files.values() if path.suffix == suffix and is_file_of(model, path)), None)


@contextmanager
def explained(folder: Path, model: KnownModel) -> Iterator[None]:
    """Errors of the disk while `model` is being laid into a models' folder, as sentences that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            needed = f", {megabytes(model.bytes)}" if model.bytes else ""
            raise ModelFileError(
                f"The disk with {folder} is too full for {model.file}{needed}: make room, or name another folder in "
                f"{VARIABLE}; what has come is kept, and the same command goes on from there."
            ) from error
        raise ModelFileError(
            f"The models' folder {folder} cannot be written ({error.strerror or error}): change that, or name another "
            f"in {VARIABLE}."
        ) from error


def megabytes(size: int) -> str:
    """As text: 66.8 MB, or 913 MB."""
    millions = size / 1e6
    return f"{millions:.0f} MB" if millions >= 100 else f"{millions:.1f} MB"
