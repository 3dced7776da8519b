"""Decode all recordings that are trained on or measured with, once, to 16 bits at 44.1 kHz, and list them.

DATA is the folder of data sets, PACKAGES one with unpacked Debian packages (packages.sh). Written are NAME.npy, int16
(samples, channels), which are read through memory maps, and catalogue.json, a list of `Recording`s.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from acapella.audio_files import read_audio
from acapella.audio_files.resampling import resample
from acapella.errors import AudioFileError

RATE = 44100
FOLDS = 5
FULL_BAND = 22050.0  # Hz
STEMS = ("vocals", "accompaniment")
HELD_OUT = ("drascula-music", "fretsonfire-songs-sectoid", "planetblupi-music-ogg", "nexuiz-music", "flare-game")
INSTRUMENTAL_SECONDS = 100  # of each piece without vocals, from its middle
UNLABELLED_SECONDS = 180
SINGER_FOLDS = {"amy": 0, "abjones": 1, "Ani": 2, "bug": 3, "davidson": 4, "tammy": 4}
SPOKEN = ("dvs", "whisper")  # names of what is spoken among the sung phrases
NOT_FREE = ("csd_", "antagata")


@dataclass(frozen=True)
class Recording:
    """`kind` is song (two files: vocals, accompaniment), vocals, speech, instrumental, or unlabelled (a mixture).

    `fold` is the one in which it is for testing (-1: in none), `limit` the frequency in Hz above which it has nothing,
    `free` whether its licence allows any use, `held_out` whether it is only measured with.
    """

    name: str
    kind: str
    corpus: str
    files: tuple[str, ...]
    fold: int = -1
    limit: float = FULL_BAND
    free: bool = False
    held_out: bool = False

    def load(self, folder: Path) -> list[np.ndarray]:
        """Its files as memory maps, int16 (samples, channels) each, of equal length."""
        arrays = [np.load(folder / f"{file}.npy", mmap_mode="r") for file in self.files]
        return [array[: min(map(len, arrays))] for array in arrays]


def read_catalogue(folder: Path) -> list[Recording]:
    """All recordings in `folder`."""
    entries = json.loads((folder / "catalogue.json").read_text())
    return [Recording(**{**entry, "files": tuple(entry["files"])}) for entry in entries]


def decode_all(data: Path, packages: Path, folder: Path) -> None:
    """Write the recordings and their catalogue to `folder`; what is there already is not decoded again."""
    decoder = Decoder(folder)
    recordings = [*songs(data, decoder), *karaoke(data, decoder), *voices(data, decoder)]
    recordings += [*instrumentals(data, packages, decoder), *unlabelled(packages, decoder)]
    (folder / "catalogue.json").write_text(json.dumps([asdict(each) for each in recordings], indent=1))
    for corpus in dict.fromkeys(each.corpus for each in recordings):
        lengths = [len(each.load(folder)[0]) / RATE for each in recordings if each.corpus == corpus]
        print(f"{corpus:28} {len(lengths):4} recordings {sum(lengths) / 60:6.1f} min")


def artist_folds(artists: list[str]) -> dict[str, int]:
    """A fold for each artist, so that all folds have about as many songs; `artists` has one entry per song."""
    sizes = dict.fromkeys(range(FOLDS), 0)
    folds = {}
    for artist in sorted(set(artists), key=lambda name: (-artists.count(name), zlib.crc32(name.encode()))):
        fold = min(sizes, key=lambda number: (sizes[number], number))
        folds[artist] = fold
        sizes[fold] += artists.count(artist)
    return folds


class Decoder:
    """Writes audio to `folder` as int16 at 44.1 kHz."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, audio: np.ndarray, rate: int) -> str:
        """Store `audio` (samples, channels) at `rate`; returns the file's name."""
        clipped = np.clip(resample(audio, rate, RATE) * 32767, -32768, 32767)
        np.save(self.folder / name, np.round(clipped).astype(np.int16))
        return name

    def file(self, name: str, path: Path, seconds: float | None = None) -> str:
        """Store a file, or `seconds` of its middle."""
        if not (self.folder / f"{name}.npy").exists():
            audio, rate = read_audio(path)
            if seconds and len(audio) > seconds * rate:
                start = int((len(audio) - seconds * rate) / 2)
                audio = audio[start : start + int(seconds * rate)]
            self.write(name, audio[:, :2], rate)
        return name


def songs(data: Path, decoder: Decoder) -> Iterator[Recording]:
    """MUSDB18's excerpts and Everything Is Free."""
    excerpts = sorted((data / "musdb7s/train").iterdir())
    folds = artist_folds([path.name.split(" - ")[0] for path in excerpts])
    for path in excerpts:
        files = [decoder.file(f"musdb {path.name} {stem}", path / f"{stem}.opus") for stem in STEMS]
        yield Recording(path.name, "song", "musdb", tuple(files), folds[path.name.split(" - ")[0]])
    for path in sorted((data / "everything_is_free").iterdir()):
        files = [decoder.file(f"eif {path.name} {stem}", path / f"{stem}.opus") for stem in STEMS]
        yield Recording(path.name, "song", "eif", tuple(files), free=True)


def karaoke(data: Path, decoder: Decoder) -> Iterator[Recording]:
    """MIR-1K: left the accompaniment, right the voice."""
    for path in sorted((data / "mir1k").glob("*/*")):
        names = (f"mir1k {path.stem} vocals", f"mir1k {path.stem} accompaniment")
        if not (decoder.folder / f"{names[1]}.npy").exists():
            audio, rate = read_audio(path)
            for name, side in zip(names, (1, 0), strict=True):
                decoder.write(name, audio[:, side : side + 1], rate)
        yield Recording(path.stem, "song", "mir1k", names, SINGER_FOLDS[path.stem.split("_")[0]], 7500.0)


def voices(data: Path, decoder: Decoder) -> Iterator[Recording]:
    """Voices alone, sung and spoken."""
    for folder in ("singing", *(f"more/{name.name}" for name in sorted((data / "more").glob("vox_*")))):
        for path in sorted((data / folder).glob("*.opus")):
            kind = "speech" if path.stem.startswith(SPOKEN) else "vocals"
            limit = 11500.0 if "24k" in folder else FULL_BAND
            free = not path.stem.startswith(NOT_FREE)
            corpus = Path(folder).name
            file = decoder.file(f"{corpus} {path.stem}", path)
            yield Recording(path.stem, kind, corpus, (file,), limit=limit, free=free)
    for path in sorted((data / "more/speech_cc0").glob("*.opus")):
        yield Recording(path.stem, "speech", "speech", (decoder.file(f"speech {path.stem}", path),), free=True)


def instrumentals(data: Path, packages: Path, decoder: Decoder) -> Iterator[Recording]:
    """Music without vocals."""
    for path in sorted((data / "more/inst_cc0beats").glob("*.opus")):
        yield Recording(path.stem, "instrumental", "beats", (decoder.file(f"beats {path.stem}", path),), free=True)
    for line in (data / "debian_instrumentals.txt").read_text().split("\n"):
        package, _, inside = line.strip().partition("/")
        path = find_unpacked(packages / package, inside)
        if path is None or "soundfx" in inside:
            continue
        ambiguous = path.stem in ("song", "guitar", "rhythm")  # the folder tells them apart
        name = f"{package} {path.parent.name} {path.stem}" if ambiguous else f"{package} {path.stem}"
        try:
            file = decoder.file(name, path, INSTRUMENTAL_SECONDS)
        except AudioFileError as error:
            print(f"left out: {error}")
            continue
        yield Recording(name, "instrumental", package, (file,), free=True, held_out=package in HELD_OUT)


def find_unpacked(package: Path, inside: str) -> Path | None:
    """The file of an unpacked `package` whose path is `inside` it, with __ for /."""
    parts = inside.split("__")
    found = [path for path in package.rglob(parts[-1]) if path.is_file()]
    same_folder = [path for path in found if len(parts) < 2 or path.parent.name == parts[-2]]
    return sorted(same_folder or found)[0] if found else None


def unlabelled(packages: Path, decoder: Decoder) -> Iterator[Recording]:
    """Songs with vocals, without stems."""
    for path in sorted((packages / "marsshooter-data").rglob("*.ogg")):
        if path.stat().st_size > 1_000_000:
            file = decoder.file(f"mars {path.stem}", path, UNLABELLED_SECONDS)
            yield Recording(path.stem, "unlabelled", "mars", (file,), free=True)
