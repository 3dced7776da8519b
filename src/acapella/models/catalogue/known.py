"""Models that other people have published, and what is known of them: the table in `known.toml`."""

import hashlib
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from acapella.errors import ModelFileError
from acapella.models.description import Origin
from acapella.models.mdx_net import tail_md5
from acapella.models.parts import Part, StemName, Text

TABLE, CONFIGS = "known.toml", "configs"
MOST_NEAR = 3  # names that are proposed for an unknown one
SHORTEST = 3  # letters by which a name can be meant
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]+$")]


class Score(Part):
    """A vocals SDR in dB, on a named scale; `about` where only the family's is known."""

    value: Annotated[float, Field(ge=-20, le=40)]
    scale: Text
    about: bool = False

    def __str__(self) -> str:
        return f"{'≈ ' if self.about else ''}{self.value:g} ({self.scale})"


class KnownModel(Part):
    """A published model; `known.toml` explains the fields."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{3,40}$")]
    family: Text
    file: Annotated[str, StringConstraints(pattern=r"^[\w.-]{3,100}$")]
    addresses: tuple[Text, ...]
    bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Annotated[Digest, StringConstraints(min_length=64, max_length=64)] | None = None
    tail_md5: Annotated[Digest, StringConstraints(min_length=32, max_length=32)] | None = None
    config: Text | None = None
    stems: tuple[StemName, ...]
    note: Text = ""
    vocals_sdr: tuple[Score, ...] = ()
    gflop: Annotated[float, Field(gt=0)] | None = None
    licence: Text
    credit: Text

    @property
    def runs_as_it_is(self) -> bool:
        """Whether the published file needs no conversion."""
        return self.file.endswith(".onnx")

    @property
    def model_file(self) -> str:
        """Name of the file in the models' folder that `acapella isolate` opens."""
        return self.file if self.runs_as_it_is else f"{self.name}.onnx"

    @property
    def config_file(self) -> Path | None:
        """The YAML file with what the published file does not tell, where there is one."""
        return None if self.config is None else Path(str(resources.files(__package__))) / CONFIGS / self.config

    @property
    def origin(self) -> Origin:
        """As a model file says it."""
        return Origin(
            family=self.family,
            checkpoint=self.file,
            sha256=self.sha256 or "",
            licence=self.licence,
            credit=self.credit,
        )


@cache
def known_models() -> dict[str, KnownModel]:
    """All known models by name."""
    table = tomllib.loads((resources.files(__package__) / TABLE).read_text(encoding="utf-8"))
    return {name: KnownModel(name=name, **values) for name, values in table.items()}


def find_known(name: str) -> KnownModel | None:
    """The known model of a name, its own or that of its published file, in capitals or not."""
    wanted = name.lower()
    for model in known_models().values():
        if wanted in (model.name, model.file.lower(), Path(model.file).stem.lower()):
            return model
    return None


def get_known(name: str) -> KnownModel:
    """The same; ModelFileError with the names that are nearest where there is none."""
    if found := find_known(name):
        return found
    near = near_names(name, known_models())
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise ModelFileError(f"No model {name} is known: {meant}`acapella models` lists all.")


def near_names(name: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that hold `name`, or are spelled nearly like it, the nearest first."""
    wanted, names = name.lower().replace("-", "_"), list(names)
    holding = [each for each in names if len(wanted) >= SHORTEST and wanted in each.lower()]
    return list(dict.fromkeys([*holding, *get_close_matches(wanted, names, MOST_NEAR)]))[:MOST_NEAR]


def recognise(path: Path) -> KnownModel | None:
    """The known model whose published file is at `path`, whatever its name is."""
    return next((model for model in known_models().values() if is_file_of(model, path)), None)


def is_file_of(model: KnownModel, path: Path) -> bool:
    """Whether the published file of `model` is at `path`: by size and digest, or by its name where none is known."""
    if model.bytes not in (None, path.stat().st_size):
        return False
    if model.tail_md5:
        return model.tail_md5 == tail_md5(path)
    return model.sha256 == sha256(path) if model.sha256 else model.file == path.name


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
