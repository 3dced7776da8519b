"""Audio of the corpus at the network's rate, kept on disk and read by offset.

One raw float32 file a track and part, (samples, items * channels), with a JSON note beside it that says what it was
made of; a source of another size or time is decoded anew. Nothing is held in memory, so a corpus may be of any size.
An item is one channel or one pair of channels, as the network takes them: the same as when a song is taken apart.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from acapella.audio_files import open_audio
from acapella.audio_files.channels import to_network_channels
from acapella.audio_files.resampling import Resampler
from acapella.corpus.tracks import MIXTURE, Track
from acapella.dsp.levels import SongLevel
from acapella.dsp.normalizers import IDENTITY, Normalization
from acapella.errors import CorpusError
from acapella.models.front_ends import FrontEnd, SpectralFrontEnd, measure_song_level
from acapella.whole_files import atomic_write

BLOCK = 1 << 18  # samples read at a time
WIDTH = np.dtype(np.float32).itemsize  # bytes
CACHE_NAME = ".acapella-cache"
LENGTH_TOLERANCE = 0.1  # seconds by which the parts of a track may differ; the shortest counts


def cache_folder(data: Path, log_base: Path) -> Path:
    """Where the cache of the corpus `data` is: inside it, or with the logs where it may not be written to."""
    base = data if os.access(data, os.W_OK) else log_base
    return base / CACHE_NAME


@dataclass(frozen=True)
class CachedAudio:
    """The first `samples` of a file of float32 samples with `stored` channels, read by offset.

    Only `channels` of them are read, from `first` on; 0 stands for all. Nothing is held open between reads.
    """

    path: Path
    stored: int
    samples: int
    first: int = 0
    channels: int = 0

    def item(self, number: int, channels: int) -> "CachedAudio":
        """The channels of one item, `channels` of them; where there are not so many items, of the last one."""
        return replace(self, first=min(number * channels, self.stored - channels), channels=channels)

    def read(self, begin: int, end: int) -> np.ndarray:
        """Samples `begin` to `end`, (channels, end - begin)."""
        count, offset = (end - begin) * self.stored, begin * self.stored * WIDTH
        rows = np.fromfile(self.path, np.float32, count, offset=offset).reshape(-1, self.stored).T
        return rows[self.first : self.first + (self.channels or self.stored)]

    @property
    def has_sound(self) -> bool:
        """Whether it is more than silence."""
        return any(piece.any() for piece in self.pieces())

    def pieces(self) -> Iterator[np.ndarray]:
        """All of it, BLOCK samples at a time."""
        for begin in range(0, self.samples, BLOCK):
            yield self.read(begin, min(begin + BLOCK, self.samples))


class Cache:
    """Prepares and opens the audio of tracks for one front end, below `folder`."""

    def __init__(self, folder: Path, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._folder = folder / f"{front_end.sample_rate}Hz-items-of-{front_end.channels}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def mixture_and_stems(self, track: Track, stems: Sequence[str]) -> list[CachedAudio]:
        """The mixture of `track` and its `stems`, cut to one length."""
        parts = [MIXTURE, *stems]
        found = [self.audio(track, part) for part in parts]
        lengths = [audio.samples for audio in found]
        rate = self._front_end.sample_rate
        for part, samples in zip(parts, lengths, strict=True):
            if abs(samples - lengths[0]) > LENGTH_TOLERANCE * rate:
                raise CorpusError(
                    f"{track.name}: the mixture lasts {lengths[0] / rate:.1f} s, its {part} {samples / rate:.1f} s; "
                    "they must be of one length."
                )
        return [replace(audio, samples=min(lengths)) for audio in found]

    def audio(self, track: Track, part: str) -> CachedAudio:
        """One part of `track`: all, vocal or instrumental, say."""
        source = track.files[part]
        raw, note = self._paths(source)
        fingerprint = _fingerprint(source)
        content = _read_note(note)
        if content.get("source") != fingerprint or not raw.exists():
            content = {"source": fingerprint, "stored": self._decode(source, raw)}
            _write_note(note, content)
        stored: int = content["stored"]
        return CachedAudio(raw, stored, raw.stat().st_size // (stored * WIDTH))

    def normalization(self, track: Track) -> Normalization:
        """The normalization of the track's mixture, measured once and noted; arrays have an axis of items."""
        front_end = self._front_end
        if not isinstance(front_end, SpectralFrontEnd) or not front_end.needs_statistics:
            return IDENTITY

        def measure(audio: CachedAudio) -> dict[str, Any]:
            found = front_end.measure(audio.pieces())
            return {"offset": found.offset.tolist(), "scale": found.scale.tolist(), "clip": found.clip}

        numbers = self._noted(track, measure)
        offset, scale = (np.array(numbers[name], np.float32) for name in ("offset", "scale"))
        return Normalization(offset, scale, numbers["clip"])

    def level(self, track: Track) -> SongLevel | None:
        """The level of the track's mixture, where the front end normalises it; measured once and noted as well."""
        if self._front_end.normalizer != "standard":
            return None

        def measure(audio: CachedAudio) -> dict[str, Any]:
            found = measure_song_level(self._front_end, audio.pieces())
            assert found
            return {"mean": found.mean.tolist(), "deviation": found.deviation.tolist()}

        numbers = self._noted(track, measure)
        mean, deviation = (np.array(numbers[name], np.float32) for name in ("mean", "deviation"))
        return SongLevel(mean, deviation)

    def _noted(self, track: Track, measure: Callable[[CachedAudio], dict[str, Any]]) -> dict[str, Any]:
        """What the front end needs to know of the mixture."""
        audio = self.audio(track, MIXTURE)
        note = self._paths(track.files[MIXTURE])[1]
        content = _read_note(note)
        key = self._front_end.model_dump_json()
        if key not in content:
            content[key] = measure(audio)
            _write_note(note, content)
        numbers: dict[str, Any] = content[key]
        return numbers

    def _paths(self, source: Path) -> tuple[Path, Path]:
        name = hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:24]
        return self._folder / f"{name}.f32", self._folder / f"{name}.json"

    def _decode(self, source: Path, raw: Path) -> int:
        """Write the audio as isolation would give it to the network; returns how many channels are stored."""
        with atomic_write(raw) as unfinished, open_audio(source) as reader, unfinished.open("wb") as file:
            rate, channels = reader.info.sample_rate, reader.info.channels
            resampler = Resampler(rate, self._front_end.sample_rate, channels)
            for block in chain(map(resampler.push, reader.blocks(BLOCK)), [None]):
                audio = resampler.finish() if block is None else block
                rows = to_network_channels(audio, self._front_end.channels)
                file.write(np.ascontiguousarray(rows.T).tobytes())
        return len(rows)


def _fingerprint(source: Path) -> list[int | str]:
    status = source.stat()
    return [str(source.resolve()), status.st_size, status.st_mtime_ns]


def _read_note(note: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(note.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content


def _write_note(note: Path, content: dict[str, Any]) -> None:
    with atomic_write(note) as unfinished:
        unfinished.write_text(json.dumps(content))
