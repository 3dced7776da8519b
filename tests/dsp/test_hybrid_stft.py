"""The spectrum of Hybrid Demucs: the definition of its authors, an inverse, and a tone in its bin."""

import numpy as np
import pytest

from acapella.dsp.hybrid_stft import HybridSTFT


def test_frames_are_windows_centred_on_hops(rng):
    stft, audio = HybridSTFT(512), rng.standard_normal((2, 1000)).astype(np.float32)
    spectrum = stft.forward(audio)
    assert spectrum.shape == (2, 256, 8)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    for frame in (2, 3, 4):  # which do not reach beyond the signal
        centre = frame * 128 + 64
        expected = np.fft.rfft(audio[:, centre - 256 : centre + 256] * hann) / np.sqrt(512)
        np.testing.assert_allclose(spectrum[..., frame], expected[:, :-1], atol=1e-4)


def test_edges_are_reflected(rng):
    stft, audio = HybridSTFT(512), rng.standard_normal(1000).astype(np.float32)
    mirrored = np.concatenate([audio[1:][::-1], audio])  # the signal begins at sample 999 of it
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    expected = np.fft.rfft(mirrored[999 + 64 - 256 : 999 + 64 + 256] * hann) / np.sqrt(512)
    np.testing.assert_allclose(stft.forward(audio)[:, 0], expected[:-1], atol=1e-4)


@pytest.mark.parametrize("samples", [1024, 1000, 4001])
def test_the_inverse_undoes_forward_away_from_the_edges(samples, rng):
    stft = HybridSTFT(512)
    audio = rng.standard_normal((2, 3, samples)).astype(np.float32)
    smooth = audio[..., :-1] + audio[..., 1:]  # nothing at the highest frequency, which is left out
    restored = stft.inverse(stft.forward(smooth), samples - 1)
    assert restored.shape == smooth.shape
    inside = slice(stft.padding, -stft.padding - 128)
    np.testing.assert_allclose(restored[..., inside], smooth[..., inside], atol=1e-2)


def test_a_tone_stays_in_its_bin():
    stft = HybridSTFT(512)
    tone = np.sin(2 * np.pi * 20 / 512 * np.arange(2048))
    assert (np.abs(stft.forward(tone)[:, 3:-3]).argmax(axis=0) == 20).all()


@pytest.mark.parametrize("length", [0, 4, 100, 513])
def test_windows_of_odd_lengths(length):
    with pytest.raises(ValueError, match="multiple of 8"):
        HybridSTFT(length)
