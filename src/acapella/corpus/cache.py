"""Audio of the corpus at the network's rate, kept on disk and read by offset.

One raw float32 file a track and part, (samples, channels), with a JSON note beside it that says what it was made
of; a source of another size or time is decoded anew. Nothing is held in memory, so a corpus may be of any size.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from acapella.audio_files import open_audio
from acapella.audio_files.resampling import Resampler
from acapella.corpus.tracks import MIXTURE, Track
from acapella.dsp.normalizers import IDENTITY, Normalization
from acapella.errors import CorpusError
from acapella.models.front_ends import STEMS, SpectralFrontEnd
from acapella.whole_files import atomic_write

BLOCK = 1 << 18  # samples read at a time
CACHE_NAME = ".acapella-cache"
LENGTH_TOLERANCE = 0.1  # seconds by which the parts of a track may differ; the shortest counts


def cache_folder(data: Path, log_base: Path) -> Path:
    """Where the cache of the corpus `data` is: inside it, or with the logs where it may not be written to."""
    base = data if os.access(data, os.W_OK) else log_base
    return base / CACHE_NAME


@dataclass(frozen=True)
class CachedAudio:
    """The first `samples` of a file of float32 samples, read by offset; nothing is held open between reads."""

    path: Path
    channels: int
    samples: int

    def read(self, begin: int, end: int) -> np.ndarray:
        """Samples `begin` to `end` of all channels, (channels, end - begin)."""
        width = self.channels * np.dtype(np.float32).itemsize
        count = (end - begin) * self.channels
        return np.fromfile(self.path, np.float32, count, offset=begin * width).reshape(-1, self.channels).T

    def pieces(self) -> Iterator[np.ndarray]:
        """All of it, BLOCK samples at a time."""
        for begin in range(0, self.samples, BLOCK):
            yield self.read(begin, min(begin + BLOCK, self.samples))


class Cache:
    """Prepares and opens the audio of tracks for one codec, below `folder`."""

    def __init__(self, folder: Path, codec: SpectralFrontEnd) -> None:
        self._codec = codec
        self._folder = folder / f"{codec.sample_rate}Hz-{codec.channels}ch"
        self._folder.mkdir(parents=True, exist_ok=True)

    def pair(self, track: Track) -> tuple[CachedAudio, CachedAudio]:
        """Mixture and target of `track`, cut to one length."""
        mixture, target = self.audio(track, MIXTURE), self.audio(track, self._codec.target)
        shorter, longer = sorted([mixture.samples, target.samples])
        if longer - shorter > LENGTH_TOLERANCE * self._codec.sample_rate:
            seconds = [audio.samples / self._codec.sample_rate for audio in (mixture, target)]
            raise CorpusError(
                f"{track.name}: the mixture lasts {seconds[0]:.1f} s, its {self._codec.target} {seconds[1]:.1f} s; "
                "they must be of one length."
            )
        return replace(mixture, samples=shorter), replace(target, samples=shorter)

    def audio(self, track: Track, part: str) -> CachedAudio:
        """One part of `track`: all, vocal or instrumental."""
        source = track.files[part]
        raw, note = self._paths(source)
        fingerprint = _fingerprint(source)
        if _read_note(note).get("source") != fingerprint or not raw.exists():
            self._decode(source, raw)
            _write_note(note, {"source": fingerprint})
        width = self._codec.channels * np.dtype(np.float32).itemsize
        return CachedAudio(raw, self._codec.channels, raw.stat().st_size // width)

    def normalization(self, track: Track) -> Normalization:
        """The normalization of the track's mixture, measured once and then remembered."""
        if self._codec.normalizer_object.statistics() is None:
            return IDENTITY
        audio = self.audio(track, MIXTURE)
        note = self._paths(track.files[MIXTURE])[1]
        remembered = _read_note(note)
        key = replace(self._codec, target=STEMS[0]).to_json()  # what is to be predicted plays no part
        if key not in remembered:
            found = self._codec.measure(audio.pieces())
            remembered[key] = {
                "offset": found.offset.tolist(),
                "scale": found.scale.tolist(),
                "clip": found.clip,
            }
            _write_note(note, remembered)
        numbers = remembered[key]
        offset, scale = (np.array(numbers[name], np.float32) for name in ("offset", "scale"))
        return Normalization(offset, scale, numbers["clip"])

    def _paths(self, source: Path) -> tuple[Path, Path]:
        name = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:24]
        return self._folder / f"{name}.f32", self._folder / f"{name}.json"

    def _decode(self, source: Path, raw: Path) -> None:
        with atomic_write(raw) as unfinished, open_audio(source) as reader, unfinished.open("wb") as file:
            resampler = Resampler(reader.info.sample_rate, self._codec.sample_rate, self._codec.channels)
            for block in reader.blocks(BLOCK):
                file.write(resampler.push(self._mix(block)).tobytes())
            file.write(resampler.finish().tobytes())

    def _mix(self, block: np.ndarray) -> np.ndarray:
        """Bring (samples, any channels) to the network's number of channels: the mean for one, else copies."""
        if block.shape[1] == self._codec.channels:
            return block
        mono = block.mean(axis=1, keepdims=True)
        return np.repeat(mono, self._codec.channels, axis=1)


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
