"""A small corpus with everything that an evaluation may meet, and an isolator whose stems are known."""

from pathlib import Path

import numpy as np
import soundfile
from tests.isolation.fakes import Gain, model_of
from tests.made import clicks, tone

from acapella.isolation.isolator import Isolator

RATE = 8000


def write_track(folder: Path, name: str, seconds: float = 2.0, channels: int = 1, **parts: np.ndarray) -> None:
    """Write a track: its vocals swell and fade, its instrumental clicks; `parts` replace what is made."""
    rng = np.random.default_rng(len(name))
    vocal = tone(440, seconds, RATE, channels) + rng.normal(0, 0.01, (round(seconds * RATE), channels))
    instrumental = np.repeat(clicks(seconds, rng, RATE), channels, axis=1) * np.linspace(1, 0.5, channels)
    made = {"vocal": vocal, "instrumental": instrumental, "all": vocal + instrumental} | parts
    folder.mkdir(parents=True, exist_ok=True)
    for part, audio in made.items():
        soundfile.write(folder / f"{name}_{part}.wav", audio, RATE, subtype="FLOAT")


def half() -> Isolator:
    """Takes half of the mixture for vocals, and the other half for instrumental."""
    return Isolator(model_of(Gain(0.5), representation="ri", sample_rate=RATE))
