"""Error of the separated vocals by their level in the mix."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.analyses.report import Dataset, Part, Report
from acapella.analyses.songs import cut_to_shortest, neighbour, read_mono
from acapella.analyses.task import Progress, Task
from acapella.analyses.tensors import spectral_front_end, value_unit
from acapella.errors import InputError
from acapella.models.front_ends import SpectralFrontEnd
from acapella.pictures import drawing, verbatim

QUIETEST, LOUDEST = 1 / 100, 100  # peak of the vocals to peak of the instrumental
Isolate = Callable[[np.ndarray], np.ndarray]  # from a mix (samples,) its vocals


@dataclass(frozen=True)
class Song:
    """Mix, vocals and instrumental (samples,), of equal length, at the network's sample rate."""

    mix: np.ndarray
    vocal: np.ndarray
    instrumental: np.ndarray

    @property
    def ratio(self) -> float:
        """Peak of the vocals to peak of the instrumental."""
        return float(np.abs(self.vocal).max() / np.abs(self.instrumental).max())


@dataclass(frozen=True)
class Volume:
    """Mean squared errors of the separated vocals by the ratio of the peaks of vocals and instrumental.

    Shape:
        - ratios, errors: (points,)
        - own_ratio, own_error: of the unscaled mix
    """

    ratios: np.ndarray
    errors: np.ndarray
    own_ratio: float
    own_error: float


def ratios(points: int) -> np.ndarray:
    """`points` ratios from QUIETEST to LOUDEST, evenly spaced on a logarithmic scale."""
    return np.geomspace(QUIETEST, LOUDEST, points)


def compute(
    song: Song, isolate: Isolate, front_end: SpectralFrontEnd, points: int = 21, progress: Progress = lambda *_: None
) -> Volume:
    """Separate gain · vocals + instrumental for each ratio, and divide the estimate by the gain.

    Errors are thus comparable: the mean over the spectrogram (not normalised) of (estimate / gain − vocals)², with
    gain = ratio / `song.ratio`. The baseline is the unscaled mix, with gain 1.
    """
    truth = _spectrogram(song.vocal, front_end)
    wanted = ratios(points)

    def error(mix: np.ndarray, gain: float) -> float:
        isolated = _spectrogram(isolate(mix) / np.float32(gain), front_end)
        return float(np.mean(np.square(isolated - truth, dtype=np.float64)))

    errors = []
    for done, gain in enumerate(wanted / song.ratio):
        progress(done, points + 1)
        errors.append(error(np.float32(gain) * song.vocal + song.instrumental, gain))
    progress(points, points + 1)
    return Volume(wanted, np.array(errors), song.ratio, error(song.mix, 1.0))


def plot(found: Volume, title: str, unit: str, picture: Path) -> None:
    """Draw errors over ratios, both logarithmic, with the unscaled mix as the baseline."""
    with drawing(picture, 9, 6) as figure:
        axes = figure.subplots()
        axes.plot(found.ratios, found.errors, ".-", label="vocals scaled")
        axes.axhline(found.own_error, color="tab:orange", linestyle="--", label=f"mix as it is: {found.own_error:.4g}")
        axes.plot([found.own_ratio], [found.own_error], "o", color="tab:orange")
        axes.set(
            title=verbatim(title),
            xlabel="Peak of the vocals / peak of the instrumental",
            ylabel=f"Mean squared error of the isolated vocals,\nrescaled (square of {unit})",
            xscale="log",
            yscale="log",
        )
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(which="both", alpha=0.3)
        axes.legend()


def run(task: Task) -> Report:
    """Analyse the song in the only file, with its stems beside it."""
    mix = task.files[0]
    stems = [neighbour(mix, stem) for stem in ("vocal", "instrumental")]
    isolator = task.open_isolator()
    front_end = spectral_front_end(isolator.description)
    song = Song(*cut_to_shortest(*(read_mono(path, front_end.sample_rate)[0] for path in (mix, *stems))))
    for path, stem in zip(stems, (song.vocal, song.instrumental), strict=True):
        if not stem.any():
            raise InputError(f"{path} is silent: volume needs sound in both stems.")
    found = compute(song, lambda audio: isolator.isolate(audio, front_end.sample_rate)["vocal"], front_end, task.points)
    rows = [(f"{ratio:.4g}", f"{error:.6g}") for ratio, error in zip(found.ratios, found.errors, strict=True)]
    unscaled = (f"{found.own_ratio:.4g}", f"{found.own_error:.6g}", "the mix as it is")
    header = ("vocals / instrumental", "MSE", "")
    about = {"network": isolator.description.origin.family}
    return Report(header, [*((*row, "") for row in rows), unscaled], front_end, [_part(mix, found, front_end)], about)


def _spectrogram(audio: np.ndarray, front_end: SpectralFrontEnd) -> np.ndarray:
    """(components, bins, frames) of `audio` (samples,), not normalised."""
    return front_end.represent(front_end.stft.forward(audio[None]))


def _part(mix: Path, found: Volume, front_end: SpectralFrontEnd) -> Part:
    unit = value_unit(front_end)
    datasets = {
        "ratio": Dataset(found.ratios, "1"),
        "mse": Dataset(found.errors, f"({unit})²"),
        "baseline_ratio": Dataset(np.float64(found.own_ratio), "1"),
        "baseline_mse": Dataset(np.float64(found.own_error), f"({unit})²"),
    }
    title = f"{mix.name}: error of the isolated vocals by their level ({front_end.representation.upper()})"
    return Part(mix.stem, datasets, lambda picture: plot(found, title, unit, picture))
