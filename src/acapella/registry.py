"""Names that stand for things: each registry is a literal dict, and `choose` looks a name up in it.

What is written `package.module:name` is in no registry: `import_own` imports it.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from acapella.errors import SettingsError, quoted

Choice = TypeVar("Choice")


def choose(table: Mapping[str, Choice], name: str, option: str) -> Choice:
    """Look `name` up in a registry; an unknown name, value of `option`, is a SettingsError that lists what is there."""
    try:
        return table[name]
    except KeyError:
        raise SettingsError(f"{option}={quoted(name)} is not one of: {', '.join(table)}.", option) from None


def is_own(name: str) -> bool:
    """Whether `name` is the user's own thing, `package.module:name`."""
    return ":" in name


def import_own(reference: str, option: str) -> Any:
    """What `package.module:name` names, a value of `option`; a SettingsError says why it cannot be had.

    The module is looked for in the current folder too, as `python -m` does it.
    """
    module_name, _, name = reference.partition(":")
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)  # for good: what it imports later lies there as well
    try:
        module = import_module(module_name)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}.")
        reason = "is neither installed nor in the current folder" if missing else f"cannot be imported: {_what(error)}"
        raise SettingsError(f"{option}={quoted(reference)}: the module {module_name} {reason}.", option) from error
    if name not in vars(module):
        there = [each for each in vars(module) if not each.startswith("_")]
        raise SettingsError(f"{option}={quoted(reference)}: {module_name} has {', '.join(there) or 'nothing'}.", option)
    return vars(module)[name]


def _what(error: Exception) -> str:
    return f"{type(error).__name__} ({(str(error).splitlines() or [''])[0]})"
