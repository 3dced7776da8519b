"""Decodes with FFmpeg, through PyAV. Import it only where it is needed: that takes a tenth of a second."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition

from acapella.audio_files.failures import ReasonError
from acapella.audio_files.info import AudioInfo, Decoded, first_samples
from acapella.audio_files.metadata import Metadata, useful_tags

# Containers of audio only, and no protocols: playlists and the like would open other files and addresses. Not iff,
# which asks for as much memory as a picture's header says.
DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,ircam,loas,matroska,mov,mp3,mpc,mpc8,"
    "mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,pvf,rm,sds,shn,tak,truehd,tta,voc,w64,wav,wv,xwma"
)
OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
SUBTYPES = {"u8": "PCM_U8", "s16": "PCM_16", "s32": "PCM_24", "flt": "FLOAT", "dbl": "DOUBLE"}
EXACT_LENGTH = {"mov", "ogg", "flac", "w64", "caf"}  # demuxers that know the length and do not estimate it
COUNTED = {"mp3", "flac", "w64", "caf"}  # that count samples
PIECE = 16384  # samples that are handed on at a time
SLACK = 0.05  # seconds by which a stream may end before its declared end
EXACT_SLACK = 0.001  # the same, where that is declared in samples


def open_ffmpeg(source: str | BinaryIO, index: int, files: ExitStack) -> Decoded:
    """What audio stream `index` of `source` is, and its samples."""
    container = _open_container(source, files)
    streams = container.streams.audio
    if index >= len(streams):
        raise ReasonError(
            f"it has no audio stream {index}, only {len(streams)}" if streams else "it has no audio stream"
        )
    if streams[index].codec_context is None:
        raise ReasonError("its audio is of a codec that is not known")
    frames = _frames(container, streams[index])
    first = next(frames, None)
    if first is None:
        raise ReasonError("it contains no audio")
    info = _describe(container, streams[index], first)
    samples = _samples(chain([first], frames))
    declared = _declared_samples(container, streams[index])
    whole = samples if declared is None else first_samples(samples, declared)
    return info, lambda start: _without_first(whole, start)


class Reasons:
    """Takes from FFmpeg's errors the reason alone, without number and without its own name for the file."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, av.FFmpegError):
            raise ReasonError(error.strerror or str(error)) from error


def read_tags_and_cover(path: Path) -> tuple[dict[str, str], bytes | None]:
    """The tags of a file, and the first of the pictures in it."""
    with ExitStack() as files:
        container = _open_container(f"file:{path}", files)
        tags = _tags(container, container.streams.audio[0]) if container.streams.audio else {}
        pictures = [stream for stream in container.streams.video if stream.disposition & Disposition.attached_pic]
        with Reasons():
            packet = next(container.demux(pictures[0]), None) if pictures else None
        return tags, bytes(packet) if packet else None


def _tags(container: InputContainer, stream: av.AudioStream) -> dict[str, str]:
    return useful_tags(container.metadata or stream.metadata)  # Ogg has them on the stream


def _open_container(source: str | BinaryIO, files: ExitStack) -> InputContainer:
    with Reasons():
        try:
            return files.enter_context(av.open(source, "r", options=OPTIONS, metadata_errors="replace"))
        except av.ArgumentError as error:  # what FFmpeg says to a format that is not in the list
            raise ReasonError("it is of no format that holds audio") from error


def _describe(container: InputContainer, stream: av.AudioStream, first: av.AudioFrame) -> AudioInfo:
    sample_format = first.format.name.removesuffix("p")  # p: planar
    seconds = container.duration / av.time_base if container.duration else None
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    return AudioInfo(
        sample_rate=first.sample_rate,
        channels=first.layout.nb_channels,
        samples=None,
        subtype=SUBTYPES.get(sample_format) if stream.codec_context.codec.lossless else None,
        metadata=Metadata(_tags(container, stream)),
        seconds=seconds,
    )


def _frames(container: InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """The decoded frames of `stream`; an error where they end before they should."""
    samples, last = 0, None
    with Reasons():
        try:
            for packet in container.demux(stream):
                if packet.is_corrupt and container.format.name != "wav":  # a wav without length has a corrupt end
                    raise ReasonError("it is damaged or cut short")
                for frame in packet.decode():
                    if frame.samples:
                        samples, last = samples + frame.samples, frame
                        yield frame
        except av.InvalidDataError:
            missing = _missing_seconds(container, stream, samples, last)
            if missing is None or missing > 0.001:
                raise
            return  # what follows the audio is something else
        except av.EOFError:
            pass  # the last packet, where all its samples are padding
    missing = _missing_seconds(container, stream, samples, last)
    kinds = set(container.format.name.split(","))
    slack = EXACT_SLACK if kinds & COUNTED else SLACK
    if missing is not None and missing > slack:
        raise ReasonError(f"it is damaged or cut short: {missing:.2f} seconds are missing")


def _samples(frames: Iterator[av.AudioFrame]) -> Iterator[np.ndarray]:
    """The frames, joined, as float32 (samples, channels)."""
    packer = av.AudioResampler(format="flt")  # PyAV's to_ndarray reads beyond a planar frame of 8 channels
    for joined in _joined(frames):
        for packed in packer.resample(joined):
            yield packed.to_ndarray().reshape(-1, packed.layout.nb_channels).astype(np.float32, copy=False)


def _declared_samples(container: InputContainer, stream: av.AudioStream) -> int | None:
    """Of MP4 and its relatives, how many samples there are without the padding of the last packet."""
    if "mov" not in container.format.name.split(",") or not stream.duration or not stream.time_base:
        return None
    return ceil(stream.duration * stream.time_base * stream.sample_rate)


def _without_first(pieces: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    """All but the first `count` samples, which are decoded too: only then is it certain which these are."""
    for piece in pieces:
        if count < len(piece):
            yield piece[count:]
        count = max(0, count - len(piece))


def _joined(frames: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """The same samples, `PIECE` to a frame: each call into PyAV costs time."""
    fifo, kind = av.AudioFifo(), None
    for frame in frames:
        previous, kind = kind, (frame.sample_rate, frame.layout.name, frame.format.name)
        if previous not in (None, kind):
            raise ReasonError("its sample rate or its channels change midway")
        time, frame.pts = frame.pts, None  # there may be gaps in videos
        fifo.write(frame)
        frame.pts = time
        while joined := fifo.read(PIECE):
            yield joined
    if rest := fifo.read():
        yield rest


def _missing_seconds(
    container: InputContainer, stream: av.AudioStream, samples: int, last: av.AudioFrame | None
) -> float | None:
    """How much earlier than declared `stream` ended, after `samples` in frames up to `last`; None: not declared."""
    declared = _declared_end(container, stream)
    if declared is None or last is None:
        return None
    if container.format.name != "ogg" and last.time is not None:
        return declared - (last.time + last.samples / last.sample_rate)  # there may be gaps in videos
    start = (stream.start_time or 0) * (stream.time_base or 0)
    return declared - float(start + Fraction(samples, last.sample_rate))  # a gap in Ogg is a damaged page


def _declared_end(container: InputContainer, stream: av.AudioStream) -> float | None:
    """Where the container says that `stream` ends, in seconds; None where it does not know or only guesses."""
    kinds = set(container.format.name.split(","))
    if "matroska" in kinds:
        return _declared_matroska_end(container, stream)
    if not stream.duration or not stream.time_base:
        return None
    whole_samples = (stream.duration * stream.time_base * stream.sample_rate).denominator == 1
    lame_header = "mp3" in kinds and stream.start_time and whole_samples  # a guess from the bit rate is no whole number
    if not (kinds & EXACT_LENGTH or lame_header):
        return None
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)


def _declared_matroska_end(container: InputContainer, stream: av.AudioStream) -> float | None:
    """The end of the track by its tag, or of the file if it holds nothing else; the tag may be out of date."""
    ends = [container.duration / av.time_base] if container.duration else []
    tags = [text for key, text in stream.metadata.items() if key.upper().startswith("DURATION")]
    times = [time for tag in tags if (time := re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", tag))]
    if not times and len(container.streams) > 1:
        return None
    ends += [3600 * int(time[1]) + 60 * int(time[2]) + float(time[3]) for time in times]
    return min(ends, default=None)
