"""From files and folders to jobs: which files are songs, where their stems go, and that no two meet."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acapella.audio_files import check_depth
from acapella.errors import InputError, UsageError
from acapella.isolation.outputs import output_paths
from acapella.jobs.job import DEFAULT, MIXTURE, Job, ModelChoice

if TYPE_CHECKING:
    from acapella.audio_files import BitDepth

STDIN = Path("-")
STDIN_NAME = "stdin"
USUAL_STEMS = frozenset(
    ("vocal", "instrumental", "drums", "bass", "other", "guitar", "piano", "lead", "backing")  # of any model
)
SONG_EXTENSIONS = frozenset(
    (
        *("wav", "flac", "aif", "aiff", "aifc", "w64", "rf64", "au", "caf", "wv", "ape"),
        *("mp3", "ogg", "oga", "opus", "m4a", "m4b", "aac", "wma", "mka"),
        *("mp4", "m4v", "mkv", "webm", "mov", "avi", "mpg", "mts", "flv", "3gp"),
    )
)


def find_songs(
    paths: Iterable[Path], out_dir: Path | None = None, *, recursive: bool = False, stems: Iterable[str] = ()
) -> tuple[list[Path], list[InputError]]:
    """The songs that `paths` name, and an error for each folder among them that holds none.

    In folders, which need `recursive`, files that look like our outputs are left out: those of `stems` or usual ones.
    """
    names = USUAL_STEMS.union(stems)
    songs: list[Path] = []
    empty: list[InputError] = []
    for path in paths:
        if not path.is_dir():
            songs.append(path)
            continue
        if not recursive:
            raise UsageError(f"{path} is a folder: add recursive to separate the songs in it.", "recursive")
        found = songs_below(path, out_dir, names)
        songs.extend(found)
        if not found:
            empty.append(InputError(f"{path} holds no audio files."))
    return songs, empty


def songs_below(folder: Path, out_dir: Path | None, stems: Iterable[str]) -> list[Path]:
    """The songs in `folder` and its subfolders, without `stems` that we made of them, beside them or in `out_dir`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix[1:].lower() in SONG_EXTENSIONS)
    beside = {(path.parent, path.stem) for path in files}
    anywhere = {path.stem for path in files}
    known = frozenset(stems)

    def is_output(path: Path) -> bool:
        name, _, stem = path.stem.rpartition("_")
        in_out_dir = out_dir is not None and path.parent.resolve() == out_dir.resolve()
        return stem in known and ((path.parent, name) in beside or (in_out_dir and name in anywhere))

    return [path for path in files if not is_output(path)]


def plan_jobs(
    songs: Sequence[Path],
    out_dir: Path | None,
    stems: Sequence[str],
    *,
    model: ModelChoice = DEFAULT,
    format: str = "wav",
    bit_depth: "BitDepth | None" = None,
    pictures: bool = False,
) -> list[Job]:
    """A job for each song, its stems in `out_dir` or beside it; UsageError where outputs would meet, or cannot be.

    With `pictures`, a spectrogram of each stem lies beside it, and one of the song with them.
    """
    check_depth(format, bit_depth or 16)
    if pictures:
        from acapella.pictures import check_installed

        check_installed()
    if out_dir is not None and out_dir.exists() and not out_dir.is_dir():
        raise UsageError(f"out_dir {out_dir} is a file; name a folder.", "out_dir")
    jobs = []
    for song in songs:
        named = Path(STDIN_NAME) if song == STDIN else song
        outputs = output_paths(named, out_dir, stems, format)
        drawn = _picture_paths(named, outputs) if pictures else {}
        jobs.append(Job(song, outputs, model, format, bit_depth, drawn))
    _check_apart(jobs)
    return jobs


def _picture_paths(song: Path, outputs: dict[str, Path]) -> dict[str, Path]:
    folder = next(iter(outputs.values())).parent
    return {part: folder / f"{audio.stem}.png" for part, audio in {MIXTURE: song, **outputs}.items()}


def _check_apart(jobs: Sequence[Job]) -> None:
    """UsageError where two jobs would write one file, or one would overwrite a song."""
    songs = {job.song.resolve(): job.song for job in jobs}
    makers: dict[Path, Path] = {}
    for job in jobs:
        for path in job.files:
            place = path.resolve()
            if place in songs:
                raise UsageError(f"{job.song} would overwrite {songs[place]}: choose another out_dir.", "out_dir")
            if place in makers:
                both = f"{makers[place]} and {job.song} would both write {path}"
                raise UsageError(f"{both}: choose another out_dir for one.", "out_dir")
            makers[place] = job.song
