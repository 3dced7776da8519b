"""The spectrogram of a stem as a picture has it: levels on a mel axis, in as many columns as are drawn."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

WINDOW = 4096  # samples
FRAMES = 4  # of a column, at most: a picture of an hour needs not every sample
BATCH = 32  # columns computed at a time
TOP = 16_000.0  # Hz
RANGE = 90.0  # dB below full scale that are told apart
KEPT = 16  # pictures


class Picture(NamedTuple):
    """Levels (columns, bands) in uint8, the lowest band first: 0 is −90 dB or less, 255 is 0 dB; `top` in Hz."""

    levels: np.ndarray
    top: float


@lru_cache(KEPT)
def spectrogram_of(path: Path, columns: int, bands: int) -> Picture:
    """The spectrogram of a wav file: the mean power of up to four frames in each column, and of the channels.

    A sine at full scale is 0 dB. The file never changes.
    """
    with soundfile.SoundFile(path) as file:
        top = min(TOP, file.samplerate / 2)
        weights = _mel_weights(bands, top, file.samplerate)
        frames = int(np.clip(file.frames // (columns * WINDOW), 1, FRAMES))
        levels = np.empty((columns, bands), np.uint8)
        for first in range(0, columns, BATCH):
            last = min(first + BATCH, columns)
            places = np.arange(first * frames, last * frames) + 0.5
            starts = (places * file.frames / (columns * frames)).astype(int) - WINDOW // 2
            power = _power(np.stack([_read(file, int(start)) for start in starts]))
            mean = power.reshape(last - first, frames, -1).mean(axis=1) @ weights
            decibels = 10 * np.log10(np.maximum(mean, 1e-12))
            levels[first:last] = np.clip(np.rint((decibels / RANGE + 1) * 255), 0, 255)
        return Picture(levels, top)


def _read(file: soundfile.SoundFile, start: int) -> np.ndarray:
    """A frame, (WINDOW, channels), of silence beyond the ends."""
    frame = np.zeros((WINDOW, file.channels), np.float32)
    begin = max(0, start)
    count = min(file.frames, start + WINDOW) - begin
    if count > 0:
        file.seek(begin)
        frame[begin - start : begin - start + count] = file.read(count, "float32", always_2d=True)
    return frame


def _power(frames: np.ndarray) -> np.ndarray:
    """Of frames (frames, WINDOW, channels): (frames, bins), 1 for a sine at full scale."""
    window = np.hanning(WINDOW).astype(np.float32)
    amplitudes = np.abs(np.fft.rfft(frames * window[:, None], axis=1)) * (2 / window.sum())
    power: np.ndarray = (amplitudes**2).mean(axis=2)
    return power


def _mel_weights(bands: int, top: float, sample_rate: int) -> np.ndarray:
    """Triangles, (bins, bands), evenly spaced in mel; none is narrower than the bins lie apart."""
    bins = np.arange(WINDOW // 2 + 1) * sample_rate / WINDOW
    edges = _hertz(np.linspace(0, _mel(top), bands + 2))
    centres = edges[1:-1]
    spacing = sample_rate / WINDOW
    below, above = np.maximum(centres - edges[:-2], spacing), np.maximum(edges[2:] - centres, spacing)
    distance = bins[:, None] - centres
    weights: np.ndarray = np.clip(1 - np.where(distance < 0, -distance / below, distance / above), 0, None)
    return weights


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def _hertz(mel: np.ndarray) -> np.ndarray:
    hertz: np.ndarray = 700 * (10 ** (mel / 2595) - 1)
    return hertz
