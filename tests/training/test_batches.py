from collections import Counter

import numpy as np
import pytest
from tests.made import write_cached

from acapella.corpus.examples import TrackExamples
from acapella.errors import CorpusError
from acapella.models.front_ends import SpectralFrontEnd
from acapella.settings import Settings
from acapella.training.batches import Batches


@pytest.fixture
def tracks(tmp_path):
    """Makes tracks of noise of so many seconds each."""

    def make(*seconds: float) -> list[TrackExamples]:
        rng = np.random.default_rng(0)
        front_end = SpectralFrontEnd(window_length=128, representation="ri")
        made = []
        for number, length in enumerate(seconds):
            audio = rng.uniform(-1, 1, (2, 1, int(length * 22050))).astype(np.float32)
            mixture, target = (write_cached(tmp_path / f"{number}{part}", audio[part]) for part in (0, 1))
            made.append(
                TrackExamples(f"song {number}", front_end, mixture, [target], front_end.measure(mixture.pieces()))
            )
        return made

    return make


def batches(corpus, **options):
    defaults = {"chopname": "tile", "chopparams": {"scale": 32}, "batch": 4, "epoch_steps": 10}
    return Batches(corpus, Settings(**{**defaults, **options}))


def place(piece):
    return piece.track.name, piece.rectangle


def epoch(source, number):
    return [piece for step in range(source.steps) for piece in source.plan(number, step)]


@pytest.mark.parametrize("generator", ["keras", "default", "track", "random"])
def test_a_batch_can_be_made_again(tracks, generator):
    first, second = (batches(tracks(1, 2), batch_generator=generator) for _ in range(2))
    for step in (1, 0):
        np.testing.assert_array_equal(first.load(3, step)[0], second.load(3, step)[0])
    mixture, target = first.load(0, 0)
    assert mixture.shape == target.shape == (4, 2, 32, 32)
    assert not np.array_equal(first.load(0, 0)[0], first.load(1, 0)[0])
    assert not np.array_equal(
        first.load(0, 0)[0], batches(tracks(1, 2), batch_generator=generator, seed=1).load(0, 0)[0]
    )


def test_keras_takes_every_slice_once_an_epoch(tracks):
    source = batches(tracks(1, 2), batch_generator="keras", epoch_steps=3)
    first, second = epoch(source, 0), epoch(source, 1)
    assert Counter(map(place, first)) == Counter(map(place, source.slices))
    assert Counter(map(place, first)) == Counter(map(place, second))
    assert list(map(place, first)) != list(map(place, second))


def test_default_takes_none_again_before_all(tracks):
    source = batches(tracks(1), batch_generator="default", epoch_steps=10)
    total = len(source.slices)
    taken = [place(piece) for number in range(2 * total) for piece in epoch(source, number)][: 3 * total]
    for turn in range(3):
        assert len(set(taken[turn * total : (turn + 1) * total])) == total


def test_track_draws_each_track_alike_however_long(tracks):
    source = batches(tracks(0.5, 8), batch_generator="track", epoch_steps=400)
    counts = Counter(piece.track.name for piece in epoch(source, 0))
    assert sum(counts.values()) == 400
    assert 150 < counts["song 0"] < 250


def test_random_draws_fresh_rectangles(tracks):
    source = batches(tracks(2, 2), batch_generator="random", epoch_steps=100)
    pieces = epoch(source, 0)
    assert len(pieces) == 100
    assert len({piece.rectangle for piece in pieces}) > 80
    full = batches(tracks(2), batch_generator="random", chopname="sliding_full")
    assert full.load(0, 0)[0].shape == (4, 2, 64, 32)


def test_epoch_steps_count_samples(tracks):
    corpus = tracks(2)
    assert batches(corpus, batch_generator="track", epoch_steps=10).steps == 3
    assert len(batches(corpus, batch_generator="track", epoch_steps=10).plan(0, 2)) == 2
    everything = batches(corpus, batch_generator="track", epoch_steps=0)
    assert everything.samples == len(everything.slices)


@pytest.mark.parametrize("chopname", ["filtered", "filtered_full", "random", "random_full", "sliding", "full"])
def test_every_chopper_makes_batches(tracks, chopname):
    source = batches(
        tracks(1), batch_generator="keras", chopname=chopname, chopparams={"scale": 16, "step": 8, "slices": 9}
    )
    mixture, _ = source.load(0, 0)
    assert mixture.shape[0] == 4
    assert mixture.isfinite().all()


@pytest.mark.parametrize("generator", ["keras", "random"])
def test_tracks_shorter_than_a_slice_are_an_error(tracks, generator):
    with pytest.raises(CorpusError, match="CHOPNAME='tile' with CHOPPARAMS scale 64 cuts no slice"):
        batches(tracks(0.05), batch_generator=generator, chopparams={"scale": 64})


@pytest.mark.parametrize("generator", ["keras", "random"])
def test_slices_higher_than_the_spectrogram_are_an_error(tracks, generator):
    with pytest.raises(CorpusError, match="cuts no slice"):
        batches(tracks(2), batch_generator=generator, chopparams={"scale": 40, "upper": True})
