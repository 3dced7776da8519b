import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from tests.made import tone, write_cached

from acapella.audio_files.channels import to_network_channels
from acapella.corpus.cache import Cache
from acapella.corpus.examples import TrackExamples
from acapella.corpus.tracks import find_tracks
from acapella.dsp.choppers import Rectangle
from acapella.errors import AudioFileError, CorpusError
from acapella.models.front_ends import SpectralFrontEnd


def read_all(parts):
    return [part.read(0, part.samples) for part in parts]


@pytest.fixture
def track(tmp_path):
    vocal, instrumental = tone(440, 1, 44100, 2), tone(1000, 1, 44100, 2)
    for part, audio in (("all", vocal + instrumental), ("vocal", vocal), ("instrumental", instrumental)):
        soundfile.write(tmp_path / f"song_{part}.wav", audio, 44100, subtype="FLOAT")
    return find_tracks(tmp_path)[0][0]


def test_audio_comes_at_the_networks_rate(track, tmp_path):
    for channels in (1, 2):
        front_end = SpectralFrontEnd(sample_rate=16000, channels=channels)
        mixture, target = read_all(Cache(tmp_path / "cache", front_end).mixture_and_stems(track, ["vocal"]))
        assert mixture.shape == target.shape == (2, 16000)
        np.testing.assert_allclose(target[0], tone(440, 1, 16000)[:, 0], atol=1e-3)
        np.testing.assert_allclose(mixture - target, np.tile(tone(1000, 1, 16000).T, (2, 1)), atol=1e-3)


def test_any_stem_may_be_a_source(track, tmp_path):
    front_end = SpectralFrontEnd(sample_rate=16000)
    _, source = read_all(Cache(tmp_path / "cache", front_end).mixture_and_stems(track, ["instrumental"]))
    np.testing.assert_allclose(source[0], tone(1000, 1, 16000)[:, 0], atol=1e-3)


@pytest.mark.parametrize(
    ("channels", "network_channels", "items"), [(1, 1, 1), (2, 1, 2), (1, 2, 1), (2, 2, 1), (3, 2, 2)]
)
def test_a_network_is_trained_on_the_items_that_isolation_gives_it(tmp_path, rng, channels, network_channels, items):
    """A mono network once learnt from the mean of both channels, and took songs apart channel by channel."""
    audio = rng.uniform(-0.5, 0.5, (4000, channels))
    for part in ("all", "vocal", "instrumental"):
        soundfile.write(tmp_path / f"song_{part}.wav", audio, 8000, subtype="FLOAT")
    front_end = SpectralFrontEnd(sample_rate=8000, channels=network_channels, window_length=64, representation="ri")
    (track,), _ = find_tracks(tmp_path)
    examples = TrackExamples.open(track, Cache(tmp_path / "cache", front_end), front_end, ["vocal"])
    assert len(examples) == items
    rows = to_network_channels(audio.astype(np.float32), network_channels)
    spectra = front_end.by_item(front_end.stft.forward(rows))
    for example, spectrum in zip(examples, spectra, strict=True):
        mixture, target = example.cut(Rectangle(0, 33, 0, 200))
        np.testing.assert_allclose(mixture, front_end.encode(spectrum[..., :200]), atol=1e-4)
        np.testing.assert_allclose(target, mixture, atol=1e-4)


def test_audio_is_decoded_once_and_again_when_the_source_changes(track, tmp_path):
    cache = Cache(tmp_path / "cache", SpectralFrontEnd())
    cache.mixture_and_stems(track, ["vocal"])
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.f32")}
    cache.mixture_and_stems(track, ["vocal"])
    assert {path: path.stat().st_mtime_ns for path in written} == written
    soundfile.write(track.files["vocal"], tone(200, 1, 44100), 44100, subtype="FLOAT")
    os.utime(track.files["vocal"], ns=(1, 1))
    np.testing.assert_allclose(
        read_all(cache.mixture_and_stems(track, ["vocal"]))[1][0], tone(200, 1, 22050)[:, 0], atol=1e-3
    )


def test_the_normalization_is_remembered_until_the_source_changes(track, tmp_path, monkeypatch):
    front_end = SpectralFrontEnd(representation="ri", normalizer="percentile")
    first = Cache(tmp_path / "cache", front_end).normalization(track)
    with monkeypatch.context() as patch:
        patch.setattr(SpectralFrontEnd, "measure", lambda *_: pytest.fail("measured again"))
        again = Cache(tmp_path / "cache", front_end).normalization(track)
    np.testing.assert_array_equal(again.scale, first.scale)
    assert first.scale.shape == (2, 2, 1, 1)
    soundfile.write(track.files["all"], 0.5 * tone(440, 1, 44100), 44100, subtype="FLOAT")
    assert (Cache(tmp_path / "cache", front_end).normalization(track).scale < first.scale).all()


def test_parts_of_different_lengths_are_an_error(track, tmp_path):
    soundfile.write(track.files["vocal"], tone(440, 0.7, 44100), 44100)
    with pytest.raises(CorpusError, match=r"song: the mixture lasts 1.0 s, its vocal 0.7 s"):
        Cache(tmp_path / "cache", SpectralFrontEnd()).mixture_and_stems(track, ["vocal"])


def test_a_sample_more_or_less_is_cut(track, tmp_path):
    soundfile.write(track.files["vocal"], tone(440, 1, 44100)[:-50], 44100)
    mixture, target = Cache(tmp_path / "cache", SpectralFrontEnd()).mixture_and_stems(track, ["vocal"])
    assert mixture.samples == target.samples


def test_audio_is_read_by_offset(tmp_path, rng):
    signal = rng.uniform(-1, 1, (2, 400_000)).astype(np.float32)
    audio = write_cached(tmp_path / "audio", signal)
    np.testing.assert_array_equal(audio.read(100, 250), signal[:, 100:250])
    np.testing.assert_array_equal(np.concatenate(list(audio.pieces()), axis=1), signal)
    np.testing.assert_array_equal(read_all([replace(audio, samples=10)])[0], signal[:, :10])


def test_a_corrupt_file_is_one_sentence_and_leaves_no_audio(track, tmp_path):
    track.files["all"].write_bytes(b"no audio")
    with pytest.raises(AudioFileError, match=r"song_all\.wav"):
        Cache(tmp_path / "cache", SpectralFrontEnd()).mixture_and_stems(track, ["vocal"])
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
