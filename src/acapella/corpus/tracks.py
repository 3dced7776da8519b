"""Find the tracks of a corpus: NAME_all, NAME_vocal and NAME_instrumental, anywhere below a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acapella.errors import CorpusError

MIXTURE = "all"
PARTS = (MIXTURE, "vocal", "instrumental")
EXTENSIONS = (".wav", ".flac")


@dataclass(frozen=True)
class Track:
    """A song with its mixture and stems; `name` is its path below the corpus folder, without suffix."""

    name: str
    files: dict[str, Path]  # by part: all, vocal, instrumental


def find_tracks(folder: Path) -> tuple[list[Track], list[str]]:
    """The complete tracks below `folder`, sorted by name, and a sentence for each that lacks a part."""
    if not folder.is_dir():
        raise CorpusError(f"DATA={str(folder)!r} is not a folder; name the one that holds NAME_all.wav and its stems.")
    parts: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.rglob("*")):
        name, _, part = path.stem.rpartition("_")
        if name and part in PARTS and path.suffix.lower() in EXTENSIONS:
            parts.setdefault((path.parent.relative_to(folder) / name).as_posix(), {})[part] = path
    complete = [Track(name, files) for name, files in sorted(parts.items()) if len(files) == len(PARTS)]
    skipped = [_what_is_missing(name, files) for name, files in sorted(parts.items()) if len(files) < len(PARTS)]
    if not complete:
        hint = f" ({skipped[0]})" if skipped else ""
        raise CorpusError(f"{folder} holds no track with NAME_all, NAME_vocal and NAME_instrumental{hint}.")
    return complete, skipped


def _what_is_missing(name: str, files: dict[str, Path]) -> str:
    missing = ", ".join(f"{name}_{part}" for part in PARTS if part not in files)
    return f"{name} is skipped: {missing} not found"


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
    if not train:
        raise CorpusError("No track is left to train on: all are named in VALIDATION_TRACKS or TEST_TRACKS.")
    return Split(train, validation, test)
