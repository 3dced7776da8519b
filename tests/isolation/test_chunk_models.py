"""Models with chunks: made-up ones, from the file to the stems."""

import numpy as np
import onnx
import pytest
from tests.onnx_models import FOUR, SHARES, write_four_source_model, write_identity, write_model

from acapella import Isolator
from acapella.errors import ModelFileError
from acapella.isolation.model import open_model
from acapella.models.description import ModelDescription, Output
from acapella.models.front_ends import HybridFrontEnd, SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks

GENERIC = Chunks(length=132_300, step=66_150, fade=13_230, border=66_150)
SPECTRAL = SpectralFrontEnd(
    sample_rate=44100, channels=2, window_length=2048, hop=441, representation="ri", normalized=True
)
IDENTITIES = {
    "spectral": (SPECTRAL, GENERIC, "spectrum", [1, 4, 1025, 301]),
    "level": (SPECTRAL.model_copy(update={"normalizer": "standard"}), GENERIC, "spectrum", [1, 4, 1025, 301]),
    "waveform": (WaveformFrontEnd(), GENERIC, "waveform", [1, 2, 132_300]),
    "centred": (
        WaveformFrontEnd(normalizer="standard"),
        Chunks(length=132_300, step=99_225, window="triangular", tail="centred"),
        "waveform",
        [1, 2, 132_300],
    ),
    "hann": (
        WaveformFrontEnd(),
        Chunks(length=132_300, step=99_225, window="hann", edges="zeros", border=3840, multiple=124_620, tail="zeros"),
        "waveform",
        [1, 2, 132_300],
    ),
    "mono": (WaveformFrontEnd(channels=1), GENERIC, "waveform", [1, 1, 132_300]),
}


@pytest.fixture(params=IDENTITIES)
def identity(request, tmp_path):
    front_end, schedule, kind, shape = IDENTITIES[request.param]
    description = ModelDescription(front_end=front_end, schedule=schedule, output=Output(kind=kind))
    return Isolator.load(write_identity(tmp_path / "identity.onnx", description, shape))


@pytest.mark.parametrize("samples", [1, 2, 1000, 66_150, 132_300, 132_301, 500_001])
def test_an_identity_returns_its_input(identity, samples, rng):
    audio = rng.uniform(-1, 1, (samples, 2)).astype(np.float32)
    stems = identity.isolate(audio, 44100)
    assert np.abs(stems["vocal"] - audio).max() < 1e-5
    assert np.abs(stems["instrumental"]).max() < 1e-5


def test_pieces_come_while_the_song_is_read(identity):
    """So that memory stays constant: there is no end to this song."""

    def endless():
        rng = np.random.default_rng(0)
        while True:
            yield rng.uniform(-1, 1, (30_000, 2)).astype(np.float32)

    if identity.description.front_end.normalizer == "standard":
        pytest.skip("its level has to be measured first")
    stream = identity.stream(endless, 44100, 2)
    assert sum(len(next(stream)["vocal"]) for _ in range(12)) > 300_000
    stream.close()


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (22050, 5)])
def test_four_sources(tmp_path, rng, rate, channels):
    isolator = Isolator.load(write_four_source_model(tmp_path / "four.onnx"))
    assert isolator.stems == (*FOUR, "instrumental")
    audio = rng.uniform(-0.5, 0.5, (4 * rate, channels)).astype(np.float32)
    low = np.cumsum(audio - audio.mean(axis=0), axis=0) / 500  # nothing near the highest frequencies
    stems = isolator.isolate(low.astype(np.float32), rate, ["all"])
    for name, share in zip(FOUR, SHARES, strict=True):
        assert np.abs(stems[name] - share * low).max() < 1e-3
    assert np.abs(stems["instrumental"] + stems["vocal"] - low).max() < 1e-6
    assert list(isolator.isolate(low.astype(np.float32), rate)) == ["vocal", "instrumental"]


def test_a_residual_makes_the_stems_sum_to_the_mixture(tmp_path, rng):
    path = write_four_source_model(tmp_path / "four.onnx", residual="residual", output=Output(gain=0.5))
    isolator = Isolator.load(path)
    audio = rng.uniform(-0.5, 0.5, (100_000, 2)).astype(np.float32)
    stems = isolator.isolate(audio, 44100, ["all"])
    np.testing.assert_allclose(stems["residual"], audio / 2, atol=1e-5)
    total = sum(stems[name] for name in isolator.description.summing_stems)
    np.testing.assert_allclose(total, audio, atol=1e-6)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_complex_mask_turns_the_phase(tmp_path, rng, runtime):
    """The mask is the mixture's own spectrum: the result is its square."""
    if runtime == "openvino":
        pytest.importorskip("openvino")
    front_end = SpectralFrontEnd(sample_rate=8000, channels=1, window_length=64, hop=20, representation="ri")
    schedule = Chunks(length=400, step=400)
    description = ModelDescription(front_end=front_end, schedule=schedule, output=Output(kind="mask"))
    path = write_identity(tmp_path / "square.onnx", description, [1, 2, 33, 21])
    audio = rng.uniform(-1, 1, (400, 1)).astype(np.float32)
    vocal = Isolator.load(path, runtime=runtime).isolate(audio, 8000)["vocal"]
    spectrum = front_end.stft.forward(audio.T)
    np.testing.assert_allclose(vocal.T, front_end.stft.inverse(spectrum**2, 400), atol=1e-4)


def test_the_lowest_bins_can_be_silenced(tmp_path, rng):
    front_end = SPECTRAL.model_copy(update={"bins": 800, "silent_bins": 3})
    description = ModelDescription(front_end=front_end, schedule=GENERIC)
    path = write_identity(tmp_path / "silenced.onnx", description, [1, 4, 800, 301])
    audio = rng.uniform(-1, 1, (132_300, 2)).astype(np.float32)
    vocal = Isolator.load(path).isolate(audio, 44100)["vocal"]
    spectrum = np.abs(np.fft.rfft(vocal[:, 0] * np.hanning(132_300)))
    level = np.abs(np.fft.rfft(audio[:, 0] * np.hanning(132_300))).mean()
    bin_width = 132_300 / 2048
    assert spectrum[: int(1 * bin_width)].max() < 0.2 * level
    assert spectrum[int(850 * bin_width) :].max() < 0.2 * level
    assert spectrum[int(100 * bin_width) : int(700 * bin_width)].mean() == pytest.approx(level, rel=0.1)


def test_a_graph_that_is_not_what_its_description_says_is_refused(tmp_path):
    description = ModelDescription(front_end=SPECTRAL, schedule=GENERIC)
    axes = {"mixture": [1, 4, 1025, 301], "more": [1]}
    nodes = [onnx.helper.make_node("Mul", ["mixture", "more"], ["target"])]
    path = write_model(tmp_path / "wrong.onnx", description, nodes, axes, {"target": axes["mixture"]})
    with pytest.raises(
        ModelFileError, match=r"wrong\.onnx: its graph takes mixture, more; by its description it has 1"
    ):
        open_model(path)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_hybrid_network_takes_and_gives_both(tmp_path, rng, channels):
    """The spectrum comes back doubled, the waveform with its sign changed: what is left is the song itself."""
    samples, bins = 20_000, 512
    front_end = HybridFrontEnd(window_length=2 * bins)
    schedule = Chunks(length=samples, step=samples)
    description = ModelDescription(front_end=front_end, schedule=schedule, output=Output(kind="hybrid"))
    nodes = [
        onnx.helper.make_node("Add", ["spectrum", "spectrum"], ["spectra"]),
        onnx.helper.make_node("Neg", ["mixture"], ["waveforms"]),
    ]
    spectral, waveform = [1, 4, bins, front_end.stft.frames(samples)], [1, 2, samples]
    inputs = {"mixture": waveform, "spectrum": spectral}
    path = write_model(
        tmp_path / "hybrid.onnx", description, nodes, inputs, {"spectra": spectral, "waveforms": waveform}
    )
    frequencies = rng.uniform(100, 20_000, channels)  # nothing at the Nyquist frequency, which has no bin
    audio = np.sin(2 * np.pi * frequencies * np.arange(samples)[:, None] / 44100).astype(np.float32)
    vocal = Isolator.load(path).isolate(audio, 44100)["vocal"]
    edge = 2 * bins  # where windows are missing
    np.testing.assert_allclose(vocal[edge:-edge], audio[edge:-edge], atol=1e-4)
