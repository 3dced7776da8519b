"""Separate songs, in memory or file to file, with a trained network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.audio_files import AudioWriter, BitDepth, check_format, open_audio
from acapella.dsp.stft import fft_library
from acapella.errors import AudioFileError, UsageError
from acapella.isolation.iterative_phase import can_reconstruct
from acapella.isolation.model import Model, open_model
from acapella.isolation.outputs import default_bit_depth, output_paths
from acapella.isolation.separation import Pieces, Separation, SongStatistics, Stems
from acapella.models.model_file import find_model

PIECE = 1 << 16  # samples read at a time
MAX_CHANNELS = 8
PHASES = ("mixture", "iterative")

Progress = Callable[[int, int | None], None]  # called with samples done, and of how many where that is known


@dataclass(frozen=True)
class Written:
    """What was written of a song: its length in samples and seconds, and how many samples of each stem clipped."""

    samples: int
    seconds: float
    clipped: Mapping[str, int]


class Isolator:
    """A trained network, ready to take songs apart; several threads may use it at the same time.

    `phase`: 'mixture' gives stems that sum to the input; 'iterative' reconstructs the phase from the amplitudes in
    `phase_iterations` steps, needs the whole song in memory, and its stems do not sum to the input. A network that
    predicts the phase itself ignores both.
    """

    def __init__(
        self,
        model: Model,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        block_frames: int | None = None,
    ) -> None:
        if phase not in PHASES:
            raise UsageError(f"phase={phase!r} is not one of: {', '.join(PHASES)}.", "phase")
        self.description = model.description
        has_phase = getattr(self.description.front_end, "has_phase", True)
        self.sums_to_mixture = phase == "mixture" or has_phase
        if not self.sums_to_mixture and not can_reconstruct(self.description):
            raise UsageError(
                "phase='iterative' needs a model that sees all frequencies, which this one does not.", "phase"
            )
        self._model = model
        self._iterations = phase_iterations
        self._block_frames = block_frames

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        runtime: str = "auto",
        threads: int = 0,
    ) -> "Isolator":
        """Open a model file, or a bundled model by its name; without either, the default model.

        `runtime` computes the network: onnxruntime, openvino, cuda, or auto, what fits best of those installed. On a
        CPU it takes so many `threads`; 0 is one for each core.
        """
        with ThreadPoolExecutor(1) as beside:
            opened = beside.submit(open_model, find_model(model), runtime, threads)
            fft_library()  # its import takes as long as opening the model
            return cls(opened.result(), phase=phase, phase_iterations=phase_iterations)

    @property
    def stems(self) -> tuple[str, ...]:
        """The stems that the model can give."""
        return self.description.stems

    def choose_stems(self, stems: Sequence[str] | None = None) -> tuple[str, ...]:
        """`stems`, checked; None are vocal and instrumental, where the model has them, and ["all"] is all there are."""
        if stems is None:
            return self.description.default_stems
        chosen = self.stems if list(stems) == ["all"] else tuple(dict.fromkeys(stems))
        if not chosen or not set(chosen) <= set(self.stems):
            raise UsageError(f"stems={','.join(chosen)!r} is not made of: {', '.join(self.stems)}.", "stems")
        return chosen

    def isolate(self, audio: np.ndarray, sample_rate: int, stems: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Stems of `audio`, float in [-1, 1]; each has its shape, in float32.

        Shape:
            - audio: (samples,) or (samples, channels), 8 channels at most
            - returns: the same for each of `stems` (see `choose_stems`)
        """
        audio = _checked(audio, sample_rate)
        columns = audio.reshape(len(audio), -1)
        chosen = self.choose_stems(stems)
        pieces = list(self.stream(lambda: _pieces(columns), sample_rate, columns.shape[1], chosen))
        return {stem: np.concatenate([piece[stem] for piece in pieces]).reshape(audio.shape) for stem in chosen}

    def isolate_file(
        self,
        path: str | Path,
        out_dir: str | Path | None = None,
        *,
        stems: Sequence[str] | None = None,
        format: str = "wav",
        bit_depth: BitDepth | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Path]:
        """Separate a file into `out_dir` (by default the folder it is in); returns each stem's path.

        The outputs have the input's sample rate, channels and number of samples, and appear whole or not at all.
        """
        outputs = output_paths(Path(path), out_dir, self.choose_stems(stems), format)
        self.write_stems(Path(path), outputs, format=format, bit_depth=bit_depth, progress=progress)
        return outputs

    def write_stems(
        self,
        path: Path,
        outputs: Mapping[str, Path],
        *,
        format: str = "wav",
        bit_depth: BitDepth | None = None,
        progress: Progress | None = None,
    ) -> Written:
        """Separate the file `path`, each stem of `outputs` into its file; as `isolate_file` does."""
        stems = self.choose_stems(list(outputs))
        done = 0
        with ExitStack() as stack:
            info = stack.enter_context(open_audio(path)).info
            depth = bit_depth or default_bit_depth(info.subtype, format)
            try:
                check_format(format, info.sample_rate, info.channels, depth)
            except UsageError as error:  # of this song, not of the request
                raise AudioFileError(f"{path}: {error}") from None
            writers = {}
            for stem, out in outputs.items():
                writer = AudioWriter(out, info.sample_rate, info.channels, format, depth, info.tags, info.samples)
                writers[stem] = stack.enter_context(writer)
            total = round(info.seconds * info.sample_rate) if info.seconds else None
            for pieces in self.stream(lambda: _file_pieces(path), info.sample_rate, info.channels, stems):
                for stem, writer in writers.items():
                    writer.write(pieces[stem])
                done += len(next(iter(pieces.values())))
                if progress:
                    progress(done, total)
        clipped = {stem: writer.clipped for stem, writer in writers.items() if writer.clipped}
        return Written(done, done / info.sample_rate, clipped)

    def stream(
        self, start: Callable[[], Pieces], sample_rate: int, channels: int, stems: Sequence[str] | None = None
    ) -> Stems:
        """Stems piece by piece, each (samples, channels) float32.

        `start` begins the audio anew at each call: some models need a first pass over all of it.
        """
        chosen = self.choose_stems(stems)
        separation = Separation(self._model, sample_rate, channels, self._block_frames)
        statistics = separation.measure(start()) if separation.needs_statistics else SongStatistics()
        if self.sums_to_mixture:
            return separation.run(start(), statistics, chosen)
        return separation.run_with_iterative_phase(start(), statistics, chosen, self._iterations)


def _checked(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """`audio` in float32; UsageError where it cannot be audio."""
    audio = np.asarray(audio)
    if audio.ndim not in (1, 2) or audio.size == 0:
        raise UsageError(f"audio must be (samples,) or (samples, channels) and not empty, not {audio.shape}.")
    if audio.ndim == 2 and audio.shape[1] > MAX_CHANNELS:
        raise UsageError(
            f"audio must be (samples, channels), {MAX_CHANNELS} channels at most: transpose {audio.shape}."
        )
    if not np.issubdtype(audio.dtype, np.floating):
        raise UsageError(f"audio must be floating point in [-1, 1], not {audio.dtype}: divide by full scale.")
    if not np.isfinite(audio).all():
        raise UsageError("audio holds samples that are no numbers, NaN or infinity.")
    if sample_rate < 1:
        raise UsageError(f"sample_rate must be at least 1 Hz, not {sample_rate}.")
    return audio.astype(np.float32, copy=False)


def _pieces(audio: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(audio), PIECE):
        yield audio[start : start + PIECE]


def _file_pieces(path: Path) -> Iterator[np.ndarray]:
    with open_audio(path) as reader:
        yield from reader.blocks(PIECE)
