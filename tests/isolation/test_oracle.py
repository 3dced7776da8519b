"""Separation against an independent computation: the network is a known filter, which SciPy applies as well.

The oracle shares no code with the product. They are compared away from the ends of the song, where frames are the same.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from onnx import helper
from tests.onnx_models import write_model

from acapella import Isolator
from acapella.isolation.model import open_model
from acapella.models.description import ModelDescription, Output
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context

RATE = 8000
WINDOW = 256
BINS = WINDOW // 2 + 1
SMOOTHING = np.float32([0.25, 0.5, 0.25])  # along frames
INNER = slice(2 * WINDOW, -2 * WINDOW)


def gains(bins: int = BINS, cut: int = BINS // 2) -> np.ndarray:
    """A random gain in [0, 1] for each bin below `cut`, 0 from there on."""
    below = np.random.default_rng(1).uniform(0, 1, bins)
    return np.where(np.arange(bins) < cut, below, 0).astype(np.float32)


def write_filter(path: Path, kind: str = "spectrum", smoothing: np.ndarray | None = None, **front_end: Any) -> Path:
    """A model that multiplies each bin with its gain and, if wanted, smooths along time.

    With `kind` "mask" its output is the gains themselves.
    """
    context = 0 if smoothing is None else len(smoothing) // 2
    description = ModelDescription(
        front_end=SpectralFrontEnd(sample_rate=RATE, window_length=WINDOW, **front_end),
        schedule=Context(context=context),
        output=Output(kind=kind),
    )
    factor = gains(description.front_end.bins)[:, None]
    nodes = [helper.make_node("Mul", ["mixture", "gains"], ["filtered"])]
    constants = {"gains": factor}
    if kind == "mask":
        nodes[:] = [helper.make_node("Mul", ["mixture", "zero"], ["nothing"])]
        nodes.append(helper.make_node("Add", ["nothing", "gains"], ["filtered"]))
        constants["zero"] = np.float32([0])
    channels = description.front_end.tensor_channels
    if smoothing is not None:
        constants["kernel"] = np.tile(smoothing, (channels, 1, 1, 1))
        attributes = {"pads": [0, context, 0, context], "group": channels}
        nodes.append(helper.make_node("Conv", ["filtered", "kernel"], ["target"], **attributes))
    else:
        nodes.append(helper.make_node("Identity", ["filtered"], ["target"]))
    axes = ["items", channels, description.front_end.bins, "frames"]
    return write_model(path, description, nodes, {"mixture": axes}, {"target": axes}, constants)


def oracle(audio: np.ndarray, factor: np.ndarray, smoothing: np.ndarray | None = None, hop: int = WINDOW // 4):
    """The filter's output for `audio` (samples, channels), by SciPy."""
    window = scipy.signal.get_window("hann", WINDOW)
    transform = scipy.signal.ShortTimeFFT(window, hop, fs=RATE, fft_mode="onesided")
    spectrum = transform.stft(audio.astype(np.float64), axis=0)  # (bins, channels, frames)
    full = np.zeros(BINS)
    full[: len(factor)] = factor
    filtered = spectrum * full[:, None, None]
    if smoothing is not None:
        filtered = scipy.signal.convolve(filtered, smoothing[None, None], mode="same")
    return transform.istft(filtered, k1=len(audio), f_axis=0, t_axis=-1)


@pytest.fixture
def noise(rng) -> np.ndarray:
    return rng.uniform(-0.5, 0.5, (3 * RATE, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "front_end"),
    [
        ("spectrum", {"representation": "ri"}),
        ("spectrum", {"representation": "ri", "channels": 2}),
        ("spectrum", {"representation": "ri", "hop": 100}),
        ("spectrum", {"representation": "ri", "normalized": True}),
        ("spectrum", {"representation": "amplitude"}),
        ("mask", {"representation": "amplitude", "channels": 2}),
        ("spectrum", {"representation": "ri", "bins": 96}),
    ],
)
def test_a_filter_is_the_filter(kind, front_end, tmp_path, noise):
    isolator = Isolator.load(write_filter(tmp_path / "filter.onnx", kind, **front_end))
    factor = gains(front_end.get("bins", BINS))
    stems = isolator.isolate(noise, RATE)
    hop = front_end.get("hop", WINDOW // 4)
    for stem, its_factor in (("vocal", factor), ("instrumental", 1 - np.pad(factor, (0, BINS - len(factor))))):
        expected = oracle(noise, its_factor, hop=hop)
        np.testing.assert_allclose(stems[stem][INNER], expected[INNER], atol=1e-5, err_msg=stem)


@pytest.mark.parametrize("block", [1, 7, 64, None])
def test_blocks_with_context_are_the_filter_of_the_whole_song(block, tmp_path, noise):
    path = write_filter(tmp_path / "filter.onnx", smoothing=SMOOTHING, representation="ri")
    vocal = Isolator(open_model(path), block_frames=block).isolate(noise, RATE)["vocal"]
    np.testing.assert_allclose(vocal[INNER], oracle(noise, gains(), SMOOTHING)[INNER], atol=1e-5)


@pytest.mark.parametrize("rate", [RATE, 2 * RATE])
def test_a_tone_below_the_cut_is_kept_and_one_above_is_not(rate, tmp_path):
    """The cut is a quarter of the network's rate, whatever the song's rate."""
    isolator = Isolator.load(write_filter(tmp_path / "filter.onnx", representation="ri"))
    bin_below = 32  # 1 kHz
    time = np.arange(rate) / rate
    low, high = (np.sin(2 * np.pi * frequency * time) for frequency in (bin_below * RATE / WINDOW, 0.3 * RATE))
    vocal = isolator.isolate((low + high).astype(np.float32)[:, None], rate)["vocal"][rate // 4 : -rate // 4, 0]
    spectrum = np.abs(np.fft.rfft(vocal * np.hanning(len(vocal)))) / np.hanning(len(vocal)).sum() * 2
    frequencies = np.fft.rfftfreq(len(vocal), 1 / rate)
    leakage = np.float64([0.25, 0.5, 0.25])  # of a tone in its bin and the neighbours, by the Hann window
    expected = leakage**2 @ gains()[bin_below - 1 : bin_below + 2] / (leakage**2).sum()
    found = spectrum[np.argmin(abs(frequencies - bin_below * RATE / WINDOW))]
    assert found == pytest.approx(expected, abs=1e-3)
    assert spectrum[frequencies > 0.28 * RATE].max() < 1e-4
