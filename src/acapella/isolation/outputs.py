"""Where stems go, what they are called, and which files of a folder are songs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from acapella.audio_files import FORMATS, BitDepth
from acapella.codec import STEMS
from acapella.errors import InputError, UsageError, choose

SONG_EXTENSIONS = frozenset(
    [
        "wav",
        "flac",
        "ogg",
        "mp3",
        "aif",
        "aiff",
        "m4a",
        "aac",
        "opus",
        "mp4",
        "mkv",
        "webm",
        "mov",
        "wma",
        "mka",
        "oga",
        "w64",
        "rf64",
        "au",
        "caf",
    ]
)


def output_paths(song: Path, out_dir: str | Path | None, stems: Iterable[str], format: str) -> dict[str, Path]:
    """The file of each stem: NAME_vocal.wav and so on, in `out_dir` or beside the song."""
    extension = choose(FORMATS, format, "format").extension
    folder = song.parent if out_dir is None else Path(out_dir)
    chosen = list(stems)
    unknown = [stem for stem in chosen if stem not in STEMS]
    if unknown or not chosen:
        raise UsageError(f"--stems {','.join(chosen)!r} is not made of: {', '.join(STEMS)}.")
    return {stem: folder / f"{song.stem}_{stem}{extension}" for stem in chosen}


def default_bit_depth(subtype: str | None, format: str) -> BitDepth:
    """16, or the input's depth where it is higher and `format` can hold it."""
    if subtype in ("FLOAT", "DOUBLE"):
        return "32f" if format == "wav" else 24
    return 24 if subtype in ("PCM_24", "PCM_32") else 16


def songs_in(inputs: Sequence[Path], recursive: bool) -> list[Path]:
    """The files named, and with `recursive` the songs below the folders named, without our own outputs."""
    songs: list[Path] = []
    for path in inputs:
        if not path.is_dir():
            songs.append(path)
        elif recursive:
            songs.extend(_songs_below(path))
        else:
            raise UsageError(f"{path} is a folder: add -r to separate the songs in it.")
    return songs


def _songs_below(folder: Path) -> list[Path]:
    """Songs below `folder`; a file named as a stem of another one there is taken for our own output."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix[1:].lower() in SONG_EXTENSIONS)
    names = {(path.parent, path.stem) for path in files}

    def is_output(path: Path) -> bool:
        name, _, stem = path.stem.rpartition("_")
        return stem in STEMS and (path.parent, name) in names

    songs = [path for path in files if not is_output(path)]
    if not songs:
        raise InputError(f"{folder} holds no audio files.")
    return songs


def check_distinct(songs: Sequence[Path], out_dir: Path | None) -> None:
    """Two inputs that would write one name are an error before any work."""
    seen: dict[Path, Path] = {}
    for song in songs:
        key = (song.parent if out_dir is None else out_dir) / song.stem
        if key in seen:
            raise UsageError(f"{seen[key]} and {song} would both write {key}_vocal; rename one or separate it alone.")
        seen[key] = song


BIT_DEPTHS: dict[str, BitDepth] = {"16": 16, "24": 24, "32f": "32f"}
