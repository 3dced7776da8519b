import numpy as np
import pytest
from tests.made import write_cached

from acapella.corpus.cache import Cache
from acapella.corpus.chunks import ChunkExamples
from acapella.corpus.tracks import Track
from acapella.dsp.choppers import CHOPPERS, Rectangle
from acapella.dsp.levels import measure_level
from acapella.models.front_ends import HybridFrontEnd
from acapella.settings.option_types import ChopParams


@pytest.fixture
def audio(rng):
    return rng.uniform(-1, 1, (3, 2, 1000)).astype(np.float32)  # a mixture and two sources


def make(audio, folder, level=None, length=100, hop=30):
    mixture, *sources = (write_cached(folder / str(number), part) for number, part in enumerate(audio))
    return ChunkExamples("song", mixture, sources, level, length=length, hop=hop)


def test_a_chunk_is_the_audio_where_it_begins(audio, tmp_path):
    mixture, target = make(audio, tmp_path).cut(Rectangle(1, 2, 3, 7))
    np.testing.assert_array_equal(mixture, audio[0, :, 90:190])
    np.testing.assert_array_equal(target, np.concatenate(audio[1:, :, 90:190]))


def test_chunks_are_cut_at_the_level_of_the_song(audio, tmp_path):
    level = measure_level([audio[0]], 2)
    mixture, target = make(audio, tmp_path, level).cut(Rectangle(1, 2, 0, 4))
    np.testing.assert_allclose(mixture, level.apply(audio[0])[:, :100], atol=1e-6)
    np.testing.assert_allclose(target[2:], level.apply(audio[2])[:, :100], atol=1e-6)


@pytest.mark.parametrize("samples", [99, 100, 129, 130, 1000])
def test_every_chunk_that_choppers_cut_lies_within_the_track(audio, tmp_path, samples, rng):
    examples = make(audio[..., :samples], tmp_path)
    params = ChopParams(scale=4, step=(1, 1), slices=50)
    for name in ("full", "sliding_full", "random_full"):
        rectangles = CHOPPERS[name](examples.extent, params, rng=rng)
        assert bool(rectangles) == (samples >= 100 and (name != "sliding_full" or samples >= 130))
        assert all(examples.cut(rectangle)[0].shape == (2, 100) for rectangle in rectangles)
    assert examples.frames(1) == examples.extent[1] == (4 + (samples - 100) // 30 if samples >= 100 else 0)


@pytest.mark.parametrize("length", [100, 101])
def test_spectra_are_invertible_and_as_loud_as_a_usual_stft(audio, tmp_path, length):
    examples = make(audio, tmp_path, length=length)
    mixture, sources = examples.spectra(Rectangle(1, 2, 2, 6))
    assert mixture.shape == (1, 2, length // 2 + 1, 1)
    expected = examples.cut(Rectangle(1, 2, 2, 6))
    for found, right in zip(examples.encode(mixture, sources), expected, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-5)
    assert 10 < np.abs(mixture).mean() < 30  # a Hann window of 4096 samples: 20 for such noise


def test_a_remix_is_a_song_with_a_level_of_its_own(audio, tmp_path):
    examples = make(audio, tmp_path, measure_level([audio[0]], 2))
    mixture, sources = examples.spectra(Rectangle(1, 2, 0, 4))
    louder = examples.encode(9 * mixture, [9 * source for source in sources])
    assert louder[0].mean(axis=0).std() == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(louder[1], examples.encode(mixture, sources)[1], atol=1e-5)


def test_filtered_chunks_are_those_where_the_target_sounds(audio, tmp_path):
    audio[1:, :, :480] = 0
    rectangles = CHOPPERS["filtered_full"](
        (examples := make(audio, tmp_path, length=120)).extent, ChopParams(scale=4), target=examples.target()
    )
    assert [rectangle.start for rectangle in rectangles] == [16, 20, 24, 28]


def test_the_level_is_measured_once_for_each_item(tmp_path, rng, monkeypatch):
    import soundfile

    from acapella.corpus import cache as module

    front_end = HybridFrontEnd(sample_rate=8000, channels=1, normalizer="standard")
    files = {part: tmp_path / f"song_{part}.wav" for part in ("all", "vocal")}
    noise = rng.uniform(-1, 1, (2000, 2)) * [0.5, 0.1]
    for path in files.values():
        soundfile.write(path, noise, 8000, subtype="FLOAT")
    cache, track = Cache(tmp_path / "cache", front_end), Track("song", files)
    first = ChunkExamples.open(track, cache, 1, ["vocal"], length=100, hop=10)
    monkeypatch.setattr(module, "measure_song_level", lambda *_: pytest.fail("measured again"))
    again = ChunkExamples.open(track, cache, 1, ["vocal"], length=100, hop=10)
    assert [examples.name for examples in first] == ["song (1)", "song (2)"]
    for channel, (one, other) in enumerate(zip(first, again, strict=True)):
        mixture, target = one.cut(Rectangle(1, 2, 5, 15))
        expected = (noise[50:150, channel] - noise[:, channel].mean()) / noise[:, channel].std()
        np.testing.assert_allclose(mixture[0], expected, atol=1e-4)
        np.testing.assert_array_equal(mixture, target)
        np.testing.assert_array_equal(other.cut(Rectangle(1, 2, 5, 15))[0], mixture)
