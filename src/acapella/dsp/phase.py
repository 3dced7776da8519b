"""Phase for a spectrogram of amplitudes that has none: successive approximation."""

import numpy as np

from acapella.dsp.stft import STFT


def griffin_lim(amplitude: np.ndarray, stft: STFT, samples: int, iterations: int, seed: int = 0) -> np.ndarray:
    """Audio (channels, samples) whose spectrum has about the given `amplitude` (channels, bins, frames) ≥ 0.

    From a random phase, `iterations` times: to audio and back, keep the phase, restore the amplitude
    (Griffin and Lim, IEEE TASSP 32(2), 1984). Needs the whole signal at once.
    """
    phase = np.random.default_rng(seed).uniform(-np.pi, np.pi, amplitude.shape).astype(np.float32)
    direction = np.exp(1j * phase)
    for _ in range(iterations):
        spectrum = stft.forward(stft.inverse(amplitude * direction, samples))
        direction = spectrum / np.maximum(np.abs(spectrum), 1e-12)
    return stft.inverse(amplitude * direction, samples)
