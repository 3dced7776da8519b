"""Turn a published checkpoint into a model file of ours."""

from dataclasses import replace
from pathlib import Path

import onnx

from acapella.conversion.chunk_graph import export_chunks
from acapella.conversion.families import read_published
from acapella.conversion.torch_model import TorchModel
from acapella.errors import ModelFileError
from acapella.isolation.model import open_model
from acapella.models.catalogue.known import KnownModel, recognise, sha256
from acapella.models.description import ModelDescription
from acapella.models.model_file import is_described
from acapella.whole_files import atomic_write

CONFIGS = (".yaml", ".yml")


def convert(file: Path, config: Path | None = None, output: Path | None = None) -> Path:
    """Write the model file of the checkpoint `file`, `output` or the same name with .onnx; returns its path.

    `config` is the YAML file that was published with it; without it, one of the same name beside it is taken, or what
    the catalogue has. Raises ModelFileError where the checkpoint is of no family that is known, or its graph does not
    compute the same.
    """
    _check_existence(file)
    target = output or file.with_suffix(".onnx")
    if target.exists() and target.samefile(file):
        raise ModelFileError(f"{file} would be overwritten: name another file for the model.")
    if file.suffix.lower() == ".onnx":
        _describe(file, target, recognise(file))
        return target
    export_chunks(read_checkpoint(file, config), target)
    return target


def read_checkpoint(file: Path, config: Path | None = None) -> TorchModel:
    """The network of the checkpoint `file` with its description; `config` and errors as for `convert`."""
    _check_existence(file)
    known = recognise(file)
    model = read_published(file, config or _config_beside(file) or (known.config_file if known else None))
    return replace(model, description=_with_origin(model.description, file, known))


def _check_existence(file: Path) -> None:
    if not file.is_file():
        raise ModelFileError(f"There is no checkpoint {file}.")


def _with_origin(description: ModelDescription, file: Path, known: KnownModel | None) -> ModelDescription:
    """The description with what the catalogue says of the file, or else with its SHA-256."""
    origin = known.origin if known else description.origin.model_copy(update={"sha256": sha256(file)})
    return description.model_copy(update={"origin": origin})


def _config_beside(file: Path) -> Path | None:
    return next((path for path in map(file.with_suffix, CONFIGS) if path.is_file()), None)


def _describe(file: Path, target: Path, known: KnownModel | None) -> None:
    """Copy an MDX-Net of UVR, with its description in the copy."""
    description = _with_origin(open_model(file).description, file, known)
    model = onnx.load(file)
    if is_described({part.key: part.value for part in model.metadata_props}):
        raise ModelFileError(f"{file} is a model file already.")
    onnx.helper.set_model_props(model, description.to_metadata())
    with atomic_write(target) as unfinished:
        unfinished.write_bytes(model.SerializeToString())
        open_model(unfinished)
