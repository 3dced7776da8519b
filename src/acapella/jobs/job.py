"""What is to be done with a song, and what came of it. All of it can be pickled."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from acapella.isolation.options import AS_USUAL, WriteOptions
from acapella.storage import Location

if TYPE_CHECKING:
    from acapella.isolation.isolator import Isolator


@dataclass(frozen=True)
class ModelChoice:
    """Which model separates, or which several, and how: what `Isolator.load` is told, but for the threads."""

    model: str | Path | tuple[str | Path, ...] | None = None  # a model file or a model's name; None: the default model
    phase: str = "mixture"
    phase_iterations: int = 10
    runtime: str = "auto"
    overlap: float | None = None
    shifts: int = 0
    seed: int = 0
    tta: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    combine: str = "mean"
    then: str | Path | None = None

    @property
    def name(self) -> str:
        """What to call it in names of files: the models' names."""
        from acapella.models.model_file import DEFAULT_MODEL  # slow to import, and loaded where this is asked for

        models = self.model if isinstance(self.model, tuple) else (self.model,)
        names = [Path(model or DEFAULT_MODEL).name.removesuffix(".onnx") for model in models]
        return "+".join(names + ([Path(self.then).name.removesuffix(".onnx")] if self.then else []))

    def open(self, threads: int = 0) -> "Isolator":
        """The model, which computes with so many threads; 0: one for each core."""
        from acapella.isolation.isolator import Isolator  # slow to import

        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return Isolator.load(**told, threads=threads)


DEFAULT = ModelChoice()


def _new_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Job:
    """A song, the model that separates it, and the file of each stem.

    `song` may be a named pipe, or "-" for standard input, which only an executor in this process can read; `patience`
    is how many seconds they may give nothing (None: `storage.pipes.PATIENCE` for a pipe with a name, else any time).
    Song and outputs may lie elsewhere (`storage.Address`). `options` say how they are written. `MIXTURE` among the
    outputs is the song itself, decoded. `picture` is where to draw the spectrograms of song and stems. The same song
    done again is another job, with another `id`.
    """

    song: Location
    outputs: Mapping[str, Location]
    model: ModelChoice = DEFAULT
    options: WriteOptions = AS_USUAL
    picture: Location | None = None
    patience: float | None = None
    id: str = field(default_factory=_new_id)

    @property
    def files(self) -> list[Location]:
        """All that is written."""
        return [*self.outputs.values(), *([self.picture] if self.picture else [])]


@dataclass(frozen=True)
class Result:
    """What a job that is done has left."""

    paths: Mapping[str, Location]  # of the stems, by name
    seconds: float  # that it took
    duration: float  # of the song, in seconds
    clipped: Mapping[str, int] = field(default_factory=dict)  # samples at full scale, of stems that have any
    remarks: tuple[str, ...] = ()  # what a person should know, a sentence each
