"""Sums of audio files, read one after the other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from acapella.audio_files import read_audio
from acapella.corpus.cache import LENGTH_TOLERANCE
from acapella.corpus.importers.songs import Stems
from acapella.errors import CorpusError

Source = tuple[Path, int]  # a file, and which of its audio streams


def add_up(vocals: Sequence[Source], others: Sequence[Source], note: str = "") -> Stems:
    """The sum of `vocals` and the sum of `others`, cut to the shortest file.

    All files must have the same sample rate and channels, and about the same length.
    """
    special = next((path for path, _ in (*vocals, *others) if path.exists() and not path.is_file()), None)
    if special:
        raise CorpusError(f"{special} is no regular file.")
    vocal, rate = read_audio(*vocals[0])
    instrumental = np.zeros_like(vocal)
    shortest = len(vocal)
    for total, sources in ((vocal, vocals[1:]), (instrumental, others)):
        for source in sources:
            audio, other_rate = read_audio(*source)
            difference = _difference(vocal, rate, audio, other_rate)
            if difference:
                raise CorpusError(f"{source[0]} does not fit {vocals[0][0].name}: {difference}.")
            shortest = min(shortest, len(audio))
            total[:shortest] += audio[:shortest]
    return Stems(vocal[:shortest], instrumental[:shortest], rate, note)


def _difference(one: np.ndarray, rate: int, other: np.ndarray, other_rate: int) -> str | None:
    """The reason why two files cannot be added, or None."""
    if rate != other_rate:
        return f"{other_rate} Hz against {rate} Hz"
    if one.shape[1] != other.shape[1]:
        return f"{other.shape[1]} channels against {one.shape[1]}"
    if abs(len(one) - len(other)) > LENGTH_TOLERANCE * rate:
        return f"{len(other) / rate:.1f} s against {len(one) / rate:.1f} s"
    return None
