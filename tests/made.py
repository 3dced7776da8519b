"""Made audio for tests."""

from pathlib import Path

import numpy as np
import soundfile

from acapella.corpus.cache import CachedAudio


def tone(frequency: float, seconds: float, sample_rate: int, channels: int = 1, level: float = 0.3) -> np.ndarray:
    """A sine (samples, channels) that swells and fades."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    wave = level * np.sin(2 * np.pi * frequency * time) * np.hanning(len(time))
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def write_song(path: Path, seconds: float = 1.0, sample_rate: int = 44100, channels: int = 2) -> np.ndarray:
    """Write noise in 16 bit that differs between channels; returns it as the file holds it."""
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, (round(seconds * sample_rate), channels))
    soundfile.write(path, noise, sample_rate, subtype="PCM_16")
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def clicks(seconds: float, rng: np.random.Generator, sample_rate: int = 8000) -> np.ndarray:
    """Short bursts of noise (samples, 1): upright lines in a spectrogram, where tones are level ones."""
    audio = np.zeros((round(seconds * sample_rate), 1), np.float32)
    for start in rng.integers(0, len(audio) - 40, round(12 * seconds)):
        audio[start : start + 40] = rng.uniform(-0.9, 0.9, (40, 1))
    return audio


def write_corpus(
    folder: Path, tracks: int = 4, seconds: float = 1.5, sample_rate: int = 8000, highest: float = 3000
) -> None:
    """A corpus whose vocals are tones from 300 Hz to `highest` and whose instrumental is clicks."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for track in range(tracks):
        vocal, instrumental = tone(rng.uniform(300, highest), seconds, sample_rate), clicks(seconds, rng, sample_rate)
        parts = {"all": vocal + instrumental, "vocal": vocal, "instrumental": instrumental}
        for part, audio in parts.items():
            soundfile.write(folder / f"track{track}_{part}.wav", audio, sample_rate, subtype="FLOAT")


def write_cached(path: Path, audio: np.ndarray) -> CachedAudio:
    """Audio (channels, samples) as the cache keeps it."""
    audio.T.astype(np.float32).tofile(path)
    return CachedAudio(path, *audio.shape)
