"""A grid of option values, read from YAML, and the runs it describes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from acapella.errors import InputError, SettingsError, quoted, shortened
from acapella.settings import Settings
from acapella.settings.model_params import CHUNK_MODEL_PARAMS, read_model_params
from acapella.settings.option_types import Params
from acapella.settings.text import as_text, check_names, read_literal, wrong_value

FOLDER = "grid-search-configs"
REPEAT = "REPEAT"
LONGEST_NAME = 120
LONGEST_FILE = 1 << 17  # bytes
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Run:
    """One training of a search. `id` is 1, 2, … or, with `repeat`, 1-0, 1-1, …"""

    id: str
    values: Mapping[str, str]  # of each option of the grid, as the environment holds it
    repetition: int = 0  # from 0, among runs with the same values


@dataclass(frozen=True)
class Grid:
    """The values of each option to try, and how often each combination is trained."""

    name: str
    options: Mapping[str, Sequence[str]]
    repeat: int = 1

    @property
    def size(self) -> int:
        """Number of runs."""
        return prod(map(len, self.options.values())) * self.repeat

    def runs(self) -> Iterator[Run]:
        """Every combination, the last option varying fastest; repetitions of one follow each other."""
        for number, texts in enumerate(product(*self.options.values()), start=1):
            values = dict(zip(self.options, texts, strict=True))
            for repetition in range(self.repeat):
                yield Run(f"{number}-{repetition}" if self.repeat > 1 else str(number), values, repetition)

    def differences(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values of a combination for those options, and keys of dictionaries, that vary in the grid."""
        found: dict[str, str] = {}
        for name, texts in self.options.items():
            if _is_dictionary(name):
                found |= _varying_keys([_dictionary(text) for text in texts], _dictionary(values[name]))
            elif len(texts) > 1:
                found[name.lower()] = values[name]
        return found

    def folder_name(self, run: Run) -> str:
        """Id and varying values, in characters that every file system accepts: `1-0_tile_rate-0.1_adam`."""
        parts = [
            value if value[:1].isalpha() and value not in ("True", "False", "default") else f"{name}-{value}"
            for name, value in self.differences(run.values).items()
        ]
        name = "_".join([run.id, *(re.sub(r"[^A-Za-z0-9_.-]+", "-", part) for part in parts)])
        return name[:LONGEST_NAME].rstrip(".-_")


def describe(differences: Mapping[str, str]) -> str:
    """Varying values as text: `chopname=tile, rate=0.1`."""
    return ", ".join(f"{name}={value}" for name, value in differences.items()) or "as the environment says"


def find_grid(given: Path, folders: Sequence[Path]) -> Path:
    """The file `given`, looked up as it is and then in `folders`; `.yml` may be omitted."""
    names = [given] if given.suffix else [given, given.with_suffix(".yml")]
    candidates = [folder / name for folder in (Path(), *folders) for name in names]
    for path in candidates:
        if path.is_file():
            return path
    if not given.is_dir() and given.exists():
        raise InputError(f"The grid {quoted(str(given))} is no regular file.")
    there = sorted({path.stem for folder in folders for path in folder.glob("*.yml")})
    known = f"; {FOLDER} holds: {', '.join(there)}" if there else f", here or in {FOLDER}"
    raise InputError(f"There is no grid {quoted(str(given))}{known}.")


def read_grid(path: Path) -> Grid:
    """The grid in a YAML file: option names (in any case) with a list of values or a single value, and `repeat`."""
    content = _load(path)
    try:
        repeat = _repeat(content.pop(REPEAT, 1))
        check_names(content, Settings.model_fields)
        models = _listed(content.get("MODEL", []))
        options = {name: _texts(name, given, models) for name, given in content.items()}
        if len(options.get("MONITOR", ())) > 1:
            raise SettingsError("MONITOR cannot vary: it is what tells the best of the runs.")
        if len(options.get("LOG_BASE", ())) > 1:
            raise SettingsError("LOG_BASE cannot vary: it is where the search keeps its results.")
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    if repeat > 1 and len(options.get("SEED", ())) > 1:
        raise SettingsError(f"{path}: repeat changes SEED itself; leave one of the two away.")
    return Grid(path.stem, options, repeat)


def _load(path: Path) -> dict[str, Any]:
    """The mapping in the file, with names in upper case; nothing is executed."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            raise InputError(f"The grid {str(path)!r} is larger than {LONGEST_FILE} bytes.")
        text = content.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        loaded = yaml.safe_load(text)
    except OSError as error:
        raise InputError(f"The grid {str(path)!r} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"The grid {str(path)!r} cannot be read: {_yaml_reason(error)}.") from None
    if not isinstance(root, yaml.MappingNode) or not loaded:
        raise InputError(
            f"{path} is not a grid: it must map names of options to lists, such as chopname: [tile, full]."
        )
    names = Counter(str(key.value).upper() for key, _ in root.value)
    for name, times in names.items():
        if times > 1:
            raise SettingsError(f"{path}: {shortened(name)} is there twice; put all its values into one list.")
    return {str(name).upper(): given for name, given in loaded.items()}


def _yaml_reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {shortened(str(error.problem))}"
    return "it is not plain YAML in UTF-8"


def _repeat(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_RUNS:
        raise SettingsError(f"repeat={quoted(given)} must be a whole number, at least 1, at most {MOST_RUNS}.")
    return given


def _listed(given: object) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _texts(name: str, given: object, models: Sequence[object]) -> tuple[str, ...]:
    values = _listed(given)
    if given is None or not values:
        raise SettingsError(f"{name} has no value.")
    check = partial(_checked_params, models) if name == "MODEL_PARAMS" else partial(_checked, name)
    texts = tuple(as_text(check(value)) for value in values)
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise SettingsError(f"{name}={shortened(text)} is listed twice.")
        seen.add(text)
    return texts


def _checked(name: str, given: object) -> object:
    """The validated value of one option, without regard to other options."""
    field = Settings.model_fields[name.lower()]
    kind: Any = Annotated[(field.annotation, name, *field.metadata)]
    try:
        value: object = TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        details = error.errors()[0]
        details["loc"] = (name, *details["loc"])
        raise SettingsError(wrong_value(details, given, Settings.model_fields)) from None
    return value


def _checked_params(models: Sequence[object], given: object) -> object:
    """The validated parameters of one of the grid's `models`; of any network where the grid names none."""
    errors = []
    for model in models or ("", *CHUNK_MODEL_PARAMS):
        try:
            return read_model_params(given, str(model))
        except SettingsError as error:
            errors.append(error)
    raise errors[0]


def _is_dictionary(name: str) -> bool:
    kind = Settings.model_fields[name.lower()].annotation
    return isinstance(kind, type) and issubclass(kind, Params)


def _varying_keys(choices: Sequence[Mapping[str, str]], chosen: Mapping[str, str]) -> dict[str, str]:
    keys = dict.fromkeys(key for choice in choices for key in choice)
    texts = {key: {choice.get(key, "default") for choice in choices} for key in keys}
    return {key: chosen.get(key, "default") for key in keys if len(texts[key]) > 1}


def _dictionary(text: str) -> dict[str, str]:
    """The values of a dictionary option as short texts."""
    values = read_literal(text)
    assert isinstance(values, dict)
    return {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in values.items()}
