"""MIR-1K: one clip a file, accompaniment on the left, voice on the right."""

from functools import partial
from pathlib import Path

from acapella.audio_files import read_audio
from acapella.corpus.importers.songs import Song, Stems
from acapella.corpus.tracks import files_below
from acapella.errors import CorpusError

CLIPS = "wavfile"  # beside it, as published, UndividedWavfile holds the same audio uncut


def mir1k(source: Path) -> list[Song]:
    """The clips in the folders `Wavfile`, or where there is none, all below `source`."""
    files = [path for path in files_below(source) if path.suffix.lower() in (".wav", ".flac")]
    clips = {path: _below_clips(path.relative_to(source)) for path in files}
    if any(clips.values()):
        names = {path: name for path, name in clips.items() if name}
    else:
        names = {path: path.relative_to(source) for path in files}
    return [Song("_".join(name.with_suffix("").parts), path, partial(_load, path)) for path, name in names.items()]


def _below_clips(path: Path) -> Path | None:
    """What follows the folder `Wavfile` in `path`."""
    folders = [part.lower() for part in path.parts[:-1]]
    return Path(*path.parts[folders.index(CLIPS) + 1 :]) if CLIPS in folders else None


def _load(path: Path) -> Stems:
    audio, sample_rate = read_audio(path)
    if audio.shape[1] != 2:
        raise CorpusError(f"{path} is no clip of MIR-1K: it has {audio.shape[1]} channels instead of 2.")
    return Stems(audio[:, 1:], audio[:, :1], sample_rate)
