"""MedleyDB 1 and 2: the stems of each song, summed into vocals and the rest by the instruments in its metadata.

Stems, not the raw tracks that they were made of: stems have the effects and levels of the song, and their sum is the
published mix up to its gain; raw tracks are what single microphones heard. A stem belongs where its own `instrument`
says.
"""

from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from acapella.corpus.importers.songs import LeftOutError, Song, Stems
from acapella.corpus.importers.sums import Source, add_up
from acapella.corpus.tracks import files_below
from acapella.errors import CorpusError, MissingExtraError

METADATA = "_METADATA.yaml"
STEMS = "_STEMS"
SINGLE_VOICES = [f"{sex} {kind}" for sex in ("male", "female") for kind in ("singer", "speaker", "rapper", "screamer")]
VOICES = frozenset([*SINGLE_VOICES, "vocalists", "choir", "beatboxing"])  # all of its taxonomy but the crowd


def medleydb(source: Path) -> list[Song]:
    """All songs with stems or metadata; TITLE_METADATA.yaml is beside the folder TITLE_STEMS, or anywhere else."""
    _yaml()  # before any work, if it is missing
    files = files_below(source)
    metadata: dict[str, Path] = {}
    for path in files:
        if path.name.endswith(METADATA):
            metadata.setdefault(path.name.removesuffix(METADATA), path)
    songs = []
    for folder in sorted({path.parent for path in files if path.parent.name.endswith(STEMS)}):
        title = folder.name.removesuffix(STEMS)
        own = folder.parent / f"{title}{METADATA}"
        songs.append(Song(title, folder, partial(_load, folder, own if own.is_file() else metadata.get(title))))
    with_stems = {song.name for song in songs}
    songs += [Song(title, path, partial(_lack, path)) for title, path in metadata.items() if title not in with_stems]
    return sorted(songs, key=lambda song: song.name)


def _load(folder: Path, metadata: Path | None) -> Stems:
    if metadata is None:
        raise CorpusError(f"{folder} has no {folder.name.removesuffix(STEMS)}{METADATA}; copy it there.")
    content = _read(metadata)
    vocals: list[Source] = []
    others: list[Source] = []
    notes = ["has bleed"] if _is_yes(content.get("has_bleed")) else []
    for key, stem in sorted(content["stems"].items()):
        voices = {label in VOICES for label in _labels(stem)}
        if len(voices) > 1:
            raise LeftOutError(f"{metadata}: stem {key} holds vocals and others together.")
        target = vocals if True in voices else others
        target.append((folder / _file_name(stem, metadata), 0))
        if target is others and any(label in VOICES for raw in _raw_tracks(stem) for label in _labels(raw)):
            notes.append(f"{key} counts as instrumental, but there are voices in its raw tracks")
    if not vocals or not others:
        raise LeftOutError(f"{metadata}: the song has no {'stems beside its vocals' if vocals else 'vocals'}.")
    return add_up(vocals, others, "; ".join(notes))


def _lack(metadata: Path) -> Stems:
    """Raise: without stems, a song in a collection of metadata is left out; in its own folder that is an error."""
    title = metadata.name.removesuffix(METADATA)
    own = metadata.parent.name == title
    raise (CorpusError if own else LeftOutError)(f"{metadata} has no folder {title}{STEMS} to go with it.")


def _read(metadata: Path) -> dict[str, Any]:
    """The metadata of a song; CorpusError unless it lists stems."""
    yaml = _yaml()
    try:
        content = yaml.safe_load(metadata.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: of a date that is none, for example
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CorpusError(f"{metadata} is no metadata of MedleyDB ({reason}).") from error
    stems = content.get("stems") if isinstance(content, dict) else None
    if not isinstance(stems, dict) or not stems or not all(isinstance(stem, dict) for stem in stems.values()):
        raise CorpusError(f"{metadata} is no metadata of MedleyDB: it lists no stems.")
    return {str(key): value for key, value in content.items()} | {"stems": {str(key): stems[key] for key in stems}}


def _yaml() -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingExtraError("Reading MedleyDB's metadata", "train") from error
    return yaml


def _labels(entry: dict[str, Any]) -> list[str]:
    """The instruments of a stem or raw track, which may be several."""
    instrument = entry.get("instrument")
    labels = instrument if isinstance(instrument, list) else [instrument]
    return [str(label).strip().lower() for label in labels]


def _raw_tracks(stem: dict[str, Any]) -> list[dict[str, Any]]:
    raw = stem.get("raw")
    return [entry for entry in raw.values() if isinstance(entry, dict)] if isinstance(raw, dict) else []


def _file_name(stem: dict[str, Any], metadata: Path) -> str:
    """The name of the stem's file, which must be in the song's folder."""
    name = stem.get("filename")
    if not isinstance(name, str) or name in ("", ".", "..") or PureWindowsPath(name).name != name:
        raise CorpusError(f"{metadata}: {name!r} is not the name of a file in the song's folder.")
    return name


def _is_yes(value: object) -> bool:
    return str(value).lower() in ("yes", "true")
