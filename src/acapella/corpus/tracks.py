"""Find the tracks of a corpus: NAME_all, NAME_vocal and NAME_instrumental, anywhere below a folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acapella.errors import CorpusError

MIXTURE = "all"
STEMS = ("vocal", "instrumental")
PARTS = (MIXTURE, *STEMS)
EXTENSIONS = (".wav", ".flac")


@dataclass(frozen=True)
class Track:
    """A song with its mixture and stems; `name` is its path below the corpus folder, without suffix."""

    name: str
    files: dict[str, Path]  # by part: all, vocal, instrumental …


def find_tracks(
    folder: Path, required: Sequence[str] = STEMS, optional: Sequence[str] = ()
) -> tuple[list[Track], list[str]]:
    """The complete tracks below `folder`, sorted by name, and a sentence for each that is left out.

    A track is complete with its mixture and all `required` stems; `optional` stems are taken where they are.
    """
    known = (MIXTURE, *required, *optional)
    if not folder.is_dir():
        raise CorpusError(f"DATA={str(folder)!r} is not a folder; name the one that holds NAME_all.wav and its stems.")
    found: dict[str, dict[str, list[Path]]] = {}
    for path in files_below(folder):
        name, _, part = path.stem.rpartition("_")
        if name and part in known and path.suffix.lower() in EXTENSIONS:
            parts = found.setdefault(_as_text((path.parent.relative_to(folder) / name).as_posix()), {})
            parts.setdefault(part, []).append(path)
    defects = {name: _defect(name, parts, (MIXTURE, *required)) for name, parts in sorted(found.items())}
    usable = [name for name, defect in defects.items() if not defect]
    skipped = [f"{name} is skipped: {defect}" for name, defect in defects.items() if defect]
    if not usable:
        hint = f" ({skipped[0]})" if skipped else "; acapella prepare makes them of a data set"
        raise CorpusError(f"{folder} holds no track with {_listed((MIXTURE, *required))}{hint}.")
    return [Track(name, {part: paths[0] for part, paths in found[name].items()}) for name in usable], skipped


def _as_text(name: str) -> str:
    """`name` with marks for bytes that are no text: it goes into tables and on the screen."""
    return os.fsencode(name).decode("utf-8", "replace")


def _listed(parts: Sequence[str]) -> str:
    names = [f"NAME_{part}" for part in parts]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"{names[0]} and a stem"


def files_below(folder: Path) -> list[Path]:
    """All files below `folder`, sorted; links are followed, and what is hidden is left out, caches for example."""
    files: list[Path] = []
    visited = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in visited:  # a link to a folder above would never end
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files.extend(Path(place, name) for name in names if not name.startswith("."))
    return sorted(files)


def _defect(name: str, parts: dict[str, list[Path]], required: Sequence[str]) -> str | None:
    """Why the track cannot be used, if so."""
    missing = ", ".join(f"{name}_{part}" for part in required if part not in parts)
    if missing:
        return f"{missing} not found"
    if len(parts) < 2:
        return "it has no stem"
    special = next((path for paths in parts.values() for path in paths if not path.is_file()), None)
    if special:
        return f"{_as_text(special.name)} is no regular file"
    twice = next((paths for paths in parts.values() if len(paths) > 1), None)
    return f"keep one of {' and '.join(path.name for path in twice)}" if twice else None


@dataclass(frozen=True)
class Split:
    """Which tracks train, validate and test."""

    train: list[Track]
    validation: list[Track]
    test: list[Track]


def split_tracks(
    tracks: Sequence[Track], ratio: float, validation_names: Sequence[str], test_names: Sequence[str]
) -> Split:
    """Split by names contained in the tracks' names; without a validation name, the first `ratio` train.

    A track's name has its folders in it, so `test/` names all tracks of a folder `test`.
    At least one track trains; with two or more, at least one validates.
    """

    def matches(track: Track, names: Sequence[str]) -> bool:
        return any(name in track.name for name in names)

    test = [track for track in tracks if matches(track, test_names)]
    rest = [track for track in tracks if track not in test]
    validation = [track for track in rest if matches(track, validation_names)]
    train = [track for track in rest if track not in validation]
    if not validation:
        border = min(max(1, round(len(rest) * ratio)), max(1, len(rest) - 1))
        train, validation = rest[:border], rest[border:]
    return Split(train, validation, test)
