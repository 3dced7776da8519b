"""Writes audio files: whole, under their name, or not at all."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import current_thread, main_thread
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
import soundfile

from acapella.audio_files.failures import Attempt, ReasonError, Sink, display_name
from acapella.audio_files.formats import BitDepth, Target, check_bitrate, check_format
from acapella.audio_files.metadata import Metadata, useful_tags
from acapella.audio_files.wav import WIDTHS, WavEncoder
from acapella.errors import UsageError
from acapella.whole_files import atomic_write

PIECE = 65536  # samples encoded at a time
QUALITY: dict[str, dict[str, Any]] = {  # of libsndfile where no bit rate is asked for
    "MP3": {"compression_level": 0.0, "bitrate_mode": "VARIABLE"},
    "OGG": {"compression_level": 0.2},
}
MP3_BITRATES = ((32000, (32, 320)), (16000, (8, 160)), (0, (8, 64)))  # kbit/s from such a sample rate on
VORBIS_BITRATES = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)  # kbit/s of stereo at qualities 0, 0.1, … 1
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)
AIFF_BYTES = 2**32 - 2**16  # that its 32 bit sizes can count, with room for the other chunks


class Encoder(Protocol):
    """Writes samples in one format."""

    def write(self, samples: np.ndarray) -> None:
        """Append float32 `samples` (samples, channels) that the format can hold."""

    def finish(self) -> None:
        """Write what is still missing at the end."""


class SoundFileEncoder:
    """Encodes with libsndfile."""

    def __init__(self, path: Path, target: Target, files: ExitStack) -> None:
        self._path, self._target = path, target
        self._file = files.enter_context(path.open("wb"))
        container, codec = target.format.container, target.format.codec
        self._lossy = target.format.lossy
        self._room = AIFF_BYTES // (WIDTHS[target.bit_depth] * target.channels) if container == "AIFF" else None
        self._sink = Sink(self._file)
        self._audio = files.enter_context(
            soundfile.SoundFile(
                self._sink,
                "w",
                samplerate=target.sample_rate,
                channels=target.channels,
                format=container,
                subtype=codec if self._lossy else f"{codec}_{target.bit_depth}",
                **_quality(target),
            )
        )

    def write(self, samples: np.ndarray) -> None:
        """Append `samples`; integers are made here, because libsndfile would round some of them down."""
        with _interrupted_later():
            self._audio.write(samples if self._lossy else (samples * 2.0**31).astype(np.int32))
        self._sink.check()
        if self._room is not None and self._audio.frames > self._room:
            raise ReasonError("aiff ends at 4 GiB; use wav or flac")

    def finish(self) -> None:
        """Write what libsndfile holds back, and the metadata, of which it knows little."""
        with _interrupted_later():
            self._audio.close()
        self._sink.check()
        self._file.close()
        if self._target.metadata != Metadata():
            from acapella.audio_files.ffmpeg_encoding import add_metadata  # slow to import

            tagged = self._path.with_name(f"{self._path.name}-tagged")
            try:
                add_metadata(self._path, self._target, tagged)
                tagged.replace(self._path)
            finally:
                tagged.unlink(missing_ok=True)


def _quality(target: Target) -> dict[str, Any]:
    """How libsndfile is told the bit rate; without one, about 250 kbit/s for stereo.

    Its compression levels run from 0, the best, to 1: for mp3 they spread over the bit rates of the format, for Vorbis,
    whose bit rate varies with the music, over the qualities.
    """
    container, bitrate = target.format.container, target.bitrate
    if bitrate is None:
        return QUALITY.get(container, {})
    if container == "MP3":
        least, best = next(bounds for rate, bounds in MP3_BITRATES if target.sample_rate >= rate)
        return {"compression_level": (best - min(bitrate, best)) / (best - least), "bitrate_mode": "CONSTANT"}
    quality = np.interp(bitrate * 2 / target.channels, VORBIS_BITRATES, np.linspace(0, 1, len(VORBIS_BITRATES)))
    return {"compression_level": 1 - float(quality)}


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Hold a Ctrl-C back while libsndfile calls Python: it would end there, in silence, and some bytes with it."""
    if current_thread() is not main_thread():  # Python interrupts no other
        yield
        return
    held: list[Any] = []
    numbers = [number for number in INTERRUPTIONS if callable(signal.getsignal(number))]
    before = {number: signal.signal(number, lambda *arguments: held.append(arguments)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held and callable(handler := before[held[0][0]]):
            handler(*held[0])


class AudioWriter:
    """Writes one audio file, block by block; use it as a context manager.

    The file appears under its name when the context ends well, and not at all when it ends with an exception; its
    folder is made where it is missing. `path` may also be a stream of bytes, which need not be seekable, for wav: its
    header tells the length if `expected_samples` does, and says "until the end" otherwise. `format` is a key of
    FORMATS; `bitrate`, of the lossy ones, is in kbit/s. Integers are rounded to nearest without dither; all formats but
    32 bit floats clip at full scale, and `clipped` counts those samples.
    """

    def __init__(
        self,
        path: Path | BinaryIO,
        sample_rate: int,
        channels: int,
        format: str = "wav",
        bit_depth: BitDepth = 16,
        metadata: Metadata | None = None,
        expected_samples: int | None = None,
        bitrate: int | None = None,
    ) -> None:
        name, chosen = display_name(path), check_format(format, sample_rate, channels, bit_depth)
        check_bitrate(format, bitrate)
        if not isinstance(path, Path) and format != "wav":
            raise UsageError(f"{name} takes wav only, not {format}.")
        self.clipped = 0
        self._path = path
        metadata = metadata or Metadata()
        metadata = replace(metadata, tags=useful_tags(metadata.tags))
        self._target = Target(name, chosen, sample_rate, channels, bit_depth, metadata, bitrate)
        self._expected_samples = expected_samples
        self._files = ExitStack()

    def __enter__(self) -> Self:
        with Attempt(self._target.name, "written"), ExitStack() as files:
            self._encoder = self._open(files)
            self._files = files.pop_all()
        return self

    def write(self, block: np.ndarray) -> None:
        """Append `block` (samples, channels), in [-1, 1]."""
        if block.ndim != 2 or block.shape[1] != self._target.channels:
            raise ValueError(f"a block (samples, {self._target.channels}) is needed, not {block.shape}")
        with Attempt(self._target.name, "written"):
            if not np.isfinite(block).all():
                raise ReasonError("its samples are no numbers, NaN or infinity")
            for start in range(0, len(block), PIECE):
                piece = block[start : start + PIECE].astype(np.float32, copy=False)
                self._encoder.write(self._fit(piece))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            with Attempt(self._target.name, "written"), self._files:
                self._encoder.finish()
        else:
            with suppress(Exception):  # the first error is the one to tell
                self._files.__exit__(kind, error, trace)

    def _open(self, files: ExitStack) -> Encoder:
        path, target = self._path, self._target
        if not isinstance(path, Path):
            return WavEncoder(path, target, self._expected_samples, seekable=False)
        if path.is_dir():
            raise ReasonError("there is a folder of that name")
        temporary = files.enter_context(atomic_write(path))
        if target.format.encoder == "soundfile":
            return SoundFileEncoder(temporary, target, files)
        file = files.enter_context(temporary.open("wb"))
        match target.format.encoder:
            case "wav":
                return WavEncoder(file, target, self._expected_samples, seekable=True)
            case "ffmpeg":
                from acapella.audio_files.ffmpeg_encoding import FFmpegEncoder  # slow to import

                return FFmpegEncoder(file, target, files)

    def _fit(self, piece: np.ndarray) -> np.ndarray:
        """`piece` on the grid of the bit depth and within full scale; float32, so that both are exact."""
        target = self._target
        if target.bit_depth == "32f":
            return piece
        top = 1.0
        if not target.format.lossy:
            scale = 2.0 ** (target.bit_depth - 1)
            piece, top = np.rint(piece * scale) / scale, 1 - 1 / scale
        self.clipped += int(np.count_nonzero((piece > top) | (piece < -1)))
        fitted: np.ndarray = np.clip(piece, -1, top)
        return fitted
