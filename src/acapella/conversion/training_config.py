"""The YAML file that lies beside a published checkpoint, as Music-Source-Separation-Training writes it.

It may hold tuples (`!!python/tuple`), which a safe loader does not know; they are read as tuples, and no other tag of
Python's is. Aliases, of which a small file can make a huge one, are refused.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from acapella.errors import ModelFileError

LARGEST_FILE = 1 << 20  # bytes
LARGEST_NUMBER = 1 << 24
MOST_ITEMS = 1024
DEEPEST = 16


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {DEEPEST} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def tuple_of(self, node: yaml.SequenceNode) -> tuple[Any, ...]:
        return tuple(self.construct_sequence(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _Loader.tuple_of)


class TrainingConfig:
    """The values of a checkpoint's YAML file, by section and key, each checked as it is read."""

    def __init__(self, sections: Mapping[str, Any], name: str) -> None:
        self.name = name
        self._sections = sections

    @classmethod
    def read(cls, path: Path) -> "TrainingConfig":
        """From the file at `path`."""
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise ModelFileError(f"{path} is too large for a checkpoint's YAML file.")
            content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ModelFileError(f"{path} cannot be read as YAML: {reason}.") from error
        if not isinstance(content, Mapping):
            raise ModelFileError(f"{path} is not the YAML file of a checkpoint: it has no sections.")
        return cls(content, str(path))

    def keys(self, section: str) -> Collection[str]:
        """What the section holds; nothing where there is none."""
        return [str(key) for key in self._section(section)]

    def has(self, key: str) -> bool:
        """Whether "section.key" is there and not null."""
        return self._value(key) is not None

    def is_on(self, key: str) -> bool:
        """Whether "section.key" is there and says something else than no or nothing."""
        return bool(self._value(key))

    def integer(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """The whole number at "section.key"."""
        value = self._value(key)
        value = default if value is None else value
        if type(value) is not int or not least <= value <= LARGEST_NUMBER:
            raise self._wrong(key, f"a whole number from {least} to {LARGEST_NUMBER}", value)
        return value

    def number(self, key: str, default: float) -> float | Fraction:
        """The number, 0 or more, at "section.key"."""
        value = self._value(key)
        value = default if value is None else value
        if type(value) not in (int, float, Fraction) or not 0 <= value <= LARGEST_NUMBER:
            raise self._wrong(key, f"a number from 0 to {LARGEST_NUMBER}", value)
        return value

    def integers(self, key: str) -> tuple[int, ...]:
        """The list of whole numbers, 1 or more, at "section.key"."""
        value = self._value(key)
        listed = isinstance(value, list | tuple) and len(value) <= MOST_ITEMS
        if not listed or not all(type(item) is int and 1 <= item <= LARGEST_NUMBER for item in value):
            raise self._wrong(key, "a list of whole numbers", value)
        return tuple(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """The list of numbers, 0 or more, at "section.key"."""
        value = self._value(key)
        listed = isinstance(value, list | tuple) and len(value) <= MOST_ITEMS
        if not listed or not all(type(item) in (int, float) and 0 <= item <= LARGEST_NUMBER for item in value):
            raise self._wrong(key, "a list of numbers", value)
        return tuple(value)

    def boolean(self, key: str, default: bool) -> bool:
        """The true or false at "section.key"."""
        value = self._value(key)
        value = default if value is None else value
        if type(value) is not bool:
            raise self._wrong(key, "true or false", value)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """The string at "section.key"."""
        value = self._value(key)
        value = default if value is None else value
        if not isinstance(value, str):
            raise self._wrong(key, "a name", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of names at "section.key"."""
        value = self._value(key)
        listed = isinstance(value, list | tuple) and 0 < len(value) <= MOST_ITEMS
        if not listed or not all(isinstance(item, str) and item for item in value):
            raise self._wrong(key, "a list of names", value)
        return tuple(value)

    def _section(self, section: str) -> Mapping[str, Any]:
        values = self._sections.get(section)
        if not isinstance(values, Mapping | None):
            raise ModelFileError(f"{self.name}: {section} is not a section of keys and values.")
        return values or {}

    def _value(self, key: str) -> Any:
        section, _, name = key.partition(".")
        return self._section(section).get(name)

    def _wrong(self, key: str, wanted: str, value: Any) -> ModelFileError:
        if value is None:
            return ModelFileError(f"{self.name}: {key} is missing; {wanted} is needed.")
        found = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
        return ModelFileError(f"{self.name}: {key} must be {wanted}, not {found[:80]}.")
