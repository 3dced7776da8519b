"""Several models over one song, combined stem by stem."""

import threading
import time

import numpy as np
import pytest
from tests.isolation.fakes import Gain
from tests.onnx_models import write_delay_model, write_four_source_model, write_gain_model, write_wave_model

from acapella import Isolator
from acapella.dsp.stft import STFT
from acapella.errors import UsageError
from acapella.isolation.ensemble import Ensemble
from acapella.isolation.isolator import PIECE
from acapella.isolation.runtimes import TakesTurns

RATE = 8000


@pytest.fixture
def song(rng):
    return rng.uniform(-0.5, 0.5, (20_001, 2)).astype(np.float32)


@pytest.fixture
def pair(tmp_path):
    """Two models that give other shares of the mixture, with other schedules."""
    frames = write_gain_model(tmp_path / "tenth.onnx", 0.1, representation="ri", sample_rate=RATE)
    return [write_wave_model(tmp_path / "seven.onnx", 0.7), frames]


@pytest.mark.parametrize(("weights", "share"), [(None, 0.4), ((2, 1), 0.5), ((1, 5), 0.2)])
def test_the_mean_of_waveforms_with_weights(pair, song, weights, share):
    isolator = Isolator.load(pair, weights=weights)
    stems = isolator.isolate(song, RATE)
    np.testing.assert_allclose(stems["vocal"], share * song, atol=1e-5)
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], song, atol=1e-6)
    assert isolator.sums_to_mixture
    assert isolator.remarks == ()


def test_models_of_other_rates_and_latencies_stay_aligned(tmp_path, rng):
    """At 44100 Hz with chunks of 3 s, at 8000 Hz with latency, at 22050 Hz: of a low tone, each gives a share."""
    time = np.arange(3 * 16_000)[:, None] / 16_000
    song = np.sin(2 * np.pi * np.array([440, 660]) * time) * np.hanning(len(time))[:, None]
    models = [
        write_four_source_model(tmp_path / "four.onnx"),  # 0.4
        write_delay_model(tmp_path / "delay.onnx", 7),  # 1
        write_gain_model(tmp_path / "tenth.onnx", 0.1, representation="ri"),
    ]
    stems = Isolator.load(models).isolate(song.astype(np.float32), 16_000)
    np.testing.assert_allclose(stems["vocal"], 0.5 * song, atol=1e-3)
    assert list(stems) == ["vocal", "instrumental"]


@pytest.mark.parametrize(("combine", "chosen"), [("min", np.argmin), ("max", np.argmax)])
def test_magnitudes_are_compared_bin_by_bin(tmp_path, rng, combine, chosen):
    """As the whole song's STFT says; the models are louder in turn."""
    halves = np.arange(4000) < 2000
    paths = [
        write_wave_model(tmp_path / "early.onnx", np.where(halves, 0.9, 0.2)),
        write_wave_model(tmp_path / "late.onnx", np.where(halves, 0.1, -0.8)),
    ]
    song = rng.uniform(-0.5, 0.5, (3 * PIECE, 2)).astype(np.float32)
    isolator = Isolator.load(paths, combine=combine)
    stems = isolator.isolate(song, RATE)
    stft = STFT(2048, 512)
    singles = [Isolator.load(path).isolate(song, RATE) for path in paths]
    for stem in ("vocal", "instrumental"):
        spectra = np.stack([stft.forward(single[stem].T) for single in singles])
        picked = np.take_along_axis(spectra, chosen(np.abs(spectra), axis=0)[None], axis=0)[0]
        np.testing.assert_allclose(stems[stem].T, stft.inverse(picked, len(song)), atol=1e-5)
    assert not isolator.sums_to_mixture
    assert isolator.remarks == (f"combine='{combine}': the stems do not sum to the song.",)


@pytest.mark.parametrize("samples", [1, 2, 1024, 1025, 5000])
@pytest.mark.parametrize("combine", ["mean", "max"])
def test_equal_models_make_no_difference(pair, rng, samples, combine):
    audio = rng.uniform(-0.5, 0.5, samples).astype(np.float32)
    alone = Isolator.load(pair[0]).isolate(audio, RATE)
    both = Isolator.load([pair[0], pair[0]], combine=combine).isolate(audio, RATE)
    for stem in alone:
        np.testing.assert_allclose(both[stem], alone[stem], atol=1e-6)


def test_stems_are_those_that_all_have(tmp_path, pair):
    four = write_four_source_model(tmp_path / "four.onnx")
    assert Isolator.load([four, four]).stems == ("drums", "bass", "other", "vocal", "instrumental")
    mixed = Isolator.load([four, pair[0]])
    assert mixed.stems == ("vocal", "instrumental")
    with pytest.raises(UsageError, match="stems='drums' is not made of: vocal, instrumental"):
        mixed.choose_stems(["drums"])
    drums = write_wave_model(tmp_path / "drums.onnx", sources=("drums",), residual=None)
    with pytest.raises(UsageError, match="no stem in common: drums; vocal, instrumental"):
        Isolator.load([drums, pair[0]])


@pytest.mark.parametrize("combine", ["mean", "min"])
def test_pieces_come_while_the_song_is_read(pair, combine):
    """So that memory stays constant: there is no end to this song."""

    def endless():
        while True:
            yield np.ones((3000, 2), np.float32)

    stream = Isolator.load(pair, combine=combine).stream(endless, RATE, 2)
    assert sum(len(next(stream)["vocal"]) for _ in range(30)) > 30_000
    stream.close()


def test_threads_end_with_the_stream(pair):
    before = set(threading.enumerate())
    stream = Isolator.load(pair, shifts=2).stream(lambda: iter([np.ones((40_000, 2), np.float32)] * 9), RATE, 2)
    next(stream)
    assert set(threading.enumerate()) - before
    stream.close()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left <= {"acapella-watch"}, "one for all models, which stays"


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        (2, {"weights": [1]}, "weights='1' is not made of 2 numbers above 0"),
        (2, {"weights": [1, 0]}, "weights='1,0'"),
        (2, {"weights": [1, float("nan")]}, "weights='1,nan'"),
        (2, {"combine": "median"}, "combine='median' is not one of: mean, min, max"),
        (2, {"weights": [1, 2], "combine": "max"}, "combine='max' has no weights"),
        (0, {"combine": "mean"}, "model names no model"),
        (1, {"weights": [1]}, "weights needs several models"),
        (1, {"combine": "max"}, "combine needs several models"),
    ],
)
def test_what_cannot_be_is_refused(pair, models, options, message):
    with pytest.raises(UsageError, match=message) as refused:
        Isolator.load(pair[:models], **options)
    assert refused.value.argument in ("model", *options)


def test_one_computes_at_a_time():
    """Each run takes all cores, and memory of its own."""
    inside: list[int] = []
    most = []

    class Slow(Gain):
        def run(self, values):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()
            return []

    turn = threading.Lock()
    runtimes = [TakesTurns(Slow(), turn) for _ in range(4)]
    threads = [threading.Thread(target=runtime.run, args=({},)) for runtime in runtimes for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 12
    assert max(most) == 1


def test_an_ensemble_is_composed_of_any_systems(pair, song):
    systems = [Isolator.load(path)._system for path in pair]
    nested = Isolator(Ensemble([Ensemble(systems), systems[0]], [1, 3]))
    np.testing.assert_allclose(nested.isolate(song, RATE)["vocal"], (0.4 + 3 * 0.7) / 4 * song, atol=1e-5)


def test_only_those_that_run_beside_others_wait_for_their_turn(pair):
    def runtime(**options):
        return Isolator.load(pair[0], **options)._system

    assert not isinstance(runtime()._model.runtime, TakesTurns)
    shifted = runtime(shifts=1, tta=["swap"])
    assert isinstance(shifted._system._system._model.runtime, TakesTurns)
    ensemble = Isolator.load(pair)._system
    first, second = (system._model.runtime for system in ensemble._systems)
    assert first._turn is second._turn
