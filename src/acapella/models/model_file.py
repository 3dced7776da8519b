"""Model files: which there are, and what a file's metadata says."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from acapella.errors import QUOTED, ModelFileError, UsageError
from acapella.models.description import FORMAT, FORMAT_KEY, ModelDescription

DEFAULT_MODEL = "default"
WEIGHTS = {  # files that are no models yet, and what makes one of them
    **dict.fromkeys((".h5", ".hdf5"), "acapella export"),
    **dict.fromkeys((".ckpt", ".pth", ".th"), "acapella models convert"),
    ".safetensors": "acapella export` or, if other people published it, `acapella models convert",
}


@dataclass(frozen=True)
class ModelIdentity:
    """Which model numbers belong to, beyond doubt: the name it was asked for by, and the SHA-256 of its file."""

    name: str
    sha256: str

    @classmethod
    def of(cls, file: Path, name: str | None = None) -> "ModelIdentity":
        """Of the model in `file`; its `name` is by default the file's, or the bundled model's."""
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        bundled = file.stem if file in bundled_models().values() else str(file)
        return cls(name or bundled, digest)

    @property
    def label(self) -> str:
        """For the names of files: the same for one model, another for another."""
        stem = re.sub(r"[^A-Za-z0-9.-]+", "-", Path(self.name).stem)[:40].strip(".-")
        return f"{stem or 'model'}-{self.sha256[:8]}"

    def __str__(self) -> str:
        return f"{self.name} (SHA-256 {self.sha256[:12]}…)"


def is_described(metadata: Mapping[str, str]) -> bool:
    """Whether a file's `metadata` are those of a model file of ours."""
    return FORMAT_KEY in metadata


def read_description(metadata: Mapping[str, str], name: str, inputs: Sequence[str]) -> ModelDescription:
    """The description in the `metadata` of the model file `name` whose graph has these `inputs`, in order."""
    version = metadata[FORMAT_KEY]
    if version == FORMAT:
        return ModelDescription.from_metadata(metadata, name)
    from acapella.models.legacy import LEGACY_FORMATS, read_legacy  # rare now, and its classes take time to build

    if version in LEGACY_FORMATS:
        return read_legacy(metadata, name, inputs)
    known = ", ".join((*LEGACY_FORMATS, FORMAT))
    raise ModelFileError(f"{name} has model format {version[:20]!r}; this version of Acapella reads formats {known}.")


def bundled_models() -> dict[str, Path]:
    """The models that come with the package, by name."""
    folder = Path(str(resources.files("acapella.models")))
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def find_model(model: str | Path | None) -> Path:
    """The file of a model: bundled, at a path, or in the models' folder by its name; None is the default model."""
    bundled = bundled_models()
    name = DEFAULT_MODEL if model is None else str(model)
    if name in bundled:
        return bundled[name]
    if os.path.isfile(name):  # noqa: PTH113 (never raises)
        if command := WEIGHTS.get(Path(name).suffix.lower()):
            raise ModelFileError(f"{name} holds weights, not a model: turn it into one with `{command} {name}`.")
        return Path(name)
    from acapella.models.catalogue.folder import find_installed, names_near  # only for other people's models

    if found := find_installed(name):
        return found
    near = names_near(name)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    known = "give an .onnx file or a name that `acapella models` lists"
    raise UsageError(f"There is no model {name[:QUOTED]}: {meant}{known}.")
