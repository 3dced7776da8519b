"""Names that stand for things: each registry is a literal dict, and `choose` looks a name up in it."""

from collections.abc import Mapping
from typing import TypeVar

from acapella.errors import SettingsError, quoted

Choice = TypeVar("Choice")


def choose(table: Mapping[str, Choice], name: str, option: str) -> Choice:
    """Look `name` up in a registry; an unknown name, value of `option`, is a SettingsError that lists what is there."""
    try:
        return table[name]
    except KeyError:
        raise SettingsError(f"{option}={quoted(name)} is not one of: {', '.join(table)}.", option) from None
