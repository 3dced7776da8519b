"""From files and folders to jobs: which files are songs, where their stems go, and that no two meet."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from pathlib import Path

from acapella.audio_files import check_bitrate, check_depth
from acapella.corpus import tracks as corpus
from acapella.errors import InputError, UsageError
from acapella.isolation.options import AS_USUAL, WriteOptions
from acapella.isolation.outputs import NAME, check_name, is_ours, output_paths
from acapella.isolation.outputs import check_overwrites as check_files
from acapella.jobs.job import DEFAULT, Job, ModelChoice
from acapella.storage.address import Address, Location, name_beside

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


@dataclass(frozen=True)
class FoundSongs:
    """The songs that were named, the files in folders that are stems, and an error for each folder without songs.

    `subfolders` has the folder of each song below the one that was named, for those that are not in that one itself.
    """

    songs: list[Location]
    left_out: list[Location]
    empty: list[InputError]
    subfolders: dict[Location, str]


def find_songs(
    paths: Iterable[Location],
    out_dir: Location | None = None,
    *,
    recursive: bool = False,
    stems: Iterable[str] = (),
    name: str = NAME,
    model: str = "",
) -> FoundSongs:
    """The songs that `paths` name.

    In folders, which need `recursive`, stems are left out: what Acapella has made, and what lies beside its mixture:
    files of `stems` or usual ones, with names as the template `name` makes them or as a corpus has them.
    """
    check_name(name)
    stems = USUAL_STEMS.union(stems)
    found = FoundSongs([], [], [], {})
    for path in paths:
        if not _is_folder(path, recursive):
            found.songs.append(path)
            continue
        if not recursive:
            raise UsageError(f"{path} is a folder: add recursive to separate the songs in it.", "recursive")
        files = audio_files_below(path)
        below = {file: _below(file, path) for file in files}
        outputs = possible_outputs(below, out_dir, stems, name, model)
        outputs |= stems_of_corpora(files, stems)
        songs = [file for file in files if real_path(file.parent) / file.stem not in outputs and not _is_ours(file)]
        known = set(songs)
        found.songs.extend(songs)
        found.left_out.extend(file for file in files if file not in known)
        found.subfolders.update((file, below[file]) for file in songs if below[file] != ".")
        if not songs:
            found.empty.append(InputError(f"{path} holds no audio files."))
    return found


def audio_files_below(folder: Location) -> list[Location]:
    """The files in `folder` and its subfolders that may be songs."""
    if isinstance(folder, Address):
        from acapella.storage.stores import list_files

        return [address for address in list_files(folder) if _may_be_song(address)]
    return sorted(path for path in folder.rglob("*") if path.is_file() and _may_be_song(path))


def _may_be_song(path: Location) -> bool:
    return path.suffix[1:].lower() in SONG_EXTENSIONS


def _is_ours(path: Location) -> bool:
    """Whether the file says that Acapella has made it; files elsewhere would have to be fetched for that."""
    return isinstance(path, Path) and is_ours(path)


def _is_folder(path: Location, recursive: bool) -> bool:
    """Stores have no folders: there it is what ends in a slash, or with `recursive` what does not look like a song."""
    if isinstance(path, Address):
        return path.is_folder or (recursive and not path.is_web and not _may_be_song(path))
    return os.path.isdir(path)  # noqa: PTH112  (never raises; a job says what is wrong with its song)


def _below(file: Location, folder: Location) -> str:
    """The folder of `file` below the one that was named, "." for that itself."""
    if isinstance(file, Path):
        return os.path.relpath(file.parent, str(folder)).replace(os.sep, "/")
    return file.parent.text.removeprefix(str(folder).rstrip("/")).strip("/") or "."


def possible_outputs(
    songs: Mapping[Location, str], out_dir: Location | None, stems: Iterable[str], name: str = NAME, model: str = ""
) -> set[Location]:
    """Where stems of `songs` would be, beside them or in `out_dir`, without the ending.

    `songs` have their folders below the one that was named.
    """
    folders = {song.parent: real_path(song.parent) for song in songs}
    target = real_path(out_dir) if out_dir else None
    outputs: set[Location] = set()
    for song, below in songs.items():
        beside = folders[song.parent]
        places = [beside] if "{stem}" in name else []  # else a song would be taken for its own stem
        if target:
            places += [
                target / below if below != "." else target,
                target,
            ]  # a song that is named itself has its stems in the folder itself
        values = {"song": song.stem, "model": model}
        outputs.update(place / name.format(**values, stem=stem) for place in places for stem in stems)
    return outputs


def stems_of_corpora(files: Iterable[Location], stems: Iterable[str]) -> set[Location]:
    """Where the stems of tracks of a corpus would be, without the ending: beside NAME, NAME_all or `mixture`."""
    found: set[Location] = set()
    for file in files:
        folder = real_path(file.parent)
        if file.stem == "mixture":  # MUSDB18-HQ
            found.update(folder / stem for stem in (*stems, "vocals", "accompaniment"))
        else:
            name = file.stem.removesuffix(f"_{corpus.MIXTURE}")
            found.update(folder / NAME.format(song=name, stem=stem) for stem in stems)
    return found


def real_path(path: Location) -> Location:
    """`path` without links, as far as that can be found out: those that lead to themselves stay."""
    return Path(os.path.realpath(path)) if isinstance(path, Path) else path.resolve()


def plan_jobs(
    songs: Sequence[Location],
    out_dir: Location | None,
    stems: Sequence[str],
    *,
    model: ModelChoice = DEFAULT,
    options: WriteOptions = AS_USUAL,
    name: str = NAME,
    pictures: bool = False,
    subfolders: Mapping[Location, str] | None = None,
    patience: float | None = None,
) -> list[Job]:
    """A job for each song, its stems in `out_dir` or beside it; UsageError where outputs would meet, or cannot be.

    In `out_dir`, those of songs that have one of `subfolders` (see `find_songs`) go into a folder of that name.
    `name` is the template of their names (`isolation.outputs.output_paths`). With `pictures`, the spectrograms of
    song and stems are drawn in one picture, NAME.png where the stems of NAME go.
    """
    check_depth(options.format, options.bit_depth or 16)
    check_bitrate(options.format, options.bitrate)
    if pictures:
        from acapella.pictures import check_installed

        check_installed()
    _check_folder(out_dir)
    jobs = []
    for song in songs:
        named = Path(STDIN_NAME) if song == STDIN else name_beside(song)
        below = (subfolders or {}).get(song)
        folder = out_dir / below if out_dir and below else out_dir
        outputs = output_paths(named, folder, stems, options.format, name, model.name)
        picture = (folder or named.parent) / f"{named.stem}.png" if pictures else None
        jobs.append(Job(song, outputs, model, options, picture, patience))
    _check_apart(jobs, name)
    return jobs


def check_overwrites(jobs: Iterable[Job]) -> None:
    """UsageError where a job would overwrite a file here that Acapella has not made; elsewhere nobody looks."""
    check_files(path for job in jobs for path in job.files if isinstance(path, Path))


def _check_folder(out_dir: Location | None) -> None:
    if isinstance(out_dir, Address):
        from acapella.storage.stores import check_writable

        check_writable(out_dir)
    elif out_dir is not None and os.path.exists(out_dir) and not os.path.isdir(out_dir):  # noqa: PTH110, PTH112
        raise UsageError(f"out_dir {out_dir} is a file; name a folder.", "out_dir")


def with_stems(jobs: Iterable[Job]) -> set[str]:
    """The ids of `jobs` whose stems are all there; elsewhere, one listing of their folder tells."""
    jobs = list(jobs)
    there = _listed(path for job in jobs for path in job.outputs.values() if isinstance(path, Address))
    return {
        job.id
        for job in jobs
        if all(path in there if isinstance(path, Address) else _exists(path) for path in job.outputs.values())
    }


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  (never raises)


def _listed(addresses: Iterable[Address]) -> set[Address]:
    """The files that are there, of the smallest folder in each bucket that has all of `addresses` in it."""
    buckets: dict[str, list[str]] = {}
    for address in addresses:
        buckets.setdefault("/".join(address.text.split("/", 3)[:3]), []).append(address.text)
    if not buckets:
        return set()
    from acapella.storage.stores import list_files

    prefixes = [commonprefix(texts) for texts in buckets.values()]  # noqa: RUF071  cut at a slash below
    folders = [Address(prefix.rpartition("/")[0]) for prefix in prefixes]
    return {file for folder in folders for file in list_files(folder)}


def _check_apart(jobs: Sequence[Job], name: str) -> None:
    """UsageError where two jobs would write one file, or one would overwrite a song."""
    songs = {real_path(job.song): job.song for job in jobs}
    makers: dict[Location, Location] = {}
    for job in jobs:
        for path in job.files:
            place = real_path(path)
            if place in songs:
                raise UsageError(f"{job.song} would overwrite {songs[place]}: choose another out_dir.", "out_dir")
            if place in makers:
                both = f"{makers[place]} and {job.song} would both write {path}"
                if "{song}" not in name:
                    raise UsageError(f"{both}: put {{song}} into name={name!r}.", "name")
                raise UsageError(f"{both}: choose another out_dir for one.", "out_dir")
            makers[place] = job.song
