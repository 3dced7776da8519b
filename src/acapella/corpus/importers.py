"""Bring published data sets into the corpus layout: NAME_all.wav, NAME_vocal.wav, NAME_instrumental.wav."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from acapella.audio_files import AudioWriter, read_audio
from acapella.errors import CorpusError

Stems = tuple[np.ndarray, np.ndarray, int]  # vocals and instrumental (samples, channels), sample rate
Song = tuple[str, Callable[[], Stems]]


def mir1k(source: Path) -> Iterator[Song]:
    """MIR-1K: one clip a file, accompaniment on the left, voice on the right."""
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in (".wav", ".flac"):
            name = "_".join(path.relative_to(source).with_suffix("").parts)
            yield name, lambda path=path: _from_sides(path)  # type: ignore[misc]


def stem_folders(source: Path) -> Iterator[Song]:
    """One folder a song, holding vocals.* and accompaniment.* (or other stems, which are added up)."""
    for vocals in sorted(source.rglob("vocals.*")):
        name = "_".join(vocals.parent.relative_to(source).parts) or source.name
        yield name, lambda vocals=vocals: _from_folder(vocals)  # type: ignore[misc]


DATA_SETS: dict[str, Callable[[Path], Iterator[Song]]] = {"mir1k": mir1k, "stems": stem_folders}


def write_corpus(songs: Iterator[Song], destination: Path, report: Callable[[str], None]) -> int:
    """Write each song's three files below `destination`; those already there are left. Returns how many there are."""
    destination.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, load in songs:
        count += 1
        mixture_path = destination / f"{name}_all.wav"
        if mixture_path.exists():  # written last, so the song is complete
            continue
        vocal, instrumental, rate = load()
        _write(destination / f"{name}_vocal.wav", vocal, rate)
        _write(destination / f"{name}_instrumental.wav", instrumental, rate)
        _write(mixture_path, vocal + instrumental, rate)
        report(name)
    if not count:
        raise CorpusError("Nothing of this data set was found in the source folder; look at `acapella prepare --help`.")
    return count


def _write(path: Path, audio: np.ndarray, rate: int) -> None:
    with AudioWriter(path, rate, audio.shape[1], "wav", "32f", expected_frames=len(audio)) as writer:
        writer.write(audio)


def _from_sides(path: Path) -> Stems:
    audio, rate = read_audio(path)
    if audio.shape[1] != 2:
        raise CorpusError(f"{path.name} is not a clip of MIR-1K: it has {audio.shape[1]} channels instead of 2.")
    return audio[:, 1:], audio[:, :1], rate


def _from_folder(vocals: Path) -> Stems:
    vocal, rate = read_audio(vocals)
    others = [path for path in sorted(vocals.parent.iterdir()) if path.suffix == vocals.suffix and path != vocals]
    parts = [read_audio(path) for path in others if path.stem != "mixture"]
    if not parts:
        raise CorpusError(f"{vocals.parent.name} holds vocals but no accompaniment.")
    if any(part_rate != rate for _, part_rate in parts):
        raise CorpusError(f"{vocals.parent.name}: its stems have different sample rates.")
    if any(audio.shape[1] != vocal.shape[1] for audio, _ in parts):
        raise CorpusError(f"{vocals.parent.name}: its stems have different numbers of channels.")
    length = min(len(vocal), *(len(audio) for audio, _ in parts))
    instrumental = np.sum([audio[:length] for audio, _ in parts], axis=0)
    return vocal[:length], instrumental, rate
