"""Encodes with FFmpeg what libsndfile cannot, and gives tags and cover pictures to what libsndfile has encoded."""

import base64
import io
import struct
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.container import OutputContainer
from av.stream import Disposition

from acapella.audio_files.failures import ReasonError, Sink
from acapella.audio_files.ffmpeg import Reasons
from acapella.audio_files.formats import Target
from acapella.audio_files.metadata import Metadata

LAYOUTS = {1: "mono", 2: "stereo"}
BITRATE = 128  # kbit/s for each channel, where none is asked for
OPTIONS = {  # by muxer
    "mp3": {"id3v2_version": "3"},  # version 4 is unknown to many programs
    "aiff": {"write_id3v2": "1"},
    "mp4": {"brand": "M4A "},
}
IMAGE_TYPES = {"png": "image/png", "mjpeg": "image/jpeg"}
FRONT_COVER = 3


def add_metadata(source: Path, target: Target, destination: Path) -> None:
    """Copy an encoded file, packet by packet, with the metadata of `target`."""
    muxer = target.format.container.lower()
    with Reasons(), ExitStack() as files:
        song = files.enter_context(av.open(f"file:{source}", "r"))
        sink = Sink(files.enter_context(destination.open("wb")))
        copy = files.enter_context(av.open(sink, "w", format=muxer, options=OPTIONS.get(muxer, {})))
        stream = copy.add_stream_from_template(song.streams.audio[0])
        _set_metadata(copy, target.metadata)
        for packet in song.demux(song.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
                sink.check()
        copy.close()
        sink.check()


def _set_metadata(container: OutputContainer, metadata: Metadata) -> None:
    """Give tags and cover to a file whose header is not yet written and whose audio stream is there."""
    container.metadata.update(metadata.tags)
    if container.format.name == "aiff" and "artist" in metadata.tags:
        container.metadata["author"] = metadata.tags["artist"]  # for programs that know no ID3 in aiff
    if metadata.cover is None:
        return
    with suppress(av.FFmpegError), av.open(io.BytesIO(metadata.cover), "r") as picture:  # a song is worth more than it
        (image,) = picture.streams.video
        codec = image.codec_context
        if container.format.name == "ogg" and codec.name in IMAGE_TYPES:
            block = _picture_block(metadata.cover, IMAGE_TYPES[codec.name], codec.width, codec.height)
            container.metadata["METADATA_BLOCK_PICTURE"] = base64.b64encode(block).decode()
        elif codec.name in IMAGE_TYPES and container.format.name != "aiff":  # PyAV has no pictures there
            stream = container.add_stream_from_template(image)
            stream.disposition = Disposition.attached_pic
            container.start_encoding()
            packet = next(picture.demux(image))
            packet.stream = stream
            container.mux(packet)


def _picture_block(image: bytes, kind: str, width: int, height: int) -> bytes:
    """The cover as Ogg keeps it, in a FLAC picture block (RFC 9639, section 8.8)."""
    start = struct.pack(f">II{len(kind)}sI", FRONT_COVER, len(kind), kind.encode(), 0)
    return start + struct.pack(">IIIII", width, height, 24, 0, len(image)) + image


class FFmpegEncoder:
    """Encodes what libsndfile cannot."""

    def __init__(self, file: BinaryIO, target: Target, files: ExitStack) -> None:
        self._sample_rate = target.sample_rate
        self._layout = LAYOUTS[target.channels]
        self._written = 0  # samples
        self._sink = Sink(file)
        with Reasons():
            options = dict(OPTIONS.get(target.format.container, {}))
            if target.format.container == "mp4":  # in which it counts its length
                options["movie_timescale"] = str(target.sample_rate)
            self._container = files.enter_context(
                av.open(self._sink, "w", format=target.format.container, options=options)
            )
        bitrate = target.bitrate or BITRATE * target.channels
        settings: dict[str, Any] = {"layout": self._layout, "bit_rate": 1000 * bitrate}
        stream = self._container.add_stream(target.format.codec, target.sample_rate, **settings)
        self._stream = cast(av.AudioStream, stream)
        try:
            self._stream.codec_context.open()
        except av.ArgumentError as error:
            raise ReasonError(f"the encoder does not take {bitrate} kbit/s for {self._layout} audio") from error
        with Reasons():
            _set_metadata(self._container, target.metadata)

    def write(self, samples: np.ndarray) -> None:
        """Append float32 `samples` (samples, channels)."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", self._layout)
        frame.sample_rate = self._sample_rate
        frame.time_base = Fraction(1, self._sample_rate)
        frame.pts = self._written
        self._written += len(samples)
        self._encode(frame)

    def finish(self) -> None:
        """Write what the encoder holds back, and the end of the file."""
        self._encode(None)
        with Reasons():
            self._container.close()
        self._sink.check()

    def _encode(self, frame: av.AudioFrame | None) -> None:
        with Reasons():
            self._container.mux(self._stream.encode(frame))
        self._sink.check()
