import numpy as np
import pytest
from tests.isolation.fakes import Gain, Smear, model_of

from acapella.isolation.separation import Separation
from acapella.models.description import DEFAULT_STEMS

KINDS = [("lps", 1), ("ri", 1), ("lps", 2), ("ri", 2)]


def separate(model, audio, rate, block_frames=64, cuts=3):
    pieces = np.array_split(audio, cuts)
    separation = Separation(model, rate, audio.shape[1], block_frames)
    results = list(separation.run(iter(pieces), separation.measure(iter(pieces)), DEFAULT_STEMS))
    return tuple(np.concatenate([result[stem] for result in results]) for stem in DEFAULT_STEMS)


@pytest.mark.parametrize(("representation", "network_channels"), KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_an_identity_gives_the_input_back(representation, network_channels, channels, rng):
    audio = rng.uniform(-1, 1, (60_001, channels)).astype(np.float32)
    model = model_of(Gain(), representation=representation, channels=network_channels)
    target, rest = separate(model, audio, 22050)
    np.testing.assert_allclose(target, audio, atol=2e-6)
    np.testing.assert_allclose(target + rest, audio, atol=1e-7)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_length_and_sum_survive_any_rate(rate, rng):
    audio = rng.uniform(-0.5, 0.5, (rate + 7, 2)).astype(np.float32)
    target, rest = separate(model_of(Gain(0.7)), audio, rate, cuts=11)
    assert target.shape == audio.shape
    np.testing.assert_allclose(target + rest, audio, atol=1e-6)


def test_a_tone_stays_where_it_is():
    time = np.arange(44100) / 44100
    tone = (0.5 * np.sin(2 * np.pi * 1000 * time) * np.hanning(44100)).astype(np.float32)[:, None]
    target, _ = separate(model_of(Gain()), tone, 44100)
    np.testing.assert_allclose(target, tone, atol=1e-3)


@pytest.mark.parametrize("samples", [1, 2, 100, 441, 769])
def test_very_short_audio(samples, rng):
    audio = rng.uniform(-1, 1, (samples, 2)).astype(np.float32)
    target, rest = separate(model_of(Gain(), normalizer="percentile"), audio, 44100, cuts=1)
    assert target.shape == audio.shape
    np.testing.assert_allclose(target + rest, audio, atol=1e-6)


def test_nothing_is_changed_at_the_borders_of_blocks(rng):
    audio = rng.uniform(-1, 1, (200_000, 2)).astype(np.float32)
    target, _ = separate(model_of(Gain(), representation="ri", channels=2), audio, 22050, block_frames=4, cuts=7)
    assert np.abs(target - audio).max() <= 1e-6


def test_the_length_of_blocks_does_not_matter(rng):
    audio = rng.uniform(-1, 1, (100_000, 1)).astype(np.float32)
    short, long = (separate(model_of(Smear()), audio, 22050, block_frames=frames)[0] for frames in (8, 1000))
    assert np.abs(short - long).max() < 1e-5 * np.abs(long).max()


def test_blocks_start_on_the_networks_grid_and_are_short(rng):
    runtime = Gain()
    separate(model_of(runtime), rng.uniform(-1, 1, (200_000, 1)).astype(np.float32), 22050, block_frames=61)
    frames = [shape[-1] for shape in runtime.shapes]
    assert max(frames) == 64 + 2 * 8
    assert frames[0] == 64 + 8


def test_silence_stays_silence():
    silence = np.zeros((30_000, 2), np.float32)
    for representation in ("lps", "ri"):
        target, rest = separate(
            model_of(Gain(), representation=representation, normalizer="percentile"), silence, 44100
        )
        assert not target.any()
        assert not rest.any()


def test_iterative_phase_reconstructs_both_stems(rng):
    time = np.arange(22050) / 22050
    audio = (0.5 * np.sin(2 * np.pi * 440 * time))[:, None].astype(np.float32)
    separation = Separation(model_of(Gain()), 22050, 1)
    results = list(
        separation.run_with_iterative_phase([audio], separation.measure([audio]), DEFAULT_STEMS, iterations=30)
    )
    assert len(results) == 1
    target, rest = (results[0][stem] for stem in DEFAULT_STEMS)
    assert target.shape == rest.shape == audio.shape
    assert np.sqrt((target**2).mean()) == pytest.approx(np.sqrt((audio**2).mean()), rel=0.1)
    assert np.abs(rest).max() < 1e-3
