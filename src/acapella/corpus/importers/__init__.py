"""Convert published data sets to a corpus: NAME_all.wav, NAME_vocal.wav, NAME_instrumental.wav for each song.

songs.py          Song, Stems       what a data set gives; write_song
sums.py           add_up            files of audio, added up
musdb18.py  medleydb.py  mir1k.py  stem_folders.py     one data set each: which songs it has
"""

from collections.abc import Callable
from pathlib import Path

from acapella.corpus.importers.medleydb import medleydb
from acapella.corpus.importers.mir1k import mir1k
from acapella.corpus.importers.musdb18 import musdb18
from acapella.corpus.importers.songs import LeftOutError, Song, Stems, is_written, name_alike, write_song
from acapella.corpus.importers.stem_folders import stem_folders
from acapella.errors import CorpusError
from acapella.registry import choose

__all__ = ["DATA_SETS", "LeftOutError", "Song", "Stems", "find_songs", "is_written", "write_song"]

DATA_SETS: dict[str, Callable[[Path], list[Song]]] = {
    "musdb18": musdb18,
    "medleydb": medleydb,
    "mir1k": mir1k,
    "stems": stem_folders,
}


def find_songs(data_set: str, source: Path, destination: Path) -> list[Song]:
    """The songs in `source`, whose audio is not yet read; an error if two would be written under one name."""
    importer = choose(DATA_SETS, data_set, "DATA_SET")
    if not source.is_dir():
        raise CorpusError(f"{source} is not a folder; name the one that holds the data set.")
    if destination.resolve().is_relative_to(source.resolve()):  # or a second run would import the first one's files
        raise CorpusError(f"{destination} lies inside {source}; name a destination outside it.")
    songs = importer(source)
    if not songs:
        raise CorpusError(f"{source} holds nothing of {data_set}; `acapella prepare --help` says what is looked for.")
    seen: dict[str, Song] = {}
    for song in songs:
        other = seen.setdefault(name_alike(song.name), song)
        if other is not song:
            raise CorpusError(
                f"{other.source} and {song.source} would both be {song.name}; rename one, or prepare them apart."
            )
    return songs
