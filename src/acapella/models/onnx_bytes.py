"""What an ONNX file may hold, checked in its bytes before any runtime opens it: nothing beside the file is read.

A runtime would read tensors from other files that the file names (external data), and copy a function into each place
that calls it, a billion times if functions call one another. Models need neither. The walk follows the wire format of
Protocol Buffers: a field is a key, number and type together, and a value; of nested messages only those are entered
that can lead to a tensor.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from acapella.errors import ModelFileError

MOST_BYTES = 1 << 31  # Protocol Buffers go no further
MOST_FIELDS = 4_000_000  # a network of ten thousand nodes has 200,000
METADATA = 14  # field of a model
DEEPEST = 40  # messages in messages
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # types of values
WIDTHS = {FIXED64: 8, FIXED32: 4}  # bytes
ENTERED: dict[str, dict[int, str]] = {  # of each message, the fields that lead to a tensor, or are read here
    "model": {7: "graph", METADATA: "entry"},
    "entry": {},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
REFUSED = {  # fields that are not allowed
    ("model", 25): "holds functions, which a model file may not",
    ("tensor", 13): "wants data of another file, which a model file may not",
}


class _MalformedError(Exception):
    """No message of Protocol Buffers."""


def check_onnx_file(path: Path) -> None:
    """ModelFileError unless `path` is formed like an ONNX file, without external data and without functions."""
    unreadable = f"{path} is not a model file that can be read."
    try:
        with path.open("rb") as file:
            if not 0 < path.stat().st_size < MOST_BYTES:
                raise ModelFileError(unreadable)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                reason = _Walk(content).reason()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (_MalformedError, IndexError):
        raise ModelFileError(unreadable) from None
    if reason:
        raise ModelFileError(f"{path} {reason}.")


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of the ONNX file at `path`, which `check_onnx_file` has let through; its graph is not entered."""
    found = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        walk = _Walk(content)
        for number, _, start, end in walk.fields(0, len(content)):
            if number == METADATA:
                entry = {part: content[first:last] for part, _, first, last in walk.fields(start, end)}
                key, value = (entry.get(part, b"").decode(errors="replace") for part in (1, 2))
                found[key] = value
    return found


class _Walk:
    """One walk through the bytes of a model."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._fields = 0

    def reason(self) -> str | None:
        """Why the model is refused, if it is."""
        return self._message("model", 0, len(self._content), DEEPEST)

    def _message(self, kind: str, place: int, end: int, depth: int) -> str | None:
        if not depth:
            return "is nested too deeply"
        entered = ENTERED[kind]
        for number, form, start, stop in self.fields(place, end):
            if self._fields > MOST_FIELDS:
                return f"has more than {MOST_FIELDS} parts"
            if reason := REFUSED.get((kind, number)):
                return reason
            if (
                form == BYTES
                and number in entered
                and (found := self._message(entered[number], start, stop, depth - 1))
            ):
                return found
        return None

    def fields(self, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Number and type of each field of a message, and where its value starts and ends."""
        while place < end:
            self._fields += 1
            key, place = self._varint(place)
            start, place = self._value(key & 7, place)
            if place > end:
                raise _MalformedError
            yield key >> 3, key & 7, start, place

    def _value(self, form: int, place: int) -> tuple[int, int]:
        """Where the value at `place` starts, behind its length, and where it ends."""
        if form == VARINT:
            return place, self._varint(place)[1]
        if form == BYTES:
            length, start = self._varint(place)
            return start, start + length
        if form in WIDTHS:
            return place, place + WIDTHS[form]
        raise _MalformedError

    def _varint(self, place: int) -> tuple[int, int]:
        """A number of 7 bits a byte, the lowest first, and the place behind it."""
        value = shift = 0
        while True:
            byte = self._content[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, place
            shift += 7
            if shift > 63:
                raise _MalformedError
