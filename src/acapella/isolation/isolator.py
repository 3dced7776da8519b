"""Separate songs, in memory or file to file, with a trained network."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from acapella.audio_files import AudioWriter, BitDepth, check_format, open_audio
from acapella.dsp.stft import fft_library
from acapella.errors import AudioFileError, UsageError
from acapella.isolation.outputs import default_bit_depth, output_paths
from acapella.isolation.predictor import OnnxPredictor, Predictor
from acapella.isolation.separation import Pieces, Separation
from acapella.models.front_ends import STEMS
from acapella.models.model_file import find_model

PIECE = 1 << 16  # samples read at a time
MAX_CHANNELS = 8
PHASES = ("mixture", "iterative")

Progress = Callable[[int, int | None], None]  # called with samples done, and of how many where that is known


class Isolator:
    """A trained network, ready to take songs apart.

    `phase`: 'mixture' gives stems that sum to the input; 'iterative' reconstructs the phase from the amplitudes in
    `phase_iterations` steps, needs the whole song in memory, and its stems do not sum to the input. A network that
    predicts the phase itself ignores both.
    """

    def __init__(
        self,
        predictor: Predictor,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        block_frames: int | None = None,
    ) -> None:
        if phase not in PHASES:
            raise UsageError(f"phase={phase!r} is not one of: {', '.join(PHASES)}.")
        self.card = predictor.card
        codec = self.card.codec
        if phase == "iterative" and not codec.has_phase and codec.bins < codec.stft.bins:
            raise UsageError("phase='iterative' needs a model that sees all frequencies, which this one does not.")
        self.sums_to_mixture = phase == "mixture" or self.card.codec.has_phase
        self._predictor = predictor
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
            predictor = beside.submit(OnnxPredictor, find_model(model), runtime, threads)
            fft_library()  # its import takes as long as opening the model
            return cls(predictor.result(), phase=phase, phase_iterations=phase_iterations)

    def isolate(self, audio: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        """Stems of `audio` (samples, channels) or (samples,), float in [-1, 1]; each has its shape, in float32."""
        audio = _checked(audio, sample_rate)
        columns = audio.reshape(len(audio), -1)
        pieces = list(self.stream(lambda: _pieces(columns), sample_rate, columns.shape[1]))
        return {stem: np.concatenate([piece[stem] for piece in pieces]).reshape(audio.shape) for stem in STEMS}

    def isolate_file(
        self,
        path: str | Path,
        out_dir: str | Path | None = None,
        *,
        stems: Iterable[str] = STEMS,
        format: str = "wav",
        bit_depth: BitDepth | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Path]:
        """Separate a file into `out_dir` (by default the folder it is in); returns each stem's path.

        The outputs have the input's sample rate, channels and number of samples, and appear whole or not at all.
        """
        path = Path(path)
        paths = output_paths(path, out_dir, stems, format)
        with ExitStack() as stack:
            info = stack.enter_context(open_audio(path)).info
            depth = bit_depth or default_bit_depth(info.subtype, format)
            try:
                check_format(format, info.sample_rate, info.channels, depth)
            except UsageError as error:  # of this song, not of the request
                raise AudioFileError(f"{path}: {error}") from None
            writers = {}
            for stem, out in paths.items():
                out.parent.mkdir(parents=True, exist_ok=True)
                writer = AudioWriter(out, info.sample_rate, info.channels, format, depth, info.tags, info.frames)
                writers[stem] = stack.enter_context(writer)
            total = round(info.seconds * info.sample_rate) if info.seconds else None
            done = 0
            for pieces in self.stream(lambda: _file_pieces(path), info.sample_rate, info.channels):
                for stem, writer in writers.items():
                    writer.write(pieces[stem])
                done += len(pieces[STEMS[0]])
                if progress:
                    progress(done, total)
        _warn_of_clipping(paths, writers)
        return paths

    def stream(self, start: Callable[[], Pieces], sample_rate: int, channels: int) -> Iterator[dict[str, np.ndarray]]:
        """Stems piece by piece, each (samples, channels) float32.

        `start` begins the audio anew at each call: some normalizers need a first pass over all of it.
        """
        separation = Separation(self._predictor, sample_rate, channels, self._block_frames)
        normalization = separation.measure(start())
        if self.sums_to_mixture:
            separated = separation.run(start(), normalization)
        else:
            separated = separation.run_with_iterative_phase(start(), normalization, self._iterations)
        target_stem = self.card.codec.target
        rest_stem = next(stem for stem in STEMS if stem != target_stem)
        for target, rest in separated:
            yield {target_stem: target, rest_stem: rest}


def _warn_of_clipping(paths: dict[str, Path], writers: dict[str, AudioWriter]) -> None:
    for stem, writer in writers.items():
        if writer.clipped:
            warnings.warn(
                f"{paths[stem]}: {writer.clipped} samples were clipped; --bit-depth 32f (wav) keeps them.", stacklevel=3
            )


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
