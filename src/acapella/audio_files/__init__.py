"""Reads and writes audio files: the only place that does.

Arrays are float32 of shape (samples, channels), nominally in [-1, 1]; float files may exceed that.

    reading.py    open_audio, read_audio   any file that libsndfile or FFmpeg knows, video too
    info.py       AudioInfo                what is known before decoding
    damage.py     files that end before they should: by what they declare (declared.py), by their frames (streams.py)
    writing.py    AudioWriter              whole, or not at all
    wav.py        wav, RF64, wav without length
    metadata.py   Metadata                 tags, cover, place on the timeline, loudspeakers
    ffmpeg.py, ffmpeg_encoding.py          the only places that import PyAV
    formats.py    FORMATS, check_format    what can be written
    failures.py   the libraries' errors, as one sentence
"""

from acapella.audio_files.formats import FORMATS, BitDepth, Format, check_bitrate, check_depth, check_format
from acapella.audio_files.info import AudioInfo
from acapella.audio_files.metadata import Metadata
from acapella.audio_files.reading import AudioReader, open_audio, read_audio, read_metadata
from acapella.audio_files.writing import AudioWriter

__all__ = [
    "FORMATS",
    "AudioInfo",
    "AudioReader",
    "AudioWriter",
    "BitDepth",
    "Format",
    "Metadata",
    "check_bitrate",
    "check_depth",
    "check_format",
    "open_audio",
    "read_audio",
    "read_metadata",
]
