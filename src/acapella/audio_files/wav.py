"""Writes wav, as a file or as a stream whose length nobody knows yet.

Done here and not by libsndfile, for two reasons: through soundfile it can neither write to a pipe, nor turn a file
of unknown length into RF64 once it passes 4 GiB (EBU Tech 3306: a JUNK chunk keeps the place of the sizes).
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from acapella.audio_files.formats import BitDepth, Target

UNKNOWN = 2**32 - 1  # the size that stands for "until the end" in RIFF and for "see ds64" in RF64
RIFF_BYTES = UNKNOWN - 1  # the most that RIFF can count
WIDTHS: dict[BitDepth, int] = {16: 2, 24: 3, "32f": 4}
INFO_NAMES = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "track": b"ITRK",
    "date": b"ICRD",
    "genre": b"IGNR",
    "comment": b"ICMT",
}
EXTENSIBLE = 0xFFFE
GUID = bytes.fromhex("000000001000800000aa00389b71")  # of audio formats, behind their two bytes


@dataclass(frozen=True)
class WavHeader:
    """All that comes before the samples."""

    target: Target
    spare_room: bool  # keep a place for 64 bit sizes, should they be needed

    @property
    def sample_bytes(self) -> int:
        """Bytes that one sample of all channels takes."""
        return WIDTHS[self.target.bit_depth] * self.target.channels

    def encode(self, samples: int | None) -> bytes:
        """The header of a file of `samples` samples; None: of as many as come."""
        chunks = self._broadcast() + self._format(samples) + self._info()
        size = (samples or 0) * self.sample_bytes
        total = 4 + 36 + len(chunks) + 8 + size + size % 2
        wide = total > RIFF_BYTES
        if wide:
            chunks = _chunk(b"ds64", struct.pack("<QQQI", total, size, samples, 0)) + chunks
        elif self.spare_room:
            chunks = _chunk(b"JUNK", bytes(28)) + chunks
        else:
            total -= 36
        if wide or samples is None:
            total = size = UNKNOWN
        start = struct.pack("<4sI4s", b"RF64" if wide else b"RIFF", total, b"WAVE")
        return start + chunks + struct.pack("<4sI", b"data", size)

    def _format(self, samples: int | None) -> bytes:
        target, is_float = self.target, self.target.bit_depth == "32f"
        bytes_per_second = min(target.sample_rate * self.sample_bytes, UNKNOWN)
        mask, code, bits = target.metadata.channel_mask, 3 if is_float else 1, 8 * WIDTHS[target.bit_depth]
        fields = (target.channels, target.sample_rate, bytes_per_second, self.sample_bytes, bits)
        if mask is None:
            body = struct.pack("<HHIIHH", code, *fields) + (bytes(2) if is_float else b"")
        else:
            body = struct.pack("<HHIIHHHHIH", EXTENSIBLE, *fields, 22, bits, mask, code) + GUID
        if not is_float:
            return _chunk(b"fmt ", body)
        fact = struct.pack("<I", UNKNOWN if samples is None else min(samples, UNKNOWN))
        return _chunk(b"fmt ", body) + _chunk(b"fact", fact)

    def _broadcast(self) -> bytes:
        body = self.target.metadata.broadcast
        return b"" if body is None else _chunk(b"bext", body)

    def _info(self) -> bytes:
        tags = self.target.metadata.tags
        known = [(name, tags[key]) for key, name in INFO_NAMES.items() if key in tags]
        chunks = b"".join(_chunk(name, text.encode() + b"\0") for name, text in known)
        return _chunk(b"LIST", b"INFO" + chunks) if chunks else b""


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)


class WavEncoder:
    """Writes samples behind a header, and in a file corrects the header at the end.

    `expected_samples` is how many will come, None if nobody knows. A stream that was promised a number must get it.
    """

    def __init__(self, file: BinaryIO, target: Target, expected_samples: int | None, seekable: bool) -> None:
        self._file = file
        self._header = WavHeader(target, spare_room=seekable and expected_samples is None)
        self._promised = expected_samples
        self._seekable = seekable
        self._written = 0  # samples
        self._start = self._header.encode(expected_samples)
        file.write(self._start)

    def write(self, samples: np.ndarray) -> None:
        """Append float32 `samples` (samples, channels) that the bit depth can hold."""
        self._file.write(_as_bytes(samples, self._header.target.bit_depth))
        self._written += len(samples)

    def finish(self) -> None:
        """Make the header true."""
        known = self._seekable or self._promised is not None
        if known and self._written * self._header.sample_bytes % 2:
            self._file.write(b"\0")
        if self._promised != self._written and known:
            start = self._header.encode(self._written)
            if not self._seekable or len(start) != len(self._start):
                raise ValueError(f"expected_samples={self._promised}, but {self._written} came")
            self._file.seek(0)
            self._file.write(start)
        self._file.flush()


def _as_bytes(samples: np.ndarray, bit_depth: BitDepth) -> bytes:
    """Little-endian samples; integers from floats that lie on their grid already."""
    if bit_depth == "32f":
        return samples.astype("<f4").tobytes()
    if bit_depth == 16:
        return (samples * 2**15).astype("<i2").tobytes()
    wide = (samples * 2**23).astype("<i4")
    return wide.view(np.uint8).reshape(*wide.shape, 4)[..., :3].tobytes()
