"""Options as text: the table of options, error messages about values, and lines for a shell."""

import ast
import difflib
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from acapella.errors import SettingsError, quoted, shortened

REASONS = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be True or False",
    "bool_parsing": "must be True or False",
    "value_error": "{error}",
}
LONGEST_FILE = 1 << 20  # bytes of a file of settings
EXPORT = re.compile(
    r"""(?:export\s+)?(?P<name>\w+)=
    (?: "(?P<double>(?:[^"\\$`]|\\.)*)" | '(?P<single>[^']*)' | (?P<bare>[\w./:@%+,-]*) )
    (?:\s+\#.*)?""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Allowed:
    """In the annotation of a field: its valid values in words."""

    text: str


def markdown_table(fields: Mapping[str, FieldInfo], ours: Collection[str]) -> str:
    """A table with a row for each of `fields`; those in `ours` are marked."""
    rows = ["| Variable | Description | Possible values | Default |", "|---|---|---|---|"]
    for name, field in fields.items():
        description = f"{field.description} (ours)" if name in ours else field.description
        rows.append(f'| {name.upper()} | {description} | {allowed_values(field)} | "{field.default}" |')
    return "\n".join(rows) + "\n"


def allowed_values(field: FieldInfo) -> str:
    """The valid values of a field in words: its `Allowed`, or else what follows from its type."""
    for mark in field.metadata:
        if isinstance(mark, Allowed):
            return mark.text
    return _values_of(field.annotation)


def _values_of(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(name or "empty" for name in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"any of {_values_of(get_args(annotation)[0])}"
    if annotation is bool:
        return "True, False"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"dictionary with {', '.join(annotation.model_fields)}"
    raise TypeError(f"{annotation} needs an Allowed")


def check_names(names: Iterable[str], fields: Mapping[str, FieldInfo]) -> None:
    """SettingsError for a name that is not an option; it suggests the nearest one."""
    variables = [field.upper() for field in fields]
    for name in names:
        if name not in variables:
            name = shortened(name)
            nearest = difflib.get_close_matches(name.upper(), variables, n=1, cutoff=0)[0]
            raise SettingsError(f"There is no option {name}; the nearest is {nearest}.")


def wrong_value(details: ErrorDetails, given: object, fields: Mapping[str, FieldInfo]) -> str:
    """One sentence: the variable, the value `given` to it, and what is valid."""
    variable, *inside = map(str, details["loc"])
    if not inside:
        return f"{variable}={quoted(given)} {_reason(details)}."
    annotation = fields[variable.lower()].annotation
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return f"{variable}={quoted(given)}: {quoted(details['input'])} {_reason(details)}."
    text = shortened(given) if isinstance(given, str) else quoted(given)
    if details["type"] in ("extra_forbidden", "invalid_key"):
        keys = ", ".join(annotation.model_fields)
        return f"{variable}={text}: unknown key {quoted(inside[0])}; allowed: {keys}."
    return f"{variable}={text}: {inside[0]}={quoted(details['input'])} {_reason(details)}."


def _reason(details: ErrorDetails) -> str:
    if details["type"] == "literal_error":
        names = re.findall(r"'(\w*)'", details["ctx"]["expected"])
        return f"is not one of: {', '.join(name or '(empty)' for name in names)}"
    if details["type"] in REASONS:
        return REASONS[details["type"]].format(**details.get("ctx", {}))
    return f"is not allowed: {shortened(details['msg'])}"


def as_text(value: object) -> str:
    """A value as text for the environment."""
    if isinstance(value, BaseModel):
        return str(value.model_dump(exclude_none=True) or "")
    if isinstance(value, Path):
        return re.sub(r"^(s3|gs|az):/(?=[^/])", r"\1://", str(value))  # as a path, an address loses a slash
    return ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def read_literal(text: str) -> object:
    """The value of a Python literal; {} for empty text, None for anything else. Nothing is executed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of what is refused anyway
            return ast.literal_eval(text.strip() or "{}")
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def export_lines(values: Mapping[str, str]) -> str:
    """Lines `export NAME="value"` that a shell can source."""
    escaped = {name: re.sub(r'(["\\$`])', r"\\\1", value) for name, value in values.items()}
    return "".join(f'export {name}="{value}"\n' for name, value in escaped.items())


def read_exports(path: Path) -> dict[str, str]:
    """The values in a file of `export NAME="value"` lines, parsed as a shell does; nothing is executed."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        lines = content[:LONGEST_FILE].decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"The settings file {quoted(str(path))} cannot be read: {reason}.") from None
    if len(content) > LONGEST_FILE:
        raise SettingsError(f"The settings file {quoted(str(path))} is larger than {LONGEST_FILE} bytes.")
    values = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        match = EXPORT.fullmatch(line)
        if not match:
            raise SettingsError(f'{path}, line {number}: {quoted(line)} is not export NAME="value" with a plain value.')
        double, single, bare = match["double"], match["single"], match["bare"]
        values[match["name"]] = single or bare or re.sub(r'\\(["\\$`])', r"\1", double or "")
    return values
