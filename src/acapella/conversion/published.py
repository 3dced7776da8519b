"""What readers of published checkpoints give: a network with its weights, and what is to be known of it."""

from dataclasses import dataclass

from torch import nn

from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError

FADE = 10  # a chunk's crossfade is this part of it
VOCALS = ("vocals", "vocal", "voice")
OTHERS = ("other", "instrumental", "instrum", "accompaniment")


@dataclass(frozen=True)
class Published:
    """A network that takes chunks of a song as spectra, real and imaginary parts in turn.

    Parameters
    ----------
    network: (batch, 2 * channels, bins, frames) to (batch, sources * 2 * channels, bins, frames)
    family: its name
    sample_rate, channels, window_length, hop, stft_normalized, bins: of the front end; bins are the lowest
    length, step, fade: of the schedule of chunks, in samples
    sources, residual: names of what comes out, and of what the mixture holds besides
    output: "mask", complex, or "spectrum"
    """

    network: nn.Module
    family: str
    sample_rate: int
    channels: int
    window_length: int
    hop: int
    stft_normalized: bool
    bins: int
    length: int
    step: int
    fade: int
    sources: tuple[str, ...]
    residual: str | None
    output: str

    @property
    def frames(self) -> int:
        """Frames of a chunk's spectrum."""
        return 1 + self.length // self.hop


def chunks(config: TrainingConfig) -> tuple[int, int, int]:
    """Length, step and fade of the chunks that a YAML file asks for, in samples."""
    length = config.integer("inference.chunk_size", config.integer("audio.chunk_size"))
    overlap = config.integer("inference.num_overlap", 2)
    if overlap > length:
        raise ModelFileError(f"{config.name}: inference.num_overlap is larger than a chunk, {overlap} of {length}.")
    return length, length // overlap, length // FADE


def sources(config: TrainingConfig, number: int, tensor: str) -> tuple[tuple[str, ...], str | None]:
    """Names of the `number` sources that a network predicts, by its `tensor`, and of the residual if there is one."""
    instruments = config.texts("training.instruments")
    if config.has("training.target_instrument"):
        target = config.text("training.target_instrument", "")
        names, rest = (target,), tuple(name for name in instruments if name != target)
    else:
        names, rest = instruments, ()
    if len(names) != number:
        key = "target_instrument" if rest or len(names) == 1 else "instruments"
        raise ModelFileError(f"{config.name} says training.{key}: {', '.join(names)}, but {tensor} says {number} sources.")
    return _stems(names, rest)


def _stems(names: tuple[str, ...], rest: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """In our words. What is left beside vocals alone, or what vocals alone are left beside, is the instrumental."""
    ours = tuple("vocal" if name.lower() in VOCALS else name.lower() for name in names)
    if ours == ("vocal",):
        return ours, "instrumental"
    if len(ours) > 1 or len(rest) != 1:
        return ours, None
    if rest[0].lower() in VOCALS:
        return ("instrumental",) if ours[0] in OTHERS else ours, "vocal"
    return ours, rest[0].lower()
