import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella.analyses.songs import cut_to_shortest, neighbour, read_mono
from acapella.errors import InputError


@pytest.mark.parametrize("mix", ["song.wav", "song_all.wav", "song.mp3"])
def test_stems_lie_beside_the_mix(tmp_path, mix):
    (tmp_path / "song_vocal.wav").touch()
    assert neighbour(tmp_path / mix, "vocal") == tmp_path / "song_vocal.wav"


def test_the_mixs_own_format_is_preferred(tmp_path):
    for extension in (".wav", ".flac"):
        (tmp_path / f"song_vocal{extension}").touch()
    assert neighbour(tmp_path / "song.flac", "vocal").suffix == ".flac"


def test_a_missing_stem_is_named(tmp_path):
    with pytest.raises(InputError, match=r"its instrumental stem beside it: there is no .*song_instrumental\.wav"):
        neighbour(tmp_path / "song_all.wav", "instrumental")


def test_files_are_read_as_one_channel_at_the_rate_wanted(tmp_path):
    song = tone(440, 0.5, 44100)
    soundfile.write(tmp_path / "song.wav", np.concatenate([song, 0 * song], axis=1), 44100, subtype="FLOAT")
    audio, rate = read_mono(tmp_path / "song.wav")
    assert rate == 44100
    np.testing.assert_allclose(audio, song[:, 0] / 2, atol=1e-6)
    audio, rate = read_mono(tmp_path / "song.wav", 22050)
    assert rate == 22050
    np.testing.assert_allclose(audio, tone(440, 0.5, 22050)[: len(audio), 0] / 2, atol=1e-3)


def test_signals_are_cut_to_the_shortest():
    assert [len(signal) for signal in cut_to_shortest(np.zeros(5), np.zeros(3))] == [3, 3]
