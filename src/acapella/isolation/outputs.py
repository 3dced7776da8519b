"""Which files are songs, where their stems go, and that no two meet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acapella.audio_files import FORMATS, BitDepth
from acapella.errors import InputError, UsageError
from acapella.models.description import STEMS
from acapella.registry import choose

STDIN = Path("-")
STDIN_NAME = "stdin"
BIT_DEPTHS: dict[str, BitDepth] = {"16": 16, "24": 24, "32f": "32f"}
SONG_EXTENSIONS = frozenset(
    (
        *("wav", "flac", "aif", "aiff", "aifc", "w64", "rf64", "au", "caf", "wv", "ape"),
        *("mp3", "ogg", "oga", "opus", "m4a", "m4b", "aac", "wma", "mka"),
        *("mp4", "m4v", "mkv", "webm", "mov", "avi", "mpg", "mts", "flv", "3gp"),
    )
)


@dataclass(frozen=True)
class Job:
    """A song and the file of each stem to be made of it."""

    song: Path
    outputs: dict[str, Path]


def output_paths(song: Path, out_dir: str | Path | None, stems: Iterable[str], format: str) -> dict[str, Path]:
    """The file of each stem: NAME_vocal.wav and so on, in `out_dir` or beside the song."""
    extension = choose(FORMATS, format, "format").extension
    name = STDIN_NAME if song == STDIN else song.stem
    folder = song.parent if out_dir is None else Path(out_dir)
    return {stem: folder / f"{name}_{stem}{extension}" for stem in stems}


def plan_jobs(songs: Sequence[Path], out_dir: Path | None, stems: Sequence[str], format: str) -> list[Job]:
    """A job for each song; UsageError where outputs would meet one another or a song."""
    if out_dir is not None and out_dir.exists() and not out_dir.is_dir():
        raise UsageError(f"-o {out_dir} is a file; name a folder.")
    jobs = [Job(song, output_paths(song, out_dir, stems, format)) for song in songs]
    inputs = {song.resolve(): song for song in songs}
    makers: dict[Path, Path] = {}
    for job in jobs:
        for output in job.outputs.values():
            place = output.resolve()
            if place in inputs:
                raise UsageError(f"{job.song} would overwrite {inputs[place]}: choose another folder with -o.")
            if place in makers:
                raise UsageError(
                    f"{makers[place]} and {job.song} would both write {output}: choose another -o for one."
                )
            makers[place] = job.song
    return jobs


def default_bit_depth(subtype: str | None, format: str) -> BitDepth:
    """16, or the input's depth where it is higher and `format` can hold it."""
    if subtype in ("FLOAT", "DOUBLE"):
        return "32f" if format == "wav" else 24
    return 24 if subtype in ("PCM_24", "PCM_32") else 16


def songs_below(folder: Path, out_dir: Path | None = None) -> list[Path]:
    """The songs in `folder` and its subfolders, without stems that we made of them, beside them or in `out_dir`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix[1:].lower() in SONG_EXTENSIONS)
    beside = {(path.parent, path.stem) for path in files}
    anywhere = {path.stem for path in files}

    def is_output(path: Path) -> bool:
        name, _, stem = path.stem.rpartition("_")
        in_out_dir = out_dir is not None and path.parent.resolve() == out_dir.resolve()
        return stem in STEMS and ((path.parent, name) in beside or (in_out_dir and name in anywhere))

    songs = [path for path in files if not is_output(path)]
    if not songs:
        raise InputError(f"{folder} holds no audio files.")
    return songs
