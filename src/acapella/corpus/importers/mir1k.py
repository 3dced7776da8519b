"""MIR-1K: a file per clip, accompaniment in the left channel, voice in the right one."""

from functools import partial
from pathlib import Path

from acapella.audio_files import read_audio
from acapella.corpus.importers.songs import AUDIO_SUFFIXES, Song, Stems
from acapella.corpus.tracks import files_below
from acapella.errors import CorpusError

CLIPS = "wavfile"  # in lower case; the folder UndividedWavfile beside it holds the same audio uncut


def mir1k(source: Path) -> list[Song]:
    """The clips in folders named `Wavfile`; without such a folder, all audio files below `source`, in any format."""
    files = [path for path in files_below(source) if path.suffix.lower() in AUDIO_SUFFIXES]
    clips = {path: _below_clips(path.relative_to(source)) for path in files}
    if any(clips.values()):
        names = {path: name for path, name in clips.items() if name}
    else:
        names = {path: path.relative_to(source) for path in files}
    return [Song("_".join(name.with_suffix("").parts), path, partial(_load, path)) for path, name in names.items()]


def _below_clips(path: Path) -> Path | None:
    """The part of `path` below the folder `Wavfile`, or None if it is elsewhere."""
    folders = [part.lower() for part in path.parts[:-1]]
    return Path(*path.parts[folders.index(CLIPS) + 1 :]) if CLIPS in folders else None


def _load(path: Path) -> Stems:
    audio, sample_rate = read_audio(path)
    if audio.shape[1] != 2:
        raise CorpusError(f"{path} is no clip of MIR-1K: it has {audio.shape[1]} channels instead of 2.")
    return Stems(audio[:, 1:], audio[:, :1], sample_rate)
