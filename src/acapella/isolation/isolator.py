"""Separate songs, in memory or file to file, with a trained network or with several."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acapella.errors import UsageError
from acapella.isolation.files import Progress, Written, write_stems
from acapella.isolation.loading import ModelName, SystemLoader
from acapella.isolation.model import Model
from acapella.isolation.options import AS_USUAL, MIXTURE, WriteOptions
from acapella.isolation.outputs import NAME, check_overwrites, output_paths
from acapella.isolation.separation import Stems
from acapella.isolation.single_model import SingleModel
from acapella.isolation.systems import Start, System
from acapella.models.description import ModelDescription
from acapella.storage import Address, Location, Source, Target, local_copy, local_targets, location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acapella.audio_files import BitDepth

PIECE = 1 << 16  # samples at a time
MAX_CHANNELS = 8


class Isolator:
    """A trained network, or several, ready to take songs apart; several threads may use it at the same time.

    It takes an open model, or a system (`isolation.systems`) of models that work together. For a model, `phase`:
    'mixture' gives stems that sum to the input; 'iterative' reconstructs the phase from the amplitudes in
    `phase_iterations` steps, needs the whole song in memory, and its stems do not sum to the input. A network that
    predicts the phase itself ignores both.
    """

    def __init__(
        self,
        model: Model | System,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        block_frames: int | None = None,
    ) -> None:
        if isinstance(model, Model):
            model = SingleModel(model, phase=phase, phase_iterations=phase_iterations, block_frames=block_frames)
        self._system = model

    @classmethod
    def load(
        cls,
        model: ModelName | Sequence[ModelName] | None = None,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        overlap: float | None = None,
        shifts: int = 0,
        seed: int = 0,
        tta: Sequence[str] = (),
        weights: Sequence[float] | None = None,
        combine: str = "mean",
        then: ModelName | None = None,
        runtime: str = "auto",
        threads: int = 0,
    ) -> "Isolator":
        """Open a model file, or a model by its name; without either, the default model; of several, an ensemble.

        | parameter | meaning |
        |---|---|
        | `overlap` | share of a chunk that the next one shares, 0 to 0.95, for models that work in chunks |
        | `shifts`, `seed` | so many runs over the song, each delayed by up to half a second at random, averaged |
        | `tta` | more runs to average: "swap" with the channels exchanged, "invert" with the polarity inverted |
        | `weights`, `combine` | of an ensemble: "mean" of the waveforms, "min" or "max" of the magnitudes |
        | `then` | a model for the vocals: its stems take their place, such as lead and backing voices |
        | `runtime` | what computes: onnxruntime, openvino, cuda, or auto, what fits best of those installed |
        | `threads` | on a CPU; 0 is one for each core |
        """
        loader = SystemLoader(phase, phase_iterations, overlap, shifts, seed, tta, runtime, threads)
        models = [model] if model is None or isinstance(model, str | Path) else model
        return cls(loader.load(models, weights, combine, then))

    @property
    def description(self) -> ModelDescription:
        """Of the model; of several, of the first."""
        return self._system.description

    @property
    def stems(self) -> tuple[str, ...]:
        """The stems that can be had."""
        return self._system.available.all

    @property
    def summing_stems(self) -> tuple[str, ...]:
        """The stems that sum to the song, or would if the networks were perfect."""
        return self._system.available.summing

    @property
    def sums_to_mixture(self) -> bool:
        """Whether the stems sum to the song, apart from what a network without residual misses."""
        return self._system.sums_to_mixture

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know before, a sentence each."""
        return self._system.remarks

    def choose_stems(self, stems: Sequence[str] | None = None) -> tuple[str, ...]:
        """`stems`, checked; None are vocal and instrumental, where the model has them, and ["all"] is all there are."""
        return self._system.available.choose(stems)

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
        path: str | Source,
        out_dir: str | Location | None = None,
        *,
        stems: Sequence[str] | None = None,
        name: str = NAME,
        format: str = "wav",
        bit_depth: "BitDepth | None" = None,
        bitrate: int | None = None,
        start: float = 0,
        end: float | None = None,
        normalize: bool = False,
        overwrite: bool = False,
        allow_private: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Location]:
        """Separate a file into `out_dir` (by default the folder it is in); returns each stem's path.

        The outputs have the input's sample rate, channels and number of samples, and appear whole or not at all.
        `name` is the template of their names (`outputs.output_paths`); the rest is explained at `WriteOptions`.
        A file of such a name that Acapella has not made is an error, unless `overwrite` is set.

        `path` may also be a binary file object or, with the extra [cluster], an address (https://…, s3://…), and
        `out_dir` a folder in a store (s3://…), where nobody looks what is overwritten. Of file objects and web
        addresses the stems go to the current folder by default. `allow_private` lets a web address lead into this
        machine's own network.
        """
        options = WriteOptions(format, bit_depth, bitrate, start, end, normalize)
        source = location(path, allow_private=allow_private) if isinstance(path, str) else path
        outputs = output_paths(_named(source), out_dir, self.choose_stems(stems), format, name)
        if not overwrite:
            check_overwrites(target for target in outputs.values() if isinstance(target, Path))
        self.write_stems(source, outputs, options, progress)
        return outputs

    def write_stems(
        self,
        source: Source,
        outputs: "Mapping[str, Target]",
        options: WriteOptions = AS_USUAL,
        progress: Progress | None = None,
    ) -> Written:
        """Separate `source`, each stem of `outputs` into its file, address or file object; as `isolate_file` does.

        `MIXTURE` among them is the song itself, decoded, in the format of the stems.
        """
        self.choose_stems([stem for stem in outputs if stem != MIXTURE])
        with local_copy(source, str(_named(source))) as song, local_targets(outputs.values()) as local:
            paths = {stem: local[target] for stem, target in outputs.items()}
            return write_stems(self._system, song, paths, options, progress)

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str] | None = None) -> Stems:
        """Stems piece by piece, each (samples, channels) float32.

        `start` begins the audio anew at each call: some models need a first pass over all of it.
        """
        return self._system.stream(start, sample_rate, channels, self.choose_stems(stems))


def _named(source: Source) -> Location:
    """`source`, or what a file object says of its name."""
    if isinstance(source, Path | Address):
        return source
    name = getattr(source, "name", None)  # a number, of a descriptor
    return Path(Path(name).name if isinstance(name, str) else "audio")


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
