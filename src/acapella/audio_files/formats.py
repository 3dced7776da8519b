"""The formats that audio can be written in, and what each of them holds."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from acapella.audio_files.metadata import Metadata
from acapella.errors import UsageError
from acapella.registry import choose

BitDepth = Literal[16, 24, "32f"]

ANY_RATE = (range(1, 2**31),)
FLAC_RATES = (range(1, 65536), range(65540, 655351, 10))  # what libFLAC takes and reads back
MP3_RATES = ((8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),)
VORBIS_RATES = (range(1, 200_001),)  # libvorbis crashes the process above
OPUS_RATES = ((8000, 12000, 16000, 24000, 48000),)  # always decoded at 48000 Hz
AAC_RATES = ((7350, *MP3_RATES[0], 64000, 88200, 96000),)


@dataclass(frozen=True)
class Format:
    """One way to write audio.

    `container` and `codec` are names of the library that writes it: of libsndfile for "soundfile", of FFmpeg
    for "ffmpeg". Lossy formats have no bit depth: they take 16 and 24 alike.
    """

    extension: str
    encoder: Literal["wav", "soundfile", "ffmpeg"]
    container: str
    codec: str
    lossy: bool
    depths: tuple[BitDepth, ...]
    channels: int  # at most
    rates: tuple[Sequence[int], ...]  # in Hz, rising
    bitrates: range = range(0)  # in kbit/s, that can be asked for

    def holds_rate(self, sample_rate: int) -> bool:
        """Whether audio at `sample_rate` Hz can be stored as it is."""
        return any(sample_rate in rates for rates in self.rates)

    def nearest_rate(self, sample_rate: int) -> int:
        """The rate to store audio of `sample_rate` Hz at: the next one that can be stored, or else the highest."""
        above = [rates[place] for rates in self.rates if (place := bisect_left(rates, sample_rate)) < len(rates)]
        return min(above, default=max(rates[-1] for rates in self.rates))

    def holds(self, sample_rate: int, channels: int, bit_depth: BitDepth) -> bool:
        """Whether nothing about the audio has to change."""
        return self.holds_rate(sample_rate) and channels <= self.channels and bit_depth in self.depths


# Lossy formats end at two channels: beyond, encoders treat some as low-frequency effects or reorder them.
FORMATS = {
    "wav": Format(".wav", "wav", "WAV", "PCM", False, (16, 24, "32f"), 1024, ANY_RATE),
    "flac": Format(".flac", "soundfile", "FLAC", "PCM", False, (16, 24), 8, FLAC_RATES),
    "aiff": Format(".aiff", "soundfile", "AIFF", "PCM", False, (16, 24), 1024, (range(1, 2**30),)),
    "mp3": Format(".mp3", "soundfile", "MP3", "MPEG_LAYER_III", True, (16, 24), 2, MP3_RATES, range(32, 321)),
    "ogg": Format(".ogg", "soundfile", "OGG", "VORBIS", True, (16, 24), 2, VORBIS_RATES, range(48, 501)),
    "opus": Format(".opus", "ffmpeg", "ogg", "libopus", True, (16, 24), 2, OPUS_RATES, range(6, 511)),
    "m4a": Format(".m4a", "ffmpeg", "mp4", "aac", True, (16, 24), 2, AAC_RATES, range(16, 513)),
}


def check_format(format: str, sample_rate: int, channels: int, bit_depth: BitDepth = 16) -> Format:
    """The entry of `format`; a UsageError that names formats that can, where it cannot hold the audio."""
    chosen = choose(FORMATS, format, "format")
    if channels > chosen.channels:
        what = f"{channels} channels"
    elif not chosen.holds_rate(sample_rate):
        what = f"{sample_rate} Hz"
    else:
        return check_depth(format, bit_depth)
    able = [name for name, other in FORMATS.items() if other.holds(sample_rate, channels, bit_depth)]
    raise UsageError(_refusal(format, what, able))


def check_depth(format: str, bit_depth: BitDepth) -> Format:
    """The entry of `format`; a UsageError that names formats that can, where it cannot hold the bit depth."""
    chosen = choose(FORMATS, format, "format")
    if bit_depth in chosen.depths:
        return chosen
    what = f"{bit_depth} samples" if isinstance(bit_depth, str) else f"{bit_depth} bit"
    raise UsageError(_refusal(format, what, [name for name, other in FORMATS.items() if bit_depth in other.depths]))


def check_bitrate(format: str, bitrate: int | None) -> Format:
    """The entry of `format`; a UsageError where it takes no bit rate, or not this one (kbit/s; None: its own)."""
    chosen = choose(FORMATS, format, "format")
    if bitrate is None or bitrate in chosen.bitrates:
        return chosen
    if not chosen.bitrates:
        able = ", ".join(name for name, other in FORMATS.items() if other.bitrates)
        raise UsageError(f"bitrate={bitrate}: {format} takes none; those that do are {able}.", "bitrate")
    most = f"from {chosen.bitrates[0]} to {chosen.bitrates[-1]} kbit/s"
    raise UsageError(f"bitrate={bitrate} is not what {format} takes, {most}.", "bitrate")


def _refusal(format: str, what: str, able: list[str]) -> str:
    remedy = f"use {' or '.join(able[:2])}" if able else "no format here can"
    return f"{format} cannot hold {what}; {remedy}."


@dataclass(frozen=True)
class Target:
    """What is to be written."""

    name: str  # in messages
    format: Format
    sample_rate: int  # in Hz
    channels: int
    bit_depth: BitDepth
    metadata: Metadata
    bitrate: int | None = None  # in kbit/s
