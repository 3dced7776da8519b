"""The mixture, written while a song is separated; and the longest song."""

import numpy as np
import pytest
import soundfile
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella import Isolator
from acapella.errors import AudioFileError
from acapella.isolation.options import MIXTURE, WriteOptions
from acapella.isolation.tap import Tap


def test_each_sample_is_written_once_however_often_the_audio_begins():
    audio, written = np.arange(10.0)[:, None], []
    tap = Tap(lambda: iter([audio[:3], audio[3:7], audio[7:]]), written.append)
    first, second = tap(), tap()
    for passes in (first, second, second, first, first, second):
        next(passes)
    np.testing.assert_array_equal(np.concatenate(written), audio)
    np.testing.assert_array_equal(np.concatenate(list(tap())), audio)
    np.testing.assert_array_equal(np.concatenate(written), audio)


def test_the_mixture_is_the_song(tmp_path):
    song = write_song(tmp_path / "song.wav", 0.7)
    isolator = Isolator.load(write_gain_model(tmp_path / "half.onnx", representation="ri"))
    outputs = {part: tmp_path / f"out/{part}.wav" for part in (MIXTURE, "vocal", "instrumental")}
    isolator.write_stems(tmp_path / "song.wav", outputs)
    parts = {part: soundfile.read(path, dtype="float32")[0] for part, path in outputs.items()}
    np.testing.assert_array_equal(parts[MIXTURE], song)
    np.testing.assert_allclose(parts["vocal"] + parts["instrumental"], song, atol=2 / 2**15)


@pytest.mark.parametrize("format", ["WAV", "OGG"])
def test_a_song_that_is_too_long_is_refused(tmp_path, format):
    path = tmp_path / "song"
    soundfile.write(path, np.zeros((30000, 1)), 10000, format=format)
    isolator = Isolator.load(write_gain_model(tmp_path / "half.onnx", representation="ri"))
    with pytest.raises(AudioFileError, match=r"longer than 0.03\d* minutes"):
        isolator.write_stems(path, {"vocal": tmp_path / "vocal.wav"}, WriteOptions(longest=2))
    isolator.write_stems(path, {"vocal": tmp_path / "vocal.wav"}, WriteOptions(longest=3))
