"""What a person can choose among: bundled, installed and known models."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from acapella.errors import AcapellaError, MissingExtraError
from acapella.models.catalogue.folder import files_in, models_folder
from acapella.models.catalogue.known import KnownModel, Score, find_known, known_models, recognise
from acapella.models.catalogue.metadata import read_metadata
from acapella.models.description import ModelDescription
from acapella.models.mdx_net import describe_mdx_net
from acapella.models.model_file import bundled_models, is_described, read_description

State = Literal["bundled", "installed", "to convert", "known"]
FEWEST_INPUTS = ("mixture", "frame_mask")  # of a graph; more of them do not matter here
NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class ListedModel:
    """One model: what it is, what it costs, and whether it is here.

    `state` is "to convert" where its published file was laid into the models' folder by hand; `vocals_sdr` in dB, each
    on its scale; `gflop` for a second of audio, without overlap; `problem` is why a file cannot be used.
    """

    name: str
    state: State
    family: str = ""
    stems: tuple[str, ...] = ()
    vocals_sdr: tuple[Score, ...] = ()
    gflop: float | None = None
    bytes: int | None = None
    licence: str = ""
    credit: str = ""
    note: str = ""
    path: Path | None = None
    problem: str = ""


def list_models() -> list[ListedModel]:
    """The bundled models, then those in the models' folder, then those that can be had."""
    try:
        files = files_in(models_folder())
    except MissingExtraError:
        files = {}
    bundled = [_from_file(name, path, "bundled") for name, path in bundled_models().items()]
    installed = [_installed(path) for name, path in files.items() if name.endswith(".onnx")]
    here = {model.name for model in installed}
    others = [_known(model, files) for model in known_models().values() if model.name not in here]
    return [*bundled, *installed, *others]


def _installed(path: Path) -> ListedModel:
    known = find_known(path.stem) or recognise(path)
    if known:
        return _from_table(known, "installed", path)
    return _from_file(path.stem, path, "installed")


def _known(model: KnownModel, files: Mapping[str, Path]) -> ListedModel:
    return _from_table(model, "to convert" if model.file in files else "known", files.get(model.file))


def _from_table(model: KnownModel, state: State, path: Path | None) -> ListedModel:
    return ListedModel(
        name=model.name,
        state=state,
        family=model.family,
        stems=model.stems,
        vocals_sdr=model.vocals_sdr,
        gflop=model.gflop,
        bytes=path.stat().st_size if path else model.bytes,
        licence=model.licence,
        credit=model.credit,
        note=model.note if model.sha256 or path else "cannot be downloaded: no digest is known",
        path=path,
    )


def _from_file(name: str, path: Path, state: State) -> ListedModel:
    """By what the file says of itself."""
    size = path.stat().st_size
    try:
        description = _describe(path)
    except (AcapellaError, OSError) as error:
        return ListedModel(name, state, bytes=size, path=path, problem=str(error))
    scores = description.training.get("scores", {})
    return ListedModel(
        name=name,
        state=state,
        family=description.origin.family,
        stems=description.stems,
        vocals_sdr=_vocals_sdr(scores),
        gflop=_number(scores.get("cost")),
        bytes=size,
        licence=description.origin.licence or "not stated",
        credit=description.origin.credit,
        path=path,
    )


def _describe(path: Path) -> ModelDescription:
    metadata = read_metadata(path)
    if is_described(metadata):
        return read_description(metadata, str(path), FEWEST_INPUTS)
    return describe_mdx_net(path)


def _vocals_sdr(scores: Mapping[str, Any]) -> tuple[Score, ...]:
    """Of scores as a model file keeps them: {"vocals SDR, 14 excerpts of MUSDB18": "6.51 dB"}."""
    found = []
    for key, text in scores.items():
        measure, _, scale = key.partition(", ")
        value = _number(text)
        if measure == "vocals SDR" and value is not None:
            found.append(Score(value=value, scale=scale or "of its own"))
    return tuple(found)


def _number(text: object) -> float | None:
    """The first number in a text."""
    found = NUMBER.search(str(text))
    return float(found[0]) if found else None
