"""Looks into files before they are decoded.

Of files that end before they should, such as downloads that broke off, the decoders deliver what is there and say
nothing. What gives a file away is what it declares about itself.
"""

import os
import re
import struct
from typing import BinaryIO

SLACK = 44  # bytes; some writers count the header in the size of the data
UNKNOWN_SIZES = (range(1), range(0x7FFFF000, 0x80000001), range(0xFFFFF000, 0x100000000))  # of wav from a pipe
OGG_PAGE = 65307  # bytes, at most


def ends_early(file: BinaryIO) -> bool:
    """Whether a wav, aiff or Ogg file breaks off; False for all other formats."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    match file.read(4):
        case b"RIFF" | b"RF64":
            return _data_ends_early(file, size, "<4sI")
        case b"FORM":
            return _data_ends_early(file, size, ">4sI")
        case b"OggS":
            return _page_ends_early(file, size)
    return False


def _data_ends_early(file: BinaryIO, size: int, layout: str) -> bool:
    """Whether the chunk that holds the samples is larger than the rest of the file."""
    wide = 0  # the size in RF64
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack(layout, header)
        start = file.tell()
        if name == b"ds64" and len(sizes := file.read(16)) == 16:
            wide = struct.unpack("<QQ", sizes)[1]
        if name in (b"data", b"SSND"):
            unknown = any(length in sizes for sizes in UNKNOWN_SIZES)
            return bool(start + (wide if unknown else length) > size + SLACK)
        file.seek(start + length + length % 2)
    return False


def _page_ends_early(file: BinaryIO, size: int) -> bool:
    """Whether the last page of an Ogg file is not all there."""
    file.seek(max(0, size - OGG_PAGE))
    tail = file.read(OGG_PAGE)
    start = tail.rfind(b"OggS")
    if start < 0:  # something else was appended
        return False
    page = tail[start:]
    segments = page[26] if len(page) > 26 else 0
    table = page[27 : 27 + segments]
    return not segments or len(table) < segments or 27 + segments + sum(table) > len(page)


def is_short_ogg(file: BinaryIO) -> bool:
    """Whether all the audio of an Ogg file is in one page."""
    file.seek(0)
    start = file.read(4 * OGG_PAGE)
    positions = re.findall(rb"OggS\0.(.{8})", start, re.DOTALL)
    audio_pages = [position for position in positions if position not in (bytes(8), b"\xff" * 8)]
    return len(start) < 4 * OGG_PAGE and len(audio_pages) == 1
