"""Cut a song into overlapping chunks of equal length, and join what a network makes of them by overlap-add.

A chunk schedule pads the song at both ends (`border`), cuts a chunk every `step` samples, and weights each chunk
with a window before adding. The sum is divided by the sum of the weights, so an identity network returns its input.

| field | meaning |
|---|---|
| `length` | samples in a chunk |
| `step` | samples from one chunk to the next, `length` at most |
| `window` | `linear`: 1, with linear ramps of `fade` samples at both ends, but not at the ends of the song; `triangular`; `hann` |
| `fade` | samples in a ramp of the linear window |
| `border` | samples that pad the song on either side |
| `edges` | what they are: `reflect` (only where the song is longer than two borders) or `zeros` |
| `multiple` | where not 0: with `zeros`, more padding behind, so that song and padding fill whole multiples of it |
| `tail` | how a chunk that the end of the song cuts short is filled up: with `zeros`; with a reflection, `reflect`, where more than half of it is there; or `centred`, with the audio before it and zeros |
"""  # noqa: E501 (a table)

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

TINY = 1e-8  # smallest weight of a sample, so that the sum of the weights can be divided by


class ChunkGrid(Protocol):
    """The numbers of a chunk schedule, as the table above says."""

    @property
    def length(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def window(self) -> str: ...  # noqa: D102
    @property
    def fade(self) -> int: ...  # noqa: D102
    @property
    def border(self) -> int: ...  # noqa: D102
    @property
    def edges(self) -> str: ...  # noqa: D102
    @property
    def multiple(self) -> int: ...  # noqa: D102
    @property
    def tail(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Chunk:
    """One chunk of a song.

    `audio` is (channels, length). `weights` (valid,) belong to its samples from `offset` on; the first of them is
    sample `start` of the song, which is negative within the border.
    """

    audio: np.ndarray
    weights: np.ndarray
    offset: int
    start: int


def cut_chunks(pieces: Iterable[np.ndarray], grid: ChunkGrid) -> Iterator[Chunk]:
    """The chunks of a song that arrives in `pieces` (channels, samples) of any lengths, in constant memory.

    Those that begin behind its end, in the border, are left out.
    """
    border = _Border(pieces, grid)
    history = grid.length // 2 if grid.tail == "centred" else 0
    buffer, origin, start = _Buffer(), 0, 0  # the buffer begins at sample `origin` of the padded song
    for piece in border:
        buffer.append(piece)
        if origin + buffer.samples <= start + grid.length:  # whether the chunk is the last one is not known yet
            continue
        audio = buffer.joined()
        while origin + audio.shape[-1] > start + grid.length:
            if start < border.song_end:
                part = audio[:, start - origin : start - origin + grid.length]
                yield Chunk(part, window(grid, grid.length, first=start == 0, last=False), 0, start - border.before)
            start += grid.step
            dropped = max(0, min(start - history, start) - origin)
            audio, origin = audio[:, dropped:], origin + dropped
        buffer.replace(audio)
    if not buffer.samples:
        return
    audio = buffer.joined()
    total = origin + audio.shape[-1]
    while start < min(total, border.song_end):
        valid = min(grid.length, total - start)
        filled, offset = _fill(audio, start - origin, valid, grid)
        weights = window(grid, valid, first=start == 0, last=start + grid.step >= total)
        yield Chunk(filled, weights, offset, start - border.before)
        start += grid.step


def window(grid: ChunkGrid, valid: int, *, first: bool, last: bool) -> np.ndarray:
    """Weights (valid,) float32 of a chunk of which `valid` samples are there; `first` and `last` of the song."""
    if grid.window == "hann":
        weights = np.hanning(valid)
    elif grid.window == "triangular":
        half = grid.length // 2
        weights = np.concatenate([np.arange(1, half + 1), np.arange(grid.length - half, 0, -1)]) / (grid.length - half)
    else:
        weights = np.ones(grid.length)
        ramp = np.linspace(0, 1, grid.fade)
        if not first:
            weights[: grid.fade] *= ramp
        if not last:
            weights[grid.length - grid.fade :] *= ramp[::-1]
    return np.maximum(weights[:valid], TINY).astype(np.float32)


class OverlapAdd:
    """Joins chunks again: weighted, added, and divided by the sum of the weights."""

    def __init__(self) -> None:
        self._sum: np.ndarray | None = None  # (..., samples) from `_start` on
        self._weights = np.zeros(0, np.float32)
        self._start = 0  # sample of the song
        self._emitted = 0

    def push(self, processed: np.ndarray, chunk: Chunk) -> np.ndarray:
        """Add `processed` (..., length), made of `chunk`; return the samples that are complete, (..., samples)."""
        if self._sum is None:
            self._sum, self._start = np.zeros((*processed.shape[:-1], 0), np.float32), chunk.start
        done = self._emit(chunk.start - self._start)
        missing = len(chunk.weights) - self._sum.shape[-1]
        if missing > 0:
            self._sum = np.pad(self._sum, [(0, 0)] * (self._sum.ndim - 1) + [(0, missing)])
            self._weights = np.pad(self._weights, (0, missing))
        valid = processed[..., chunk.offset : chunk.offset + len(chunk.weights)]
        self._sum[..., : len(chunk.weights)] += valid * chunk.weights
        self._weights[: len(chunk.weights)] += chunk.weights
        return done

    def finish(self, samples: int) -> np.ndarray | None:
        """The last samples of a song of `samples` samples, (..., samples); None where there was no chunk."""
        if self._sum is None:
            return None
        missing = samples - self._emitted
        return self._emit(self._sum.shape[-1])[..., :missing]

    def _emit(self, count: int) -> np.ndarray:
        """Take the oldest `count` samples; those of the border, before the song, are dropped."""
        assert self._sum is not None
        done = self._sum[..., :count] / self._weights[:count]
        self._sum, self._weights = self._sum[..., count:], self._weights[count:]
        of_the_song: np.ndarray = done[..., max(0, -self._start) :]
        self._start += count
        self._emitted += of_the_song.shape[-1]
        return of_the_song


class _Buffer:
    """Pieces (channels, samples) that are joined when they are needed."""

    def __init__(self) -> None:
        self._pieces: deque[np.ndarray] = deque()
        self.samples = 0

    def append(self, piece: np.ndarray) -> None:
        self._pieces.append(piece)
        self.samples += piece.shape[-1]

    def joined(self) -> np.ndarray:
        return np.concatenate(self._pieces, axis=-1)

    def replace(self, audio: np.ndarray) -> None:
        self._pieces = deque([audio])
        self.samples = audio.shape[-1]


class _Border:
    """The song, padded at both ends; `before` is how many samples stand in front of it.

    `song_end` is where the part of it that has come so far ends, counted from the first of these samples.
    """

    def __init__(self, pieces: Iterable[np.ndarray], grid: ChunkGrid) -> None:
        self._pieces = iter(pieces)
        self._grid = grid
        self.before = 0
        self._samples = 0

    @property
    def song_end(self) -> int:
        return self.before + self._samples

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._reflected() if self._grid.edges == "reflect" else self._with_zeros()

    def _song(self) -> Iterator[np.ndarray]:
        for piece in self._pieces:
            self._samples += piece.shape[-1]
            yield piece

    def _with_zeros(self) -> Iterator[np.ndarray]:
        border, multiple = self._grid.border, self._grid.multiple
        begun = False
        for piece in self._song():
            if self._samples and not begun:
                begun, self.before = True, border
                yield np.zeros((len(piece), border), np.float32)
            yield piece
        if begun:
            behind = border + (multiple - self._samples % multiple if multiple else 0)
            yield np.zeros((len(piece), behind), np.float32)

    def _reflected(self) -> Iterator[np.ndarray]:
        border, song, head = self._grid.border, self._song(), _Buffer()
        for piece in song:
            head.append(piece)
            if head.samples > 2 * border:
                break
        if not head.samples:
            return
        audio = head.joined()
        if audio.shape[-1] <= 2 * border or not border:  # too short to be reflected
            yield audio
            yield from song
            return
        self.before = border
        yield audio[:, border:0:-1]
        yield audio
        last = audio[:, -border - 1 :]
        for piece in song:
            yield piece
            last = np.concatenate([last, piece], axis=-1)[:, -border - 1 :]
        yield last[:, -2::-1]


def _fill(audio: np.ndarray, begin: int, valid: int, grid: ChunkGrid) -> tuple[np.ndarray, int]:
    """Samples `begin` to `begin + valid` of `audio`, filled up to a whole chunk, and where in it they begin."""
    missing = grid.length - valid
    if grid.tail == "centred":
        before = missing // 2
        taken = audio[:, max(0, begin - before) : begin + valid]
        front = valid + before - taken.shape[-1]
        return np.pad(taken, ((0, 0), (front, missing - before))), before
    can_be_reflected = grid.tail == "reflect" and valid > grid.length // 2 + 1
    there = audio[:, begin : begin + valid]
    return np.pad(there, ((0, 0), (0, missing)), mode="reflect" if can_be_reflected else "constant"), 0
