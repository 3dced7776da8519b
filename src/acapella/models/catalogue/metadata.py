"""The metadata of an ONNX file, read without the graph: of a file of 900 MB as fast as of a small one.

The file is a message of Protocol Buffers, "ModelProto": fields one after the other, each with its number and kind.
Those that hold the graph are passed over.
"""

import io
from pathlib import Path
from typing import BinaryIO

from acapella.errors import ModelFileError

METADATA_FIELD = 14  # of ModelProto: "metadata_props", entries with a key (1) and a value (2)
VARINT, EIGHT_BYTES, WITH_LENGTH, FOUR_BYTES = 0, 1, 2, 5  # kinds of fields
LONGEST = 1 << 20  # bytes in an entry
MOST_FIELDS = 100_000


def read_metadata(path: Path) -> dict[str, str]:
    """Keys and values of the metadata; ModelFileError where the file is no ONNX file."""
    with path.open("rb") as file:
        size = path.stat().st_size
        try:
            return dict(_entry(content) for content in _fields(file, size, METADATA_FIELD))
        except (ValueError, EOFError):
            raise ModelFileError(f"{path} is not an ONNX file, or only a part of one.") from None


def _entry(content: bytes) -> tuple[str, str]:
    texts = {}
    for number in (1, 2):
        found = list(_fields(io.BytesIO(content), len(content), number))
        texts[number] = found[-1].decode() if found else ""
    return texts[1], texts[2]


def _fields(file: BinaryIO, size: int, wanted: int) -> list[bytes]:
    """Contents of the fields with the number `wanted` in a message that ends at `size`."""
    found: list[bytes] = []
    for _ in range(MOST_FIELDS):
        if file.tell() >= size:
            return found
        number, kind = divmod(_varint(file), 8)
        if kind == VARINT:
            _varint(file)
            continue
        length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind) or (_varint(file) if kind == WITH_LENGTH else -1)
        if length < 0 or number == 0 or file.tell() + length > size:
            raise ValueError
        if number == wanted and length <= LONGEST:
            found.append(file.read(length))
        else:
            file.seek(length, 1)
    raise ValueError


def _varint(file: BinaryIO) -> int:
    """A whole number: seven bits a byte, the lowest first; the eighth says that more follow."""
    value = 0
    for place in range(10):
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 127) << (7 * place)
        if byte[0] < 128:
            return value
    raise ValueError
