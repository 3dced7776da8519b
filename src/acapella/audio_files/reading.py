"""Reads audio files block by block.

libsndfile decodes wav, flac and aiff; FFmpeg decodes the rest, and what libsndfile refuses. libsndfile knows mp3 and
Ogg as well, but it guesses the length of an mp3 file without a Xing header and stops there, passes over damaged Ogg
pages and over all links of a chain but the first, and keeps Vorbis' own order of channels. Only Vorbis of a single
page is better off with it: FFmpeg counts the samples wrong.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import soundfile

from acapella.audio_files.damage import ends_early, is_short_ogg
from acapella.audio_files.failures import Attempt, ReasonError, display_name, native_path
from acapella.audio_files.info import AudioInfo, Decoded, first_samples
from acapella.audio_files.metadata import Metadata, useful_tags, wav_metadata
from acapella.storage.pipes import copy_pipe, is_special

MAX_CHANNELS = 8
PIECE = 65536  # samples decoded at a time
SOUNDFILE_STARTS = (b"RIFF", b"RF64", b"fLaC", b"FORM")  # wav, flac, aiff
LOUDEST = 1e30  # from where on the square of a spectrum is no number in float32, with room for a long window
MAX_SAMPLES = 2**48  # libsndfile means "unknown" by more
LOSSLESS = ("PCM_", "ALAC_", "FLOAT", "DOUBLE")  # how their subtypes begin


class AudioReader:
    """An open audio file: `info` and, once, its samples. A context manager."""

    def __init__(self, name: str, decoded: Decoded, files: ExitStack) -> None:
        self.info, self._decode = decoded
        self._name = name
        self._files = files

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def blocks(self, samples: int = PIECE, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """The audio in blocks of so many samples, float32 (samples, channels), the last one shorter.

        `start` and `stop` are the samples of a part of it. A file that proves damaged or cut short before its end is
        an error, at the latest after the last block.
        """
        with Attempt(self._name, "decoded"):
            pieces = self._decode(start)
            for block in _regroup(pieces if stop is None else first_samples(pieces, stop - start), samples):
                _check_samples(block)
                yield block


def open_audio(path: Path | BinaryIO, stream: int = 0) -> AudioReader:
    """Open a file, or a stream of bytes such as standard input, for reading.

    `stream` counts the audio streams of a container that holds several, as `.stem.mp4` files do.
    """
    name = display_name(path)
    with ExitStack() as files:
        with Attempt(name, "read"):
            file = _open_bytes(path, files)
        with Attempt(name, "decoded"):
            decoded = _open(path, file, stream, files)
            if decoded[0].channels > MAX_CHANNELS:
                raise ReasonError(f"it has {decoded[0].channels} channels, and {MAX_CHANNELS} are the most")
        opened = files.pop_all()
    return AudioReader(name, decoded, opened)


def read_audio(path: Path | BinaryIO, stream: int = 0) -> tuple[np.ndarray, int]:
    """All of a file as float32 (samples, channels), and its sample rate in Hz."""
    with open_audio(path, stream) as reader:
        return np.concatenate(list(reader.blocks())), reader.info.sample_rate


def read_metadata(path: Path, info: AudioInfo) -> Metadata:
    """All metadata of a file that was opened and has this `info`: the cover as well, and tags that libsndfile drops."""
    from acapella.audio_files.ffmpeg import read_tags_and_cover  # slow to import

    try:
        tags, cover = read_tags_and_cover(path)
    except (ReasonError, OSError):  # the audio can be read, and that is what counts
        return info.metadata
    return replace(info.metadata, tags={**info.metadata.tags, **tags}, cover=cover)


def _open_bytes(path: Path | BinaryIO, files: ExitStack) -> BinaryIO:
    """The file in bytes; a pipe goes to a temporary file first, since many containers take more than one pass."""
    if isinstance(path, Path) and not is_special(path):
        if not path.is_dir() and not path.stat().st_size:  # nor are files of /proc opened, some of which never end
            raise ReasonError("it is empty")
        file: BinaryIO = files.enter_context(path.open("rb"))
    elif isinstance(path, Path) or not path.seekable():
        file = files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
        copy_pipe(path, file, display_name(path))
    else:
        file = path
    if not file.seek(0, os.SEEK_END):
        raise ReasonError("it is empty")
    return file


def _open(path: Path | BinaryIO, file: BinaryIO, stream: int, files: ExitStack) -> Decoded:
    if ends_early(file):
        raise ReasonError("it is cut short")
    named = path if isinstance(path, Path) and path.is_file() else None  # a pipe may have a name, too
    if stream == 0 and _is_for_soundfile(file):
        broadcast, channel_mask = wav_metadata(file)
        file.seek(0)
        decoded = _open_soundfile(native_path(named) if named else file, files, broadcast, channel_mask)
        if decoded:
            return decoded
    from acapella.audio_files.ffmpeg import open_ffmpeg  # slow to import

    file.seek(0)
    return open_ffmpeg(f"file:{named}" if named else file, stream, files)


def _is_for_soundfile(file: BinaryIO) -> bool:
    file.seek(0)
    start = file.read(4)
    suitable = start in SOUNDFILE_STARTS or (start == b"OggS" and is_short_ogg(file))
    file.seek(0)
    return suitable


def _open_soundfile(
    source: str | bytes | BinaryIO, files: ExitStack, broadcast: bytes | None, channel_mask: int | None
) -> Decoded | None:
    """What `source` is and its samples, if libsndfile is the one to decode it."""
    try:
        file = files.enter_context(soundfile.SoundFile(source))
    except (soundfile.SoundFileError, TypeError):  # TypeError: a name in .raw
        return None
    ogg_for_ffmpeg = file.format == "OGG" and (file.subtype != "VORBIS" or file.channels > 2)
    if ogg_for_ffmpeg or not 0 < file.frames < MAX_SAMPLES:
        return None
    subtype = file.subtype if file.subtype.startswith(LOSSLESS) else None
    metadata = Metadata(useful_tags(file.copy_metadata()), None, broadcast, channel_mask)
    seconds = file.frames / file.samplerate
    info = AudioInfo(file.samplerate, file.channels, file.frames, subtype, metadata, seconds)
    return info, partial(_soundfile_pieces, file)


def _soundfile_pieces(file: soundfile.SoundFile, start: int) -> Iterator[np.ndarray]:
    if start:
        file.seek(min(start, file.frames))
    missing = file.frames - start
    while missing > 0:
        piece = file.read(min(PIECE, missing), dtype="float32", always_2d=True)
        if not len(piece):
            raise ReasonError(f"{missing} of {file.frames} samples are missing at the end")
        missing -= len(piece)
        yield piece


def _check_samples(block: np.ndarray) -> None:
    """ReasonError for samples that no computation can be made with."""
    peak = max(float(block.max()), -float(block.min()))
    if peak <= LOUDEST:
        return
    if not np.isfinite(block).all():
        raise ReasonError("it holds samples that are no numbers, NaN or infinity")
    raise ReasonError(f"it holds samples of {peak:.0e}, and full scale is 1")


def _regroup(pieces: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same samples in pieces of `size`, the last one shorter."""
    waiting: list[np.ndarray] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece)
        if count >= size:
            joined = np.concatenate(waiting)
            whole = count - count % size
            yield from (joined[start : start + size] for start in range(0, whole, size))
            waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)
