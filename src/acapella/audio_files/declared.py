"""What files declare about their size, in formats whose decoders do not compare: AU, IRCAM, NIST, Matroska, MP4, NUT.

Each function takes an open file and its size in bytes, and says whether the file is shorter than it should be. Where
the file does not tell, it is not.
"""

import os
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

START = 1 << 16  # bytes at the start of a file that hold all headers that are looked at
MOST_BOXES = 1000
SEGMENT = 0x18538067  # the element of Matroska that holds all others but the header
NUT_INDEX = bytes.fromhex("4e58dd672f23e64e")
FLV_SIZE = b"\0\x08filesize\0"  # the name, with its length, and that a number follows
FLV_TAG = 11  # bytes of the head of a tag, without its data


def au_ends_early(file: BinaryIO, size: int) -> bool:
    """AU: the header says how many bytes follow."""
    header = read_at(file, 0, 12)
    layout = ">II" if header[:1] == b"." else "<II"
    if len(header) < 12:
        return True
    start, length = (int(number) for number in struct.unpack(layout, header[4:]))
    return length < 2**32 - 1 and start + length > size


def ircam_ends_early(file: BinaryIO, size: int) -> bool:
    """IRCAM declares no length; but a part of a sample at the end is what a cut leaves."""
    header = read_at(file, 0, 16)
    if len(header) < 16 or size < 1024:
        return True
    layout = "<II" if header[0] == 0x64 else ">II"
    channels, encoding = (int(number) for number in struct.unpack(layout, header[8:]))
    width = channels * (encoding & 0xFF)
    return 0 < width < 1024 and (size - 1024) % width > 0


def nist_ends_early(file: BinaryIO, size: int) -> bool:
    """NIST Sphere: the header is text, and counts samples and their bytes."""
    text = read_at(file, 0, 4096)
    fields = {name: int(number) for name, number in re.findall(rb"(\w+) -(?:i|s\d+) (\d{1,15})\s", text)}
    start = re.match(rb"NIST_1A\s+(\d{1,9})\s", text)
    parts = [fields.get(name) for name in (b"sample_count", b"channel_count", b"sample_n_bytes")]
    if start is None or None in parts:
        return False
    samples, channels, width = (part or 0 for part in parts)
    return int(start[1]) + samples * channels * width > size


def matroska_ends_early(file: BinaryIO, size: int) -> bool:
    """Matroska and WebM: the segment has a size, unless it was written as a stream."""
    start = read_at(file, 0, START)
    place = 0
    for _ in range(MOST_BOXES):
        name, place = _ebml_number(start, place, keep_marker=True)
        length, place = _ebml_number(start, place, keep_marker=False)
        if name is None or length is None:
            return False
        if name == SEGMENT:
            return place + length > size
        place += length
    return False


def _ebml_number(data: bytes, place: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """A number of EBML, and the place behind it; None where it is unknown or cannot be read."""
    if place >= len(data) or data[place] == 0:
        return None, place
    width = 9 - data[place].bit_length()
    if place + width > len(data):
        return None, place
    number = int.from_bytes(data[place : place + width], "big")
    if not keep_marker:
        number -= 1 << 7 * width
        if number == (1 << 7 * width) - 1:
            return None, place + width
    return number, place + width


def mp4_ends_early(file: BinaryIO, size: int) -> bool:
    """MP4, M4A, MOV: a file is a row of boxes, each with its size."""
    return any(start + length > size for start, length in _boxes(file, size))


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Start and length of each box that the file says to have; as far as they look like boxes."""
    place = 0
    for _ in range(MOST_BOXES):
        header = read_at(file, place, 16)
        if place == size or len(header) < 8 or not header[4:8].isalnum():
            return
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:  # 0: to the end
            return
        yield place, length
        place += length


def nut_ends_early(file: BinaryIO, size: int) -> bool:
    """NUT: the last packet is an index, whose length stands before the checksum at its end."""
    length = int.from_bytes(read_at(file, max(0, size - 12), 8), "big")
    return length > size or read_at(file, size - length, 8) != NUT_INDEX


def flv_ends_early(file: BinaryIO, size: int) -> bool:
    """FLV: the header may say how long the file is, and behind each tag stands its length."""
    start = read_at(file, 0, START)
    place = start.find(FLV_SIZE)
    if place >= 0 and len(number := start[place + len(FLV_SIZE) :][:8]) == 8 and struct.unpack(">d", number)[0] > size:
        return True
    length = int.from_bytes(read_at(file, max(0, size - 4), 4), "big")
    return length + 4 > size or int.from_bytes(read_at(file, size - length - 3, 3), "big") + FLV_TAG != length


def read_at(file: BinaryIO, place: int, length: int) -> bytes:
    """So many bytes of the file, from `place` on, or what there is of them."""
    file.seek(place, os.SEEK_SET)
    return file.read(length)
