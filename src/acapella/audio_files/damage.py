"""Looks into files before they are decoded.

Of files that end before they should, such as downloads that broke off, the decoders deliver what is there and say
nothing. What gives a file away is what it declares about itself.
"""

import os
import re
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from acapella.audio_files.declared import (
    au_ends_early,
    flv_ends_early,
    ircam_ends_early,
    matroska_ends_early,
    mp4_ends_early,
    nist_ends_early,
    nut_ends_early,
)
from acapella.audio_files.streams import ac3_ends_early, mpeg_ends_early, transport_ends_early, truehd_ends_early

RIFF_UNKNOWN = (range(1), range(0x7FFFF000, 0x80000001), range(0xFFFFF000, 0x100000000))  # of wav from a pipe
OGG_PAGE = 65307  # bytes, at most
MOST_CHUNKS = 1000  # that are looked at

Check = Callable[[BinaryIO, int], bool]  # of a file of so many bytes


def ends_early(file: BinaryIO) -> bool:
    """Whether a file breaks off, by what it declares; False for formats that declare nothing."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(512)
    return any(check(file, size) for magic, check in CHECKS if magic.match(start))


def _riff_ends_early(file: BinaryIO, size: int) -> bool:
    """Whether the chunk that holds the samples of a wav is larger than the rest of the file."""
    wide = 0  # the size in RF64
    for name, start, length in _chunks(file, "<4sI"):
        if name == b"ds64" and len(sizes := file.read(16)) == 16:
            wide = struct.unpack("<QQ", sizes)[1]
        if name == b"data":
            unknown = any(length in sizes for sizes in RIFF_UNKNOWN)
            excess = start + (wide if unknown else length) - size
            return excess > 0 and excess not in (start, start - 8)  # some writers count the header as well
    return False


def _avi_ends_early(file: BinaryIO, size: int) -> bool:
    """Whether a chunk of an AVI file is larger than the rest of the file; from a pipe, lists have no length."""
    for name, start, length in _chunks(file, "<4sI"):
        if name == b"LIST" and length in (0, 2**32 - 1):
            return False
        if start + length > size:
            return True
    return False


def _aiff_ends_early(file: BinaryIO, size: int) -> bool:
    """The same of AIFF and 8SVX."""
    return any(name in (b"SSND", b"BODY") and start + length > size for name, start, length in _chunks(file, ">4sI"))


def _chunks(file: BinaryIO, layout: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and length of the first chunks, where the file goes on behind their headers."""
    place = 12
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            return
        name, length = struct.unpack(layout, header)
        yield name, place + 8, length
        place += 8 + length + length % 2


def _ogg_ends_early(file: BinaryIO, size: int) -> bool:
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


CHECKS: list[tuple[re.Pattern[bytes], Check]] = [
    (re.compile(rb"RIFF....AVI ", re.DOTALL), _avi_ends_early),
    (re.compile(rb"RIFF|RF64"), _riff_ends_early),
    (re.compile(rb"FORM"), _aiff_ends_early),
    (re.compile(rb"OggS"), _ogg_ends_early),
    (re.compile(rb"\.snd|dns\."), au_ends_early),
    (re.compile(rb"\x64\xa3[\x00-\x04]\x00|\x00[\x00-\x04]\xa3\x64"), ircam_ends_early),
    (re.compile(rb"NIST_1A"), nist_ends_early),
    (re.compile(rb"\x1a\x45\xdf\xa3"), matroska_ends_early),
    (re.compile(rb".{4}(ftyp|moov|mdat|wide|free|skip)", re.DOTALL), mp4_ends_early),
    (re.compile(rb"nut/multimedia container\0"), nut_ends_early),
    (re.compile(rb"FLV\x01"), flv_ends_early),
    (re.compile(rb"\x00\x00\x01\xba"), mpeg_ends_early),
    (re.compile(rb"\x0b\x77"), ac3_ends_early),
    (re.compile(rb".{4}\xf8\x72\x6f[\xba\xbb]", re.DOTALL), truehd_ends_early),
    (re.compile(rb"G(.{187}G){2}", re.DOTALL), transport_ends_early),
]
