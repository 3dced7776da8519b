"""Where streams end that are a row of frames, each with its size: MPEG, AC-3, TrueHD. They declare no length in all.

Each function takes an open file and its size in bytes, and says whether the last frame is not all there. A stream that
is cut between two frames cannot be told from a whole one.
"""

import re
from collections.abc import Callable
from typing import BinaryIO

from acapella.audio_files.declared import read_at

TAIL = 1 << 17  # bytes at the end of a stream in which one frame begins at least
ENOUGH = 3  # frames in a row, by which it is certain that they are such
AC3_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)  # kbit/s
AC3_SAMPLES = 1536  # of a frame
AC3_FREQUENCIES = (48000, 44100, 32000)  # Hz


def mpeg_ends_early(file: BinaryIO, size: int) -> bool:
    """MPEG program streams: a row of packs and packets, each with its size."""
    start = max(0, size - TAIL)
    tail = read_at(file, start, TAIL)
    place = tail.find(b"\0\0\1\xba")
    if place < 0:
        return False
    while place + 6 <= len(tail) and tail[place : place + 3] == b"\0\0\1":
        code = tail[place + 3]
        if code == 0xB9:  # the end
            return False
        if code != 0xBA:
            place += 6 + int.from_bytes(tail[place + 4 : place + 6], "big")
        elif tail[place + 4] >> 6 == 1:  # MPEG-2
            stuffing = tail[place + 13] & 7 if place + 13 < len(tail) else 0
            place += 14 + stuffing
        else:
            place += 12
    return place != len(tail) and (place > len(tail) or len(tail) - place < 6)


def transport_ends_early(file: BinaryIO, size: int) -> bool:
    """MPEG transport streams: packets of 188 bytes, of which the last one is whole."""
    return size % 188 > 0


def ac3_ends_early(file: BinaryIO, size: int) -> bool:
    """AC-3 and Enhanced AC-3 (ETSI TS 102 366): frames begin with a word of their own."""
    return _ends_within(read_at(file, max(0, size - TAIL), TAIL), re.compile(b"\x0b\x77"), _ac3_length)


def _ac3_length(frame: bytes) -> int:
    """Bytes of the frame that begins so; 0 where none does."""
    if len(frame) < 6 or frame[:2] != b"\x0b\x77":
        return 0
    if frame[5] >> 3 > 10:  # Enhanced AC-3
        return 2 * (int.from_bytes(frame[2:4], "big") % 2048 + 1)
    frequency, rate = frame[4] >> 6, frame[4] % 64
    if frequency == 3 or rate // 2 >= len(AC3_RATES):
        return 0
    words = AC3_RATES[rate // 2] * 1000 * AC3_SAMPLES // (AC3_FREQUENCIES[frequency] * 16)
    return 2 * (words + (rate % 2 if frequency == 1 else 0))


def truehd_ends_early(file: BinaryIO, size: int) -> bool:
    """TrueHD and MLP: access units, some of which begin with a sync word behind their size."""
    tail = read_at(file, max(0, size - TAIL), TAIL)
    return _ends_within(tail, re.compile(b"(?=.{4}\xf8\x72\x6f[\xba\xbb])", re.DOTALL), _truehd_length)


def _truehd_length(unit: bytes) -> int:
    return 2 * (int.from_bytes(unit[:2], "big") % 4096) if len(unit) >= 4 else 0


def _ends_within(tail: bytes, sync: re.Pattern[bytes], length: Callable[[bytes], int]) -> bool:
    """Whether `tail` ends within a frame: they begin where `sync` does, and `length` tells theirs."""
    for start in sync.finditer(tail):
        place, frames = start.start(), 0
        while step := length(tail[place : place + 6]):
            place, frames = place + step, frames + 1
        if frames >= ENOUGH:
            return place > len(tail) or 0 < len(tail) - place < 6
    return False
