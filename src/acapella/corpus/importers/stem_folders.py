"""A folder for each song: vocals.* and accompaniment.*, or other stems, which are summed."""

from collections import defaultdict
from functools import partial
from pathlib import Path

from acapella.corpus.importers.songs import AUDIO_SUFFIXES, LeftOutError, Song, Stems
from acapella.corpus.importers.sums import add_up
from acapella.corpus.tracks import files_below
from acapella.errors import CorpusError


def stem_folders(source: Path) -> list[Song]:
    """A song for every folder with audio files, under its path; mixture.* is ignored: it is the sum of the stems."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in files_below(source):
        if path.suffix.lower() in AUDIO_SUFFIXES:
            folders[path.parent].append(path)
    return [
        Song(_name(folder, source), folder, partial(_load, folder, files)) for folder, files in sorted(folders.items())
    ]


def _name(folder: Path, source: Path) -> str:
    return source.absolute().name if folder == source else folder.relative_to(source).as_posix()


def _load(folder: Path, files: list[Path]) -> Stems:
    stems: dict[str, Path] = {}
    for path in files:
        other = stems.setdefault(path.stem.lower(), path)
        if other is not path:
            raise CorpusError(f"{folder} holds both {other.name} and {path.name}; keep one of them.")
    stems.pop("mixture", None)
    vocals = stems.pop("vocals", None)
    if vocals is None or not stems:
        raise LeftOutError(f"{folder} holds no {'accompaniment beside the vocals' if vocals else 'vocals'}.")
    return add_up([(vocals, 0)], [(path, 0) for path in stems.values()])
