import numpy as np

from acapella.dsp.phase import griffin_lim
from acapella.dsp.stft import STFT


def inconsistency(audio: np.ndarray, amplitude: np.ndarray, stft: STFT) -> float:
    return float(np.linalg.norm(np.abs(stft.forward(audio)) - amplitude) / np.linalg.norm(amplitude))


def test_more_iterations_come_closer_to_the_amplitudes(rng):
    stft = STFT(256)
    time = np.arange(8000) / 8000
    audio = (np.sin(2 * np.pi * 440 * time) * np.exp(-2 * time))[None].astype(np.float32)
    amplitude = np.abs(stft.forward(audio))
    errors = [inconsistency(griffin_lim(amplitude, stft, 8000, n), amplitude, stft) for n in (0, 5, 50)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.2


def test_silence_stays_silence():
    stft = STFT(256)
    audio = griffin_lim(np.zeros((1, 129, stft.frames(1000)), np.float32), stft, 1000, 3)
    assert audio.shape == (1, 1000)
    assert not audio.any()


def test_the_same_seed_gives_the_same_audio(rng):
    stft, amplitude = STFT(64), rng.uniform(0, 1, (1, 33, 20)).astype(np.float32)
    first, second = (griffin_lim(amplitude, stft, 304, 2) for _ in range(2))
    np.testing.assert_array_equal(first, second)
