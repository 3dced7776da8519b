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
from acapella.errors import CorpusError, MissingExtraError, quoted, shortened

METADATA = "_METADATA.yaml"
STEMS = "_STEMS"
LONGEST = 1 << 20  # bytes of metadata
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
            raise LeftOutError(f"{metadata}: stem {shortened(key)} holds vocals and others together.")
        target = vocals if True in voices else others
        target.append((folder / _file_name(stem, metadata), 0))
        if target is others and any(label in VOICES for raw in _raw_tracks(stem) for label in _labels(raw)):
            notes.append(f"{shortened(key)} counts as instrumental, but there are voices in its raw tracks")
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
        with metadata.open("rb") as file:
            text = file.read(LONGEST + 1)
        if len(text) > LONGEST:
            raise CorpusError(f"{metadata} is no metadata of MedleyDB: it is larger than {LONGEST} bytes.")
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: of a date that is none, for example
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CorpusError(f"{metadata} is no metadata of MedleyDB ({shortened(str(reason))}).") from error
    stems = content.get("stems") if isinstance(content, dict) else None
    if not isinstance(stems, dict) or not stems or not all(isinstance(stem, dict) for stem in stems.values()):
        raise CorpusError(f"{metadata} is no metadata of MedleyDB: it lists no stems.")
    by_name = {str(key): stem for key, stem in stems.items()}
    if len(by_name) < len(stems):
        raise CorpusError(f"{metadata} is no metadata of MedleyDB: two of its stems have one name.")
    return {"has_bleed": content.get("has_bleed"), "stems": by_name}


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
    return [label.strip().lower() for label in labels if isinstance(label, str)]


def _raw_tracks(stem: dict[str, Any]) -> list[dict[str, Any]]:
    raw = stem.get("raw")
    return [entry for entry in raw.values() if isinstance(entry, dict)] if isinstance(raw, dict) else []


def _file_name(stem: dict[str, Any], metadata: Path) -> str:
    """The name of the stem's file, which must be in the song's folder."""
    name = stem.get("filename")
    if not isinstance(name, str) or not name.isprintable() or PureWindowsPath(name).name != name or name in ("", ".."):
        raise CorpusError(f"{metadata}: {quoted(name)} is not the name of a file in the song's folder.")
    return name


def _is_yes(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("yes", "true"))
