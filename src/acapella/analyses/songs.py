"""Reading songs for analyses: mono, with their stems found by name."""

from pathlib import Path

import numpy as np

from acapella.audio_files import read_audio
from acapella.audio_files.resampling import resample
from acapella.corpus.tracks import EXTENSIONS, MIXTURE
from acapella.errors import InputError


def neighbour(mix: Path, stem: str) -> Path:
    """The path of a stem beside a mix: NAME_vocal.wav for NAME.wav or NAME_all.wav, else the same in another format."""
    name = f"{mix.stem.removesuffix(f'_{MIXTURE}')}_{stem}"
    candidates = [mix.with_name(name + extension) for extension in dict.fromkeys((mix.suffix, *EXTENSIONS))]
    for path in candidates:
        if path.is_file():
            return path
    raise InputError(f"{mix} needs its {stem} stem beside it: there is no {candidates[0]}.")


def read_mono(path: Path, sample_rate: int | None = None) -> tuple[np.ndarray, int]:
    """The mean of all channels, (samples,) float32, and its sample rate in Hz: `sample_rate`, or else the file's."""
    audio, rate = read_audio(path)
    mono = audio.mean(axis=1, keepdims=True)
    if sample_rate is not None:
        mono, rate = resample(mono, rate, sample_rate), sample_rate
    return mono[:, 0], rate


def cut_to_shortest(*signals: np.ndarray) -> list[np.ndarray]:
    """All `signals` (samples,), cut to the length of the shortest."""
    samples = min(map(len, signals))
    return [signal[:samples] for signal in signals]
