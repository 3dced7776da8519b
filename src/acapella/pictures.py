"""Pictures: a figure to draw on, and spectrograms of audio files of any length on the mel scale, in magma colours."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from acapella.audio_files import open_audio
from acapella.audio_files.metadata import MADE_BY
from acapella.dsp.overlap import split
from acapella.dsp.stft import STFT
from acapella.errors import MissingExtraError, printable
from acapella.whole_files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

WINDOW = 2048
COLUMNS = 1600  # at most; a longer file is averaged in time
RANGE_DB = 80.0
ROWS = 320  # of a picture, bands of equal width in mel
TICKS = (0, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000)  # Hz
STEPS = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds
UNKNOWN_SECONDS = 600.0  # length to plan for where a file does not tell its own


def check_installed() -> None:
    """MissingExtraError where matplotlib is not there; call it before work whose result is to be drawn."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("Drawing pictures", "analysis") from None


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator["Figure"]:
    """An empty figure of `width` by `height` inches, written to `path` (.png) at the end, whole or not at all.

    What the font lacks (Chinese titles, for example) is drawn as boxes, without a word.
    """
    check_installed()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    yield figure
    with atomic_write(path) as unfinished, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(unfinished, dpi=120, format="png", metadata={"Comment": f"Picture of audio {MADE_BY}"})


def verbatim(name: str) -> str:
    """`name`, of a file for example, for matplotlib to draw as it stands: $ is no formula, what is no text a mark."""
    return printable(name).replace("$", r"\$")


def draw_spectrograms(
    parts: Mapping[str, Path], picture: Path, title: str, start: float = 0, end: float | None = None
) -> None:
    """Write `picture` (.png): the level of each of `parts`, files by name, one below the other, with one scale.

    Frequencies are on the mel scale, as we hear them, low ones at the bottom. Levels are means over the channels. Of
    the first part, the song, only second `start` to second `end` is drawn, which is all of the others.
    """
    drawn: dict[str, tuple[np.ndarray, float, int]] = {}
    for name, path in parts.items():
        excerpt = (0.0, None) if drawn else (start, end)
        power, seconds, sample_rate = _pooled_power(path, *excerpt)
        drawn[name] = (10 * np.log10(np.maximum(mel_rows(power, sample_rate / 2), 1e-12)), seconds, sample_rate)
    top = max(level.max() for level, _, _ in drawn.values())
    with drawing(picture, 12, 1 + 2.6 * len(drawn)) as figure:
        rows = figure.subplots(len(drawn), sharex=True, squeeze=False)[:, 0]
        for axes, (name, (level, seconds, sample_rate)) in zip(rows, drawn.items(), strict=True):
            image = draw_mel(axes, level, seconds, sample_rate / 2, vmin=top - RANGE_DB, vmax=top)
            axes.set(ylabel="Frequency (Hz)")
            axes.set_title(verbatim(name), loc="left")
            axes.label_outer()
        rows[-1].set(xlabel="Time (min:s)")
        figure.suptitle(verbatim(title))
        figure.colorbar(image, ax=rows, label="Level (dB)")


def mel(hertz: np.ndarray | float) -> np.ndarray:
    """Pitch in mel: linear below 700 Hz, logarithmic above (D. O'Shaughnessy, "Speech communication", 1987)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mel: np.ndarray) -> np.ndarray:
    """The frequency of a pitch in mel."""
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def mel_rows(values: np.ndarray, nyquist: float) -> np.ndarray:
    """Means of `values` (bins, columns) over bands of equal width in mel, (ROWS, columns).

    Bins lie evenly from 0 to `nyquist`, the highest frequency. They are taken for constant over their width, so that
    the mean over a band follows from the running sum at its edges.
    """
    bins = len(values)
    edges = hertz(np.linspace(0, mel(nyquist), ROWS + 1)) / nyquist * (bins - 1) + 0.5
    edges[0] = 0  # the lowest and the highest bin are half as wide
    edges[-1] = bins
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0, dtype=np.float64)])
    below = np.minimum(edges.astype(int), bins - 1)
    at_edges = sums[below] + (edges - below)[:, None] * (sums[below + 1] - sums[below])
    return np.asarray(np.diff(at_edges, axis=0) / np.diff(edges)[:, None])


def draw_mel(
    axes: "Axes", rows: np.ndarray, seconds: float, nyquist: float, *, most_ticks: int = 12, **colours: Any
) -> "AxesImage":
    """Draw `rows` of `mel_rows`, low ones at the bottom; ticks are in Hz and in minutes and seconds."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    extent = (0, seconds, 0, float(mel(nyquist)))
    image = axes.imshow(rows, origin="lower", aspect="auto", cmap="magma", extent=extent, **colours)
    ticks = [tick for tick in TICKS if tick <= nyquist]
    axes.set_yticks([float(mel(tick)) for tick in ticks], [f"{tick:,}".replace(",", "\u202f") for tick in ticks])
    if seconds > 60:
        step = next((step for step in STEPS if seconds / step <= most_ticks), STEPS[-1])
        axes.set_xticks(np.arange(0, seconds, step))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(most_ticks, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: as_time(seconds)))
    return image


def as_time(seconds: float) -> str:
    """`1:05`, or `0:00.25` where there are fractions; `1:02:03` from an hour on."""
    whole, fraction = divmod(round(seconds * 1000), 1000)
    rest = f".{fraction:03}".rstrip("0") if fraction else ""
    minutes, hours = whole // 60 % 60, whole // 3600
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{whole % 60:02}{rest}"


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
