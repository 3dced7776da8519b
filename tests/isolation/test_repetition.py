"""Several runs over a changed song, averaged: shifts, test-time augmentation, and more overlap."""

import numpy as np
import pytest
from tests.isolation.fakes import Gain, model_of
from tests.onnx_models import write_delay_model, write_wave_model

from acapella import Isolator
from acapella.errors import UsageError
from acapella.isolation.repetition import Augmented, Shifted, swap_channels
from acapella.isolation.single_model import SingleModel
from acapella.models.schedules import Chunks

RATE = 8000
RAMP = np.linspace(0, 1, 4000)  # a network that depends on where its chunk begins


@pytest.fixture
def song(rng):
    return rng.uniform(-0.5, 0.5, (20_001, 2)).astype(np.float32)


def test_shifts_are_the_mean_of_runs_over_the_delayed_song(tmp_path, song):
    path = write_wave_model(tmp_path / "ramp.onnx", RAMP)
    plain = Isolator.load(path)
    expected = np.zeros_like(song)
    for seconds in np.random.default_rng(7).uniform(0, 0.5, 3):
        delay = round(seconds * RATE)
        delayed = np.concatenate([np.zeros((delay, 2), np.float32), song])
        expected += plain.isolate(delayed, RATE)["vocal"][delay:] / 3
    stems = Isolator.load(path, shifts=3, seed=7).isolate(song, RATE)
    np.testing.assert_allclose(stems["vocal"], expected, atol=1e-6)
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], song, atol=1e-6)
    assert np.abs(stems["vocal"] - plain.isolate(song, RATE)["vocal"]).max() > 0.05


def test_the_seed_decides_the_shifts(tmp_path, song):
    path = write_wave_model(tmp_path / "ramp.onnx", RAMP)
    first, again, other = (Isolator.load(path, shifts=1, seed=seed).isolate(song, RATE)["vocal"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


@pytest.mark.parametrize("samples", [1, 100, 4000, 9001])
def test_shifts_of_a_network_with_latency_keep_every_sample(tmp_path, rng, samples):
    audio = rng.uniform(-0.5, 0.5, (samples, 3)).astype(np.float32)
    isolator = Isolator.load(write_delay_model(tmp_path / "delay.onnx", 3), shifts=2, tta=["swap", "invert"])
    np.testing.assert_allclose(isolator.isolate(audio, RATE)["vocal"], audio, atol=1e-5)


def test_swap_makes_the_channels_equal_in_rights(tmp_path, song):
    path = write_wave_model(tmp_path / "left.onnx", [[1.0], [0.0]])  # hears the left channel only
    stems = Isolator.load(path, tta=["swap"]).isolate(song, RATE)
    np.testing.assert_allclose(stems["vocal"], song / 2, atol=1e-6)
    np.testing.assert_allclose(stems["instrumental"], song / 2, atol=1e-6)


def test_invert_takes_an_offset_away(tmp_path, song):
    path = write_wave_model(tmp_path / "biased.onnx", 0.5, bias=0.1)
    assert np.abs(Isolator.load(path).isolate(song, RATE)["vocal"] - song / 2).max() == pytest.approx(0.1, abs=1e-5)
    inverted = Isolator.load(path, tta=["invert"]).isolate(song, RATE)["vocal"]
    np.testing.assert_allclose(inverted, song / 2, atol=1e-6)


def test_only_pairs_are_swapped():
    audio = np.arange(5)[None]
    assert swap_channels(audio).tolist() == [[1, 0, 3, 2, 4]]
    assert swap_channels(audio[:, :1]).tolist() == [[0]]


def test_runs_are_not_wasted_on_a_mono_song(rng):
    runtime = Gain(0.5)
    isolator = Isolator(Augmented(SingleModel(model_of(runtime)), ["swap", "invert"]))
    isolator.isolate(rng.uniform(-1, 1, 9000), 22_050)
    assert len(runtime.shapes) == 2, "a plain run and an inverted one"


def test_pieces_come_while_the_song_is_read(tmp_path):
    """So that memory stays constant: there is no end to this song."""
    isolator = Isolator.load(write_wave_model(tmp_path / "half.onnx"), shifts=2, tta=["swap"])
    assert sum(len(piece["vocal"]) for piece in first_pieces(isolator, 12)) > 15_000


def first_pieces(isolator, count):
    def endless():
        while True:
            yield np.ones((3000, 2), np.float32)

    stream = isolator.stream(endless, RATE, 2)
    yield from (next(stream) for _ in range(count))
    stream.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shifts": -1}, "shifts=-1 is not a number from 1 to 100"),
        ({"shifts": 101}, "shifts=101"),
        ({"shifts": 1, "seed": -1}, "seed=-1"),
        ({"tta": ["turn"]}, "tta='turn' is not one of: swap, invert"),
        ({"overlap": 1}, "overlap=1 is not a share of a chunk from 0 to 0.95"),
        ({"overlap": float("nan")}, "overlap=nan"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=message) as refused:
        Isolator.load(write_wave_model(tmp_path / "half.onnx"), **options)
    assert refused.value.argument == next(reversed(options))


def test_a_shift_is_at_most_half_a_second():
    shifted = Shifted(SingleModel(model_of(Gain())), 100, seed=3)
    assert 0 <= min(shifted._delays) < 0.1 < 0.4 < max(shifted._delays) <= 0.5


@pytest.mark.parametrize("overlap", [0, 0.1, 0.5, 0.95])
def test_overlap_changes_the_chunks_and_keeps_an_identity(tmp_path, song, overlap):
    isolator = Isolator.load(write_wave_model(tmp_path / "identity.onnx", 1.0), overlap=overlap)
    assert isolator.description.schedule.step == round(4000 * (1 - overlap))
    np.testing.assert_allclose(isolator.isolate(song, RATE)["vocal"], song, atol=1e-5)
    assert isolator.remarks == ()


def test_more_overlap_evens_out_what_depends_on_the_place_in_a_chunk(tmp_path, song):
    path = write_wave_model(tmp_path / "ramp.onnx", RAMP)
    errors = [
        np.abs(Isolator.load(path, overlap=overlap).isolate(song, RATE)["vocal"] - song / 2).mean()
        for overlap in (0.25, 0.9)
    ]
    assert errors[1] < 0.2 * errors[0]


def test_the_ends_of_a_song_stay_in_as_many_chunks_as_its_middle():
    shared = Chunks(length=4000, step=3000, border=1000)
    assert shared.with_overlap(0.75).border == 3000
    assert shared.model_copy(update={"border": 64}).with_overlap(0.75).border == 64


def test_overlap_without_chunks_is_a_remark(tmp_path):
    isolator = Isolator.load(write_delay_model(tmp_path / "delay.onnx", 2), overlap=0.5)
    assert isolator.remarks == ("overlap has no effect on a model that does not work in chunks.",)
