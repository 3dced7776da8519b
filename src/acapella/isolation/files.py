"""From a song's file to the files of its stems."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from acapella.audio_files import FORMATS, AudioInfo, AudioWriter, check_format, open_audio, read_metadata
from acapella.audio_files.resampling import Resampler, resampled_length
from acapella.errors import AudioFileError, UsageError
from acapella.isolation.options import MIXTURE, WriteOptions
from acapella.isolation.outputs import default_bit_depth
from acapella.isolation.separation import Stems
from acapella.isolation.systems import Start, System
from acapella.isolation.tap import Tap
from acapella.registry import choose

PIECE = 1 << 16  # samples read at a time

Progress = Callable[[int, int | None], None]  # called with samples done, and of how many where that is known


@dataclass(frozen=True)
class Written:
    """What was written of a song: its length in samples and seconds, and how many samples of each stem clipped.

    The stems have `sample_rate`, which is the song's where the format can hold that. `gain` is what they were
    multiplied by.
    """

    samples: int
    seconds: float
    song_rate: int  # in Hz
    sample_rate: int  # in Hz
    clipped: Mapping[str, int]
    gain: float = 1.0


@dataclass(frozen=True)
class Excerpt:
    """Samples `start` to `stop`, None: to the end, of the file `path`."""

    path: Path
    info: AudioInfo
    start: int
    stop: int | None
    longest: float | None = None  # seconds

    @classmethod
    def open(cls, path: Path, start: float, end: float | None, longest: float | None = None) -> "Excerpt":
        """The excerpt from second `start` to second `end`, which must not be longer than `longest` seconds."""
        with open_audio(path) as reader:
            info = reader.info
        first = round(start * info.sample_rate)
        stop = None if end is None else max(first + 1, round(end * info.sample_rate))
        song = cls(path, info, first, stop, longest)
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
        """The audio, (samples, channels)."""
        samples = 0
        with open_audio(self.path) as reader:
            for piece in reader.blocks(PIECE, self.start, self.stop):
                samples += len(piece)
                self._check_length(samples)
                yield piece
        if not samples:
            raise AudioFileError(f"{self.path}: it ends before second {self.start / self.info.sample_rate:g}.")

    def _check_length(self, samples: int) -> None:
        if self.longest is not None and samples > self.longest * self.info.sample_rate:
            minutes = f"{self.longest / 60:g} minutes"
            raise AudioFileError(f"{self.path}: it is longer than {minutes}, the most allowed here.")

    def _part_of(self, samples: int) -> int:
        stop = samples if self.stop is None else min(samples, self.stop)
        return max(0, stop - self.start)


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

    done, gain = 0, 1.0
    with ExitStack() as stack:
        for writer in writers.values():
            stack.enter_context(writer)
        start: Start = Tap(song.pieces, partial(write, MIXTURE)) if MIXTURE in writers else song.pieces
        stems = _watched(system.stream(start, rate, channels, wanted), progress, song.expected_samples)
        if options.normalize:
            from acapella.isolation.normalization import normalized  # rare

            gain, stems = stack.enter_context(normalized(stems, wanted, channels))
        stack.enter_context(closing(stems))
        for pieces in stems:
            for stem in wanted:
                write(stem, pieces[stem])
            done += len(next(iter(pieces.values())))
        for stem, writer in writers.items():
            writer.write(resamplers[stem].finish())
    clipped = {stem: writer.clipped for stem, writer in writers.items() if writer.clipped}
    return Written(done, done / rate, rate, written_rate, clipped, gain)


def _writers(
    song: Excerpt, outputs: Mapping[str, Path], options: WriteOptions, sample_rate: int
) -> dict[str, AudioWriter]:
    """What writes each stem, at `sample_rate` Hz."""
    info = song.info
    depth = options.bit_depth or default_bit_depth(info.subtype, options.format)
    try:
        check_format(options.format, sample_rate, info.channels, depth)
    except UsageError as error:  # of this song, not of the request
        raise AudioFileError(f"{song.path}: {error}") from None
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
