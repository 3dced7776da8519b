"""The original's way to a phase: reconstruct it from the amplitudes, which needs the whole song in memory."""

from collections.abc import Iterable

import numpy as np

from acapella.dsp.normalizers import Normalization
from acapella.dsp.phase import griffin_lim
from acapella.isolation.chunks import ChunkSeparator
from acapella.isolation.frames import FrameSeparator
from acapella.isolation.separators import prepare_and_compute
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd


def can_reconstruct(description: ModelDescription) -> bool:
    """Whether the model predicts amplitudes of one source at all frequencies, in a stream of frames."""
    front_end = description.front_end
    return (
        isinstance(front_end, SpectralFrontEnd)
        and description.schedule.kind != "chunks"
        and description.output.kind == "spectrum"
        and len(description.sources) == 1
        and description.residual is not None
        and front_end.bins == front_end.stft.bins
    )


def reconstruct(
    separator: FrameSeparator | ChunkSeparator,
    audio: Iterable[np.ndarray],
    description: ModelDescription,
    normalization: Normalization,
    iterations: int,
) -> np.ndarray | None:
    """Audio (2, items * channels, samples) of the source and of the residual; None where there is no audio."""
    front_end = description.front_end
    assert isinstance(separator, FrameSeparator)
    assert isinstance(front_end, SpectralFrontEnd)
    outputs = list(prepare_and_compute(separator, audio))
    if not outputs:
        return None
    mixture = _rows(np.abs(separator.spectra.take(separator.spectra.waiting)))
    amplitudes = [front_end.decode_amplitude(output, normalization) for output in outputs]
    source = _rows(np.concatenate(amplitudes, axis=-1))
    parts = (source, np.maximum(mixture - source, 0))
    return np.stack([griffin_lim(part, front_end.stft, separator.samples, iterations) for part in parts])


def _rows(values: np.ndarray) -> np.ndarray:
    """(items, channels, bins, frames) as (items * channels, bins, frames)."""
    return values.reshape(-1, *values.shape[-2:])
