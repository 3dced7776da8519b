"""From a song's file to the files of its stems."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from acapella.audio_files import FORMATS, AudioInfo, AudioWriter, check_format, open_audio, read_metadata
from acapella.audio_files.failures import display_name
from acapella.audio_files.resampling import Resampler, resampled_length
from acapella.errors import AudioFileError, UsageError
from acapella.isolation.options import MIXTURE, WriteOptions
from acapella.isolation.outputs import default_bit_depth
from acapella.isolation.separation import Stems
from acapella.isolation.systems import Start, System
from acapella.isolation.tap import Tap
from acapella.registry import choose

PIECE = 1 << 16  # samples read at a time
SILENCE = 2.0**-16  # half a step of 16 bit
LOW_RATE = 1000  # Hz, below which there is no voice
LONGEST_LOW = 300  # seconds of such audio

Progress = Callable[[int, int | None], None]  # called with samples done, and of how many where that is known


@dataclass(frozen=True)
class Written:
    """What was written of a song: its length in samples and seconds, and how many samples of each stem clipped.

    The stems have `sample_rate`, which is the song's where the format can hold that. `gain` is what they were
    multiplied by, `silent` are those that hold nothing, though the song does.
    """

    samples: int
    seconds: float
    song_rate: int  # in Hz
    sample_rate: int  # in Hz
    clipped: Mapping[str, int]
    gain: float = 1.0
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Excerpt:
    """Samples `start` to `stop`, None: to the end, of the file `path`."""

    path: Path
    info: AudioInfo
    start: int
    stop: int | None
    longest: float | None = None  # seconds
    state: tuple[int, ...] = ()  # of the file, which changes when it is written to

    @classmethod
    def open(cls, path: Path, start: float, end: float | None, longest: float | None = None) -> "Excerpt":
        """The excerpt from second `start` to second `end`, which must not be longer than `longest` seconds."""
        state = _state(path)
        with open_audio(path) as reader:
            info = reader.info
        _check_rate(path, info.sample_rate, info.samples or 0)
        first = round(start * info.sample_rate)
        stop = None if end is None else max(first + 1, round(end * info.sample_rate))
        song = cls(path, info, first, stop, longest, state)
        song._check_length(song.expected_samples or 0)
        return song

    @property
    def samples(self) -> int | None:
        """How many there are, where the file says so."""
        return None if self.info.samples is None else self._part_of(self.info.samples)

    @property
    def expected_samples(self) -> int | None:
        """How many there are, good enough for a progress bar; None where nothing is known."""
        seconds = self.info.seconds
        return self._part_of(round(seconds * self.info.sample_rate)) if seconds else None

    def pieces(self) -> Iterator[np.ndarray]:
        """The audio, (samples, channels); an error where the file is not the same any more at the end."""
        samples = 0
        with open_audio(self.path) as reader:
            for piece in reader.blocks(PIECE, self.start, self.stop):
                samples += len(piece)
                self._check_length(samples)
                _check_rate(self.path, self.info.sample_rate, samples)
                yield piece
        name = display_name(self.path)
        if _state(self.path) != self.state:
            raise AudioFileError(f"{name}: it has changed while it was read; try again.")
        if not samples:
            raise AudioFileError(f"{name}: it ends before second {self.start / self.info.sample_rate:g}.")

    def _check_length(self, samples: int) -> None:
        if self.longest is not None and samples > self.longest * self.info.sample_rate:
            minutes = f"{self.longest / 60:g} minutes"
            raise AudioFileError(f"{self.path}: it is longer than {minutes}, the most allowed here.")

    def _part_of(self, samples: int) -> int:
        stop = samples if self.stop is None else min(samples, self.stop)
        return max(0, stop - self.start)


class Peaks:
    """Which of a song and its stems are silent."""

    def __init__(self) -> None:
        self._song_is_silent = True
        self._silent: dict[str, bool] = {}

    def of_song(self, start: Start) -> Start:
        """The song, watched."""

        def watched() -> Iterator[np.ndarray]:
            for piece in start():
                self._song_is_silent = self._song_is_silent and _is_silent(piece)
                yield piece

        return watched

    def of_stems(self, pieces: Mapping[str, np.ndarray]) -> None:
        """Watch a piece of each stem."""
        for stem, piece in pieces.items():
            self._silent[stem] = self._silent.get(stem, True) and _is_silent(piece)

    @property
    def silent(self) -> tuple[str, ...]:
        """The stems that are silent, where the song is not."""
        return () if self._song_is_silent else tuple(stem for stem, silent in self._silent.items() if silent)


def _is_silent(piece: np.ndarray) -> bool:
    return not piece.size or bool(np.abs(piece).max() <= SILENCE)


def _state(path: Path) -> tuple[int, ...]:
    """What tells a file from another, and from itself after a change."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()  # opening it says why
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _check_rate(path: Path, sample_rate: int, samples: int) -> None:
    """AudioFileError for hours of next to nothing, which a small file with a wrong sample rate may be."""
    if sample_rate < LOW_RATE and samples > LONGEST_LOW * sample_rate:
        least = f"{sample_rate} Hz, a rate at which more than {LONGEST_LOW // 60} minutes are no music"
        raise AudioFileError(f"{display_name(path)}: its sample rate is {least}; write it with the right one.")


def write_stems(
    system: System, path: Path, outputs: Mapping[str, Path], options: WriteOptions, progress: Progress | None
) -> Written:
    """Separate the file `path`, each stem of `outputs` into its file: whole, or not at all."""
    song = Excerpt.open(path, options.start, options.end, options.longest)
    rate, channels = song.info.sample_rate, song.info.channels
    written_rate = choose(FORMATS, options.format, "format").nearest_rate(rate)
    writers = _writers(song, outputs, options, written_rate)
    resamplers = {stem: Resampler(rate, written_rate, channels) for stem in outputs}
    wanted = tuple(stem for stem in outputs if stem != MIXTURE)

    def write(stem: str, piece: np.ndarray) -> None:
        writers[stem].write(resamplers[stem].push(piece))

    done, gain, peaks = 0, 1.0, Peaks()
    with ExitStack() as stack:
        for writer in writers.values():
            stack.enter_context(writer)
        pieces_of_song = peaks.of_song(song.pieces)
        start: Start = Tap(pieces_of_song, partial(write, MIXTURE)) if MIXTURE in writers else pieces_of_song
        stems = _watched(system.stream(start, rate, channels, wanted), progress, song.expected_samples)
        if options.normalize:
            from acapella.isolation.normalization import normalized  # rare

            gain, stems = stack.enter_context(normalized(stems, wanted, channels))
        stack.enter_context(closing(stems))
        for pieces in stems:
            for stem in wanted:
                write(stem, pieces[stem])
            peaks.of_stems(pieces)
            done += len(next(iter(pieces.values())))
        for stem, writer in writers.items():
            writer.write(resamplers[stem].finish())
    clipped = {stem: writer.clipped for stem, writer in writers.items() if writer.clipped}
    return Written(done, done / rate, rate, written_rate, clipped, gain, peaks.silent)


def _writers(
    song: Excerpt, outputs: Mapping[str, Path], options: WriteOptions, sample_rate: int
) -> dict[str, AudioWriter]:
    """What writes each stem, at `sample_rate` Hz."""
    info = song.info
    depth = options.bit_depth or default_bit_depth(info.subtype, options.format)
    try:
        check_format(options.format, sample_rate, info.channels, depth)
    except UsageError as error:  # of this song, not of the request
        raise AudioFileError(f"{display_name(song.path)}: {error}") from None
    metadata = info.metadata if options.format == "wav" else read_metadata(song.path, info)  # wav holds no more
    fixed = (sample_rate, info.channels, options.format, depth)
    samples = None if song.samples is None else resampled_length(song.samples, info.sample_rate, sample_rate)
    return {
        stem: AudioWriter(path, *fixed, metadata.of_stem(stem, song.start), samples, options.bitrate)
        for stem, path in outputs.items()
    }


def _watched(stems: Stems, progress: Progress | None, total: int | None) -> Stems:
    """`stems`; how far they are is told when they have been dealt with."""
    done = 0
    with closing(stems):
        for pieces in stems:
            yield pieces
            done += len(next(iter(pieces.values())))
            if progress:
                progress(done, total)
