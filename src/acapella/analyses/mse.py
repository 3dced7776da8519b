"""Mean squared error of two waveforms, or of a network's predictions for validation and test tracks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.analyses.over_time import OverTime, over_time, plot
from acapella.analyses.report import Dataset, Part, Report
from acapella.analyses.songs import cut_to_shortest, read_mono
from acapella.analyses.task import Task
from acapella.analyses.tensors import TITLES, Corpus, spectral_front_end
from acapella.corpus.cache import CachedAudio
from acapella.corpus.tracks import split_tracks
from acapella.dsp.normalizers import Normalization
from acapella.errors import CorpusError
from acapella.isolation.frame_queue import FrameQueue
from acapella.isolation.frames import run_network
from acapella.isolation.model import Model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.pictures import drawing, verbatim

UNIT = "normalised²"
COLOURS = {"validation": "tab:blue", "test": "tab:orange"}
MOST_NAMES = 60  # tracks that are named in the picture


@dataclass(frozen=True)
class TrackErrors:
    """Name, set (validation or test) and mean squared error of each track."""

    names: list[str]
    sets: list[str]
    errors: np.ndarray

    @property
    def mean(self) -> float:
        """Mean over the tracks, all with the same weight."""
        return float(self.errors.mean())


def compute(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> OverTime:
    """Mean squared error of two waveforms (samples,) of one length."""
    return over_time(_mean_square, reference.astype(np.float64), estimate.astype(np.float64), sample_rate)


def compute_track(spectra: Iterable[np.ndarray], model: Model, normalization: Normalization) -> float:
    """Mean squared error of predicted and true normalised spectrogram, in constant memory.

    `spectra` are pieces ((1 + sources) * channels, bins, frames) of the mixture's channels and, behind them, the
    sources'.
    """
    front_end, sources = spectral_front_end(model.description), model.description.sources
    targets = FrameQueue(axis=-1)

    def mixtures() -> Iterator[np.ndarray]:
        for piece in spectra:
            mixture, *stems = np.split(piece[None], 1 + len(sources), axis=1)
            tensor, target = front_end.encode_pair(mixture, stems, normalization)
            targets.push(target)
            yield tensor

    total, count = 0.0, 0
    for predicted in run_network(model, mixtures()):
        errors = predicted - targets.take(predicted.shape[-1])
        total += float(np.sum(np.square(errors, dtype=np.float64)))
        count += errors.size
    return total / count


def plot_tracks(found: TrackErrors, title: str, picture: Path) -> None:
    """Draw a bar for each track, and their mean."""
    tracks = len(found.names)
    with drawing(picture, 10, 1.8 + 0.3 * min(tracks, MOST_NAMES)) as figure:
        axes = figure.subplots()
        for name in dict.fromkeys(found.sets):
            places = [place for place, its_set in enumerate(found.sets) if its_set == name]
            axes.barh(places, found.errors[places], color=COLOURS[name], label=name)
        axes.axvline(found.mean, color="black", linestyle="--", label=f"mean: {found.mean:.4g}")
        if tracks <= MOST_NAMES:
            axes.set_yticks(range(tracks), found.names)
        else:
            axes.set_ylabel("Tracks, in the order of the table")
        axes.invert_yaxis()
        axes.set(title=verbatim(title), xlabel="Mean squared error (normalised spectrograms)")
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside lower center", ncols=3)


def run(task: Task) -> Report:
    """The error of two waveforms if two files are given, else of each validation and test track."""
    return _waveforms(task) if task.files else _tracks(task)


def _waveforms(task: Task) -> Report:
    processed, clean = task.files
    estimate, rate = read_mono(processed)
    reference, _ = read_mono(clean, rate)
    reference, estimate = cut_to_shortest(reference, estimate)
    found = compute(reference, estimate, rate)

    what = f"{processed.name} against {clean.name}"

    def draw(picture: Path) -> None:
        plot(found, f"Mean squared error: {what}", "Mean squared error (full scale = 1)", picture)

    part = Part(f"{processed.stem}_{clean.stem}", found.datasets("mse", "full scale²"), draw)
    front_end = SpectralFrontEnd.from_settings(task.settings)
    return Report(("what", "MSE"), [(what, f"{found.overall:.6g}")], front_end, [part])


def _tracks(task: Task) -> Report:
    model = task.open_model()
    front_end = spectral_front_end(model.description)
    found = _compute_tracks(task, model)
    network = model.description.origin.family
    target = ", ".join(TITLES.get(source, source) for source in model.description.sources)
    title = f"{network} ({front_end.representation.upper()}): error of the predicted {target} by track"
    datasets = {
        "mse": Dataset(found.errors, UNIT),
        "mean": Dataset(np.float64(found.mean), UNIT),
        "track": Dataset(found.names),
        "set": Dataset(found.sets),
    }
    rows = [
        (its_set, name, f"{error:.6g}")
        for its_set, name, error in zip(found.sets, found.names, found.errors, strict=True)
    ]
    part = Part("tracks", datasets, lambda picture: plot_tracks(found, title, picture))
    header = ("set", "track", "MSE")
    about = {"network": network, "target": ",".join(model.description.sources)}
    return Report(header, [*rows, ("", "mean", f"{found.mean:.6g}")], front_end, [part], about)


def _compute_tracks(task: Task, model: Model) -> TrackErrors:
    settings, front_end, sources = task.settings, spectral_front_end(model.description), model.description.sources
    corpus = Corpus(task, front_end)
    sets = split_tracks(corpus.tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    chosen = [("validation", track) for track in sets.validation] + [("test", track) for track in sets.test]
    if not chosen:
        raise CorpusError(f"{settings.data} holds one track, which is to train on: add more.")
    errors = []
    for done, (_, track) in enumerate(chosen):
        task.progress(done, len(chosen))
        audio, normalization = corpus.cache.mixture_and_stems(track, sources), corpus.cache.normalization(track)
        of_items = []
        for item in range(audio[0].stored // front_end.channels):
            parts = [part.item(item, front_end.channels) for part in audio]
            spectra = front_end.stft.stream(_side_by_side(parts))
            of_items.append(compute_track(spectra, model, normalization.of_item(item)))
        errors.append(float(np.mean(of_items)))
    return TrackErrors([track.name for _, track in chosen], [its_set for its_set, _ in chosen], np.array(errors))


def _side_by_side(parts: Sequence[CachedAudio]) -> Iterator[np.ndarray]:
    """Pieces (parts * channels, samples)."""
    for pieces in zip(*(part.pieces() for part in parts), strict=True):
        yield np.concatenate(pieces)


def _mean_square(reference: np.ndarray, estimate: np.ndarray) -> float:
    return float(np.mean((reference - estimate) ** 2))
