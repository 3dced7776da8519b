"""Pictures: a figure to draw on, and spectrograms of audio files of any length, in magma colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acapella.audio_files import open_audio
from acapella.audio_files.metadata import MADE_BY
from acapella.dsp.overlap import split
from acapella.dsp.stft import STFT
from acapella.errors import MissingExtraError
from acapella.whole_files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOW = 2048
COLUMNS = 1600  # at most; a longer file is averaged in time
RANGE_DB = 90.0
UNKNOWN_SECONDS = 600.0  # length to plan for where a file does not tell its own


def check_installed() -> None:
    """MissingExtraError where matplotlib is not there; call it before work whose result is to be drawn."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("Drawing pictures", "analysis") from None


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator["Figure"]:
    """An empty figure of `width` by `height` inches, written to `path` (.png) at the end, whole or not at all."""
    check_installed()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    yield figure
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, dpi=120, format="png", metadata={"Comment": f"Picture of audio {MADE_BY}"})


def draw_spectrogram(audio: Path, picture: Path, start: float = 0, end: float | None = None) -> None:
    """Write `picture` (.png): the level in dB of the mean of all channels of `audio`, low frequencies at the bottom.

    `start` and `end` are the seconds of a part of it.
    """
    power, seconds, sample_rate = _pooled_power(audio, start, end)
    level = 10 * np.log10(np.maximum(power, 1e-12))
    with drawing(picture, 12, 5) as figure:
        axes = figure.subplots()
        image = axes.imshow(
            level,
            origin="lower",
            aspect="auto",
            cmap="magma",
            extent=(0, seconds, 0, sample_rate / 2000),
            vmin=-RANGE_DB,
            vmax=0,
        )
        axes.set(title=audio.name, xlabel="Time (s)", ylabel="Frequency (kHz)")
        figure.colorbar(image, label="Level (dB)")


def _pooled_power(audio: Path, start: float = 0, end: float | None = None) -> tuple[np.ndarray, float, int]:
    """Mean power (bins, about COLUMNS at most), relative to a full-scale tone; duration in s; sample rate in Hz."""
    stft = STFT(WINDOW)
    with open_audio(audio) as reader:
        info = reader.info
        known = info.seconds or UNKNOWN_SECONDS
        frames = max(1.0, (min(known, end or known) - start) * info.sample_rate / stft.hop)
        stop = None if end is None else round(end * info.sample_rate)
        part = reader.blocks(start=round(start * info.sample_rate), stop=stop)
        mono = (block.mean(axis=1)[None] for block in part)
        blocks = split(stft.stream(mono), length=ceil(frames / COLUMNS), context=0)
        columns, lengths = zip(
            *((_mean_power(block.frames[0]), block.frames.shape[-1]) for block in blocks), strict=True
        )
    full_scale = (stft.window.sum() / 2) ** 2
    return np.array(columns).T / full_scale, sum(lengths) * stft.hop / info.sample_rate, info.sample_rate


def _mean_power(spectrum: np.ndarray) -> np.ndarray:
    power: np.ndarray = (np.abs(spectrum) ** 2).mean(axis=-1)
    return power
