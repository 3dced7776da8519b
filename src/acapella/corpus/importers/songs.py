"""Songs with two stems, which every data set is converted to, and how they are written."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.audio_files import FORMATS, AudioWriter
from acapella.corpus.tracks import MIXTURE, PARTS
from acapella.errors import CorpusError

# Suffixes of audio files in data sets: the formats that we write, and others that FFmpeg reads.
AUDIO_SUFFIXES = frozenset(
    [*(format.extension for format in FORMATS.values()), ".aif", ".oga", ".mp4", ".aac", ".wma", ".wv"]
)


@dataclass(frozen=True)
class Stems:
    """The audio of a song: vocals and instrumental, both (samples, channels)."""

    vocal: np.ndarray
    instrumental: np.ndarray
    sample_rate: int  # in Hz
    note: str = ""  # a remark on the song, such as bleed


@dataclass(frozen=True)
class Song:
    """A song of a data set; `name` is its path below the corpus, without suffix, with / between folders."""

    name: str
    source: Path
    load: Callable[[], Stems]  # reads the audio


class LeftOutError(CorpusError):
    """The song is intact, but unsuitable for training: it has no vocals, for example."""


def is_written(song: Song, destination: Path) -> bool:
    """Whether all files of the song exist."""
    return all(path.is_file() for path in _files(song, destination).values())


def write_song(song: Song, destination: Path) -> str:
    """Write the three files of `song` below `destination`, the mixture as the sum of the stems; returns its note."""
    files = _files(song, destination)
    stems = song.load()
    files[MIXTURE].parent.mkdir(parents=True, exist_ok=True)
    files[MIXTURE].unlink(missing_ok=True)  # written last, so that an incomplete song has no mixture
    _write(files["vocal"], stems.vocal, stems.sample_rate)
    _write(files["instrumental"], stems.instrumental, stems.sample_rate)
    _write(files[MIXTURE], stems.vocal + stems.instrumental, stems.sample_rate)
    return stems.note


def name_alike(name: str) -> str:
    """A key that is equal for names that some file system treats as the same."""
    return unicodedata.normalize("NFC", _safe(name)).casefold()


def _files(song: Song, destination: Path) -> dict[str, Path]:
    return {part: destination / f"{_safe(song.name)}_{part}.wav" for part in PARTS}


def _safe(name: str) -> str:
    r"""`name` without the characters that Windows refuses: _ for each of <>:"\|?* and control characters."""
    return re.sub(r'[<>:"\\|?*\x00-\x1f]', "_", name)


def _write(path: Path, audio: np.ndarray, sample_rate: int) -> None:
    """Write 32-bit floats, which hold sums beyond full scale."""
    with AudioWriter(path, sample_rate, audio.shape[1], "wav", "32f", expected_samples=len(audio)) as writer:
        writer.write(audio)
