"""Audio that is made on request: stems in other formats, mixes, zip files. All in pieces; none is held in memory."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile

from acapella.audio_files import AudioWriter, BitDepth, check_format

PIECE = 1 << 16  # samples
READ = 1 << 18  # bytes
DEPTHS: dict[str, BitDepth] = {"PCM_16": 16, "PCM_24": 24, "FLOAT": "32f"}  # of the wav files that we write


@dataclass(frozen=True)
class Shape:
    """What stems of a song have in common."""

    sample_rate: int
    channels: int
    samples: int
    depth: BitDepth

    @classmethod
    def of(cls, path: Path) -> "Shape":
        """That of a wav file of ours."""
        info = soundfile.info(path)
        return cls(info.samplerate, info.channels, info.frames, DEPTHS[info.subtype])

    def depth_in(self, format: str) -> BitDepth:
        """The bit depth in another format, which has no floats; UsageError where it cannot hold the audio."""
        depth: BitDepth = 24 if self.depth == "32f" and format != "wav" else self.depth
        check_format(format, self.sample_rate, self.channels, depth)
        return depth


@dataclass(frozen=True)
class Mix:
    """The sum of stems with a gain each, from sample `start` to `stop`."""

    gains: Mapping[Path, float]
    shape: Shape
    start: int
    stop: int

    def pieces(self) -> Iterator[np.ndarray]:
        """The audio, (samples, channels) float32."""
        with ExitStack() as stack:
            files = {stack.enter_context(soundfile.SoundFile(path)): gain for path, gain in self.gains.items()}
            for file in files:
                file.seek(self.start)
            for begin in range(self.start, self.stop, PIECE):
                count = min(PIECE, self.stop - begin)
                yield sum(
                    (np.float32(gain) * file.read(count, "float32", always_2d=True) for file, gain in files.items()),
                    np.zeros((count, self.shape.channels), np.float32),
                )

    def wav(self) -> Iterator[bytes]:
        """The bytes of a wav file."""
        shape, sink = self.shape, _Sink()
        samples = self.stop - self.start
        stream = cast(Any, sink)
        with AudioWriter(stream, shape.sample_rate, shape.channels, "wav", shape.depth, None, samples) as writer:
            for piece in self.pieces():
                writer.write(piece)
                yield sink.take()
        yield sink.take()

    def write(self, target: Path, format: str) -> None:
        """Write a file, whole or not at all."""
        shape = self.shape
        depth = shape.depth_in(format)
        with AudioWriter(
            target, shape.sample_rate, shape.channels, format, depth, None, self.stop - self.start
        ) as writer:
            for piece in self.pieces():
                writer.write(piece)


def whole(path: Path, shape: Shape) -> Mix:
    """A stem as it is."""
    return Mix({path: 1.0}, shape, 0, shape.samples)


def zip_files(files: Mapping[str, Path]) -> Iterator[bytes]:
    """The bytes of a zip file that holds `files` under these names, not compressed: audio hardly can be."""
    sink = _Sink()
    with zipfile.ZipFile(cast(Any, sink), "w") as archive:
        for name, path in files.items():
            with path.open("rb") as source, archive.open(zipfile.ZipInfo.from_file(path, name), "w") as target:
                while piece := source.read(READ):
                    target.write(piece)
                    yield sink.take()
    yield sink.take()


class _Sink(RawIOBase):
    """A file whose bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Keep `data` until it is taken."""
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        """What has come since the last time."""
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken
