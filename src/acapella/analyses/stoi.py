"""STOI: short-time objective intelligibility of separated vocals, 1 at best."""

from functools import partial
from pathlib import Path

import numpy as np

from acapella import metrics
from acapella.analyses.over_time import OverTime, over_time, plot
from acapella.analyses.report import Part, Report
from acapella.analyses.songs import cut_to_shortest, neighbour, read_mono
from acapella.analyses.task import Task
from acapella.analyses.tensors import spectral_front_end
from acapella.audio_files import read_audio
from acapella.errors import MissingExtraError
from acapella.models.front_ends import SpectralFrontEnd

UNIT = "1"


def compute(clean: np.ndarray, estimate: np.ndarray, sample_rate: int) -> OverTime:
    """STOI of `estimate` for `clean`, both (samples,) of equal length; NaN where there is too little sound."""
    return over_time(partial(metrics.stoi, sample_rate=sample_rate), clean, estimate, sample_rate)


def run(task: Task) -> Report:
    """STOI of the first file against the second, or of the vocals separated from a single file."""
    check_installed()
    front_end, clean, estimate, rate, what = _given(task) if len(task.files) == 2 else _isolated(task)
    clean, estimate = cut_to_shortest(clean, estimate)
    found = compute(clean, estimate, rate)
    if not np.isfinite(found.overall):
        task.note("STOI is not a number: there is too little sound in the clean vocals.")

    def draw(picture: Path) -> None:
        plot(found, f"Intelligibility: {what}", "STOI (1 at best)", picture)

    part = Part("_".join(path.stem for path in task.files), found.datasets("stoi", UNIT), draw)
    return Report(("what", "STOI"), [(what, f"{found.overall:.4f}")], front_end, [part])


def check_installed() -> None:
    """MissingExtraError if pystoi is missing; call it before the work."""
    try:
        import pystoi  # noqa: F401
    except ImportError:
        raise MissingExtraError("STOI", "analysis") from None


Signals = tuple[SpectralFrontEnd, np.ndarray, np.ndarray, int, str]
"""Front end, clean and estimated vocals (samples,), their sample rate in Hz, and a title."""


def _given(task: Task) -> Signals:
    estimate, rate = read_mono(task.files[0])
    clean, _ = read_mono(task.files[1], rate)
    what = f"{task.files[0].name} against {task.files[1].name}"
    return SpectralFrontEnd.from_settings(task.settings), clean, estimate, rate, what


def _isolated(task: Task) -> Signals:
    mix = task.files[0]
    audio, rate = read_audio(mix)
    clean, _ = read_mono(neighbour(mix, "vocal"), rate)
    isolator = task.open_isolator()
    vocals = isolator.isolate(audio, rate)["vocal"]
    return (
        spectral_front_end(isolator.description),
        clean,
        vocals.mean(axis=1),
        rate,
        f"vocals isolated from {mix.name}",
    )
