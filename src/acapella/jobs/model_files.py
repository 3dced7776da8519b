"""Model files on their way to machines that do not have them."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from getpass import getuser
from pathlib import Path
from typing import Any

from acapella.jobs.job import Job, ModelChoice
from acapella.whole_files import atomic_write


@dataclass(frozen=True)
class ModelFile:
    """The file of a model: what it is called, its SHA-256, and how to get its content."""

    name: str
    sha256: str
    content: Callable[[], bytes]


class ModelFiles:
    """Those of the jobs here, each handed over once: `put` gives a reference to what `get` then has anywhere."""

    def __init__(self, put: Callable[[bytes], Any], get: Callable[[Any], bytes]) -> None:
        self._put, self._get = put, get
        self._files: dict[str, ModelFile | None] = {}

    def of(self, job: Job) -> dict[str, ModelFile]:
        """The files that `job` needs, by what it calls them; bundled models are everywhere."""
        files = {name: self._file(name) for name in _names(job.model)}
        return {name: file for name, file in files.items() if file is not None}

    def _file(self, name: str) -> ModelFile | None:
        if name not in self._files:
            from acapella.models.model_file import bundled_models, find_model

            path = None if name in bundled_models() else find_model(name)
            self._files[name] = None if path is None else self.hand_over(path)
        return self._files[name]

    def hand_over(self, path: Path) -> ModelFile:
        """The file `path` for other machines."""
        content = path.read_bytes()
        return ModelFile(path.name, hashlib.sha256(content).hexdigest(), partial(self._get, self._put(content)))


@dataclass
class KeptFiles:
    """The same files on another machine: once for all processes there, and for all runs."""

    folder: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / f"acapella-models-{_user()}")
    _paths: dict[str, Path] = field(default_factory=dict)

    def with_files(self, model: ModelChoice, files: Mapping[str, ModelFile]) -> ModelChoice:
        """`model` with the paths here in place of names."""
        if not files:
            return model
        paths = {name: self.path(file) for name, file in files.items()}
        changed = replace(model, then=None if model.then is None else paths.get(str(model.then), model.then))
        if isinstance(model.model, tuple):
            return replace(changed, model=tuple(paths.get(str(name), name) for name in model.model))
        return changed if model.model is None else replace(changed, model=paths.get(str(model.model), model.model))

    def path(self, file: ModelFile) -> Path:
        """The file, whose content is what it should be, whoever has put it there."""
        if file.sha256 not in self._paths:
            path = self.folder / file.sha256 / file.name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
                with atomic_write(path) as temporary:
                    temporary.write_bytes(file.content())
            self._paths[file.sha256] = path
        return self._paths[file.sha256]


def _user() -> str:
    """A number where there are any: in a container it may have no name."""
    return str(os.getuid()) if hasattr(os, "getuid") else getuser()


def _names(model: ModelChoice) -> list[str]:
    models = model.model if isinstance(model.model, tuple) else (model.model,)
    return [str(name) for name in (*models, model.then) if name is not None]
