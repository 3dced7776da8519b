"""MUSDB18 (`.stem.mp4`) and MUSDB18-HQ (a folder of wav files for each song)."""

from functools import partial
from pathlib import Path

from acapella.corpus.importers.songs import Song, Stems
from acapella.corpus.importers.sums import add_up
from acapella.corpus.tracks import files_below
from acapella.errors import CorpusError

STREAMS = ("mixture", "drums", "bass", "other", "vocals")  # their order in .stem.mp4, and the names of the wav files
OTHERS = ("drums", "bass", "other")
ENDING = ".stem.mp4"
SPLITS = ("train", "test")


def musdb18(source: Path) -> list[Song]:
    """All songs below `source`, in folders `train` and `test` as published.

    The mixture is the sum of the stems; the mixture in `.stem.mp4` differs from it by the loss of its coding.
    """
    files = files_below(source)
    coded = [path for path in files if path.name.lower().endswith(ENDING)]
    folders = sorted({path.parent for path in files if path.suffix.lower() == ".wav" and path.stem.lower() in STREAMS})
    songs = [Song(_name(path, path.name[: -len(ENDING)]), path, partial(_from_streams, path)) for path in coded]
    songs += [Song(_name(folder, folder.absolute().name), folder, partial(_from_folder, folder)) for folder in folders]
    return sorted(songs, key=lambda song: song.name)


def _name(path: Path, title: str) -> str:
    """`train/TITLE` or `test/TITLE`, also where `source` is the folder `test` itself."""
    split = path.absolute().parent.name.lower()
    return f"{split}/{title}" if split in SPLITS else title


def _from_streams(path: Path) -> Stems:
    return add_up([(path, STREAMS.index("vocals"))], [(path, STREAMS.index(name)) for name in OTHERS])


def _from_folder(folder: Path) -> Stems:
    files = {path.stem.lower(): path for path in folder.iterdir() if path.suffix.lower() == ".wav"}
    missing = ", ".join(f"{name}.wav" for name in ("vocals", *OTHERS) if name not in files)
    if missing:
        raise CorpusError(f"{folder} lacks {missing}; copy the song again.")
    return add_up([(files["vocals"], 0)], [(files[name], 0) for name in OTHERS])
