import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acapella.dsp.stft import STFT, Synthesis

LENGTHS = [1, 5, 300, 767, 768, 769, 1536, 5000, 20_000]


def slow_spectrum(audio: np.ndarray, stft: STFT) -> np.ndarray:
    """The definition, frame by frame."""
    half = stft.window_length // 2
    padded = np.pad(audio.astype(np.float64), ((0, 0), (half, half)), mode="reflect")
    starts = range(0, stft.frames(audio.shape[-1]) * stft.hop, stft.hop)
    frames = [np.fft.rfft(padded[:, start : start + stft.window_length] * stft.window) for start in starts]
    return np.stack(frames, axis=-1)


@pytest.mark.parametrize("samples", LENGTHS)
def test_forward_is_the_definition(samples, rng):
    stft, audio = STFT(1536), rng.standard_normal((2, samples)).astype(np.float32)
    spectrum = stft.forward(audio)
    assert spectrum.shape == (2, 769, stft.frames(samples))
    assert spectrum.dtype == np.complex64
    np.testing.assert_allclose(spectrum, slow_spectrum(audio, stft), atol=1e-3)


@pytest.mark.parametrize("samples", LENGTHS)
def test_inverse_undoes_forward(samples, rng):
    stft, audio = STFT(1536), rng.standard_normal((2, samples)).astype(np.float32)
    np.testing.assert_allclose(stft.inverse(stft.forward(audio), samples), audio, atol=2e-5)


def test_forward_is_scipys(rng):
    from scipy.signal import ShortTimeFFT

    stft, audio = STFT(512), rng.standard_normal(4000).astype(np.float32)
    reference = ShortTimeFFT(stft.window, stft.hop, fs=1, fft_mode="onesided", phase_shift=None)
    inner = slice(4, 20)  # away from the edges, which scipy pads with zeros
    theirs = np.stack([reference.stft(audio, p0=frame, p1=frame + 1)[:, 0] for frame in range(4, 20)], axis=-1)
    np.testing.assert_allclose(stft.forward(audio[None])[0][:, inner], theirs, atol=1e-3)


def test_a_tone_stays_in_its_bin():
    stft = STFT(1024)
    tone = np.cos(2 * np.pi * 37 * np.arange(8192) / 1024).astype(np.float32)
    assert (np.abs(stft.forward(tone[None])[0, :, 4:-4]).argmax(axis=0) == 37).all()


@given(cuts=st.lists(st.integers(0, 6000), max_size=6), samples=st.integers(1, 6000))
def test_a_stream_gives_what_the_whole_gives(cuts, samples):
    stft, audio = STFT(256), np.random.default_rng(1).standard_normal((1, samples)).astype(np.float32)
    pieces = np.split(audio, sorted(min(cut, samples) for cut in cuts), axis=-1)
    spectrum = np.concatenate(list(stft.stream(pieces)), axis=-1)
    np.testing.assert_allclose(spectrum, stft.forward(audio), atol=1e-4)

    synthesis = Synthesis(stft, 1)
    cut_frames = sorted(min(cut, spectrum.shape[-1]) for cut in cuts)
    restored = [synthesis.push(piece) for piece in np.split(spectrum, cut_frames, axis=-1)]
    np.testing.assert_allclose(np.concatenate([*restored, synthesis.finish(samples)], axis=-1), audio, atol=2e-5)


@given(samples=st.integers(1, 3000), start=st.integers(0, 100), frames=st.integers(1, 100))
def test_an_excerpt_is_a_part_of_the_whole(samples, start, frames):
    stft, audio = STFT(128), np.random.default_rng(2).standard_normal((2, samples)).astype(np.float32)
    whole = stft.forward(audio)
    start = min(start, whole.shape[-1] - 1)
    stop = min(start + frames, whole.shape[-1])
    excerpt = stft.excerpt(lambda begin, end: audio[:, begin:end], samples, start, stop)
    np.testing.assert_allclose(excerpt, whole[..., start:stop], atol=1e-4)


def test_an_excerpt_reads_little(rng):
    stft, audio = STFT(128), rng.standard_normal((1, 100_000)).astype(np.float32)
    reads = []

    def read(begin: int, end: int) -> np.ndarray:
        reads.append(end - begin)
        return audio[:, begin:end]

    stft.excerpt(read, 100_000, 1000, 1010)
    assert reads == [9 * stft.hop + stft.window_length]


@pytest.mark.parametrize("length", [0, 2, 1537])
def test_an_odd_or_tiny_window_is_refused(length):
    with pytest.raises(ValueError, match="window_length must be an even number"):
        STFT(length)


@pytest.mark.parametrize("hop", [-1, 513])
def test_a_hop_that_leaves_gaps_is_refused(hop):
    with pytest.raises(ValueError, match="hop must be from 1 to half"):
        STFT(1024, hop)


@pytest.mark.parametrize(("window", "hop"), [(2048, 441), (256, 64), (256, 128), (100, 7), (1536, 384)])
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("samples", [1, 440, 441, 5000])
def test_any_hop_is_undone(window, hop, normalized, samples, rng):
    stft, audio = STFT(window, hop, normalized), rng.standard_normal((2, samples)).astype(np.float32)
    spectrum = stft.forward(audio)
    assert spectrum.shape[-1] == 1 + samples // hop
    np.testing.assert_allclose(spectrum, slow_spectrum(audio, stft), atol=1e-3)
    np.testing.assert_allclose(stft.inverse(spectrum, samples), audio, atol=1e-4)


def test_a_normalized_transform_keeps_energy(rng):
    plain, normalized = (STFT(1024, 256, kept).forward(rng.standard_normal((1, 9000))) for kept in (False, True))
    np.testing.assert_allclose(np.abs(plain).std() / np.abs(normalized).std(), 32, rtol=0.1)


@pytest.mark.parametrize("samples", [1, 300, 5000])
def test_a_rectangular_window(samples, rng):
    stft = STFT(512, 128, normalized=True, shape="rectangular")
    audio = rng.standard_normal((2, samples)).astype(np.float32)
    spectrum = stft.forward(audio)
    np.testing.assert_allclose(spectrum, slow_spectrum(audio, stft), atol=1e-3)
    np.testing.assert_allclose(stft.window, 512**-0.5)
    np.testing.assert_allclose(stft.inverse(spectrum, samples), audio, atol=2e-5)
