"""Augmentations of a recording before it is mixed: speed, panning, distortion, echo, reverberation, equalization.

Audio is float32 (samples, channels) at 44.1 kHz, spectra are (channels, bins, frames).
"""

import numpy as np
import soxr
from scipy.fft import irfft, next_fast_len, rfft

RATE = 44100
Rng = np.random.Generator


def change_speed(audio: np.ndarray, speed: float, samples: int) -> np.ndarray:
    """`audio` played `speed` times as fast, cut or filled up to `samples`: pitch and formants move with it."""
    if speed != 1:
        audio = soxr.resample(audio, RATE * speed, RATE, quality="LQ")
    return np.pad(audio[:samples], ((0, max(0, samples - len(audio))), (0, 0)))


def pan(audio: np.ndarray, rng: Rng) -> np.ndarray:
    """In stereo: mono in the middle or up to 5 dB to a side, stereo as it is or with its channels swapped."""
    if audio.shape[1] == 2:
        return audio[:, ::-1] if rng.random() < 0.5 else audio
    side = 0.0 if rng.random() < 0.6 else rng.uniform(-5, 5)
    return audio * np.array([10 ** (side / 40), 10 ** (-side / 40)], np.float32)


def distort(audio: np.ndarray, rng: Rng) -> np.ndarray:
    """Soft clipping, after a gain that brings the RMS to between -13 and 5 dB; the level stays."""
    level = np.sqrt(np.mean(audio**2)) + 1e-9
    drive = 10 ** (rng.uniform(-3, 15) / 20) / level / 3
    clipped = np.tanh(audio * np.float32(drive))
    return clipped * np.float32(level / (np.sqrt(np.mean(clipped**2)) + 1e-9))


def reverberate(audio: np.ndarray, rng: Rng) -> np.ndarray:
    """Convolved with decaying noise: RT60 0.3 to 2.5 s, -22 to -4 dB of the dry audio, predelay up to 60 ms."""
    seconds = np.exp(rng.uniform(np.log(0.3), np.log(2.5)))
    length = int(seconds * RATE)
    tail = rng.standard_normal((length, 2), np.float32) * (10 ** (-3 * np.arange(length) / length))[:, None]
    smooth = rng.uniform(0.0, 0.7)
    tail[1:] = (1 - smooth) * tail[1:] + smooth * tail[:-1]
    tail *= 10 ** (rng.uniform(-22, -4) / 20) / np.sqrt(np.sum(tail**2, axis=0))
    predelay = int(rng.uniform(0, 0.06) * RATE)
    size = next_fast_len(len(audio) + length, real=True)
    spectrum = rfft(audio.astype(np.float32), size, axis=0) * rfft(tail.astype(np.float32), size, axis=0)
    wet = irfft(spectrum, size, axis=0)[: len(audio)]
    return audio + np.pad(wet, ((predelay, 0), (0, 0)))[: len(audio)]


def echo(audio: np.ndarray, rng: Rng) -> np.ndarray:
    """With four repeats, every other one with its channels swapped: 12 to 35 ms apart (doubling), or 80 to 400 ms."""
    delay = int((rng.uniform(0.012, 0.035) if rng.random() < 0.5 else rng.uniform(0.08, 0.4)) * RATE)
    gain, echoed = rng.uniform(0.15, 0.7), audio.copy()
    for repeat in range(1, 5):
        if delay * repeat < len(audio):
            echoed[delay * repeat :] += np.float32(gain**repeat) * audio[: -delay * repeat][:, :: (-1) ** repeat]
    return echoed


def draw_equalization(bins: int, rng: Rng) -> np.ndarray:
    """Gains (bins, 1): a tilt of up to 1.5 dB an octave, and six free points with a standard deviation of 3 dB."""
    octaves = np.log2(np.maximum(np.arange(bins), 1) / bins) + 5
    curve = np.interp(octaves, np.linspace(-5, 5, 6), rng.normal(0, 3, 6))
    curve += rng.uniform(-1.5, 1.5) * np.clip(octaves, -2, 5)
    return (10 ** (curve / 20))[:, None].astype(np.float32)
