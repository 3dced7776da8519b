"""A second model on the vocals of the first."""

import numpy as np
import pytest
from tests.isolation.fakes import Gain, model_of
from tests.onnx_models import FOUR, write_four_source_model, write_gain_model, write_wave_model

from acapella import Isolator
from acapella.errors import InputError, UsageError
from acapella.isolation import spool
from acapella.isolation.chain import Chain
from acapella.isolation.single_model import SingleModel
from acapella.models.front_ends import WaveformFrontEnd

RATE = 8000
VOICES = {"sources": ("lead",), "residual": "backing"}


@pytest.fixture
def song(rng):
    return rng.uniform(-0.5, 0.5, (20_001, 2)).astype(np.float32)


@pytest.fixture
def half(tmp_path):
    """Half of the song is its vocal."""
    return write_gain_model(tmp_path / "half.onnx", 0.5, representation="ri", sample_rate=RATE)


def test_the_second_one_works_on_the_vocals_and_all_stems_sum(tmp_path, half, song):
    isolator = Isolator.load(half, then=write_wave_model(tmp_path / "voices.onnx", 0.3, **VOICES))
    assert isolator.stems == isolator.summing_stems == ("lead", "backing", "instrumental")
    stems = isolator.isolate(song, RATE)
    assert list(stems) == ["lead", "backing", "instrumental"]
    for stem, share in {"lead": 0.15, "backing": 0.35, "instrumental": 0.5}.items():
        np.testing.assert_allclose(stems[stem], share * song, atol=1e-5)
    np.testing.assert_allclose(sum(stems.values()), song, atol=1e-6)


@pytest.mark.parametrize("stems", [["backing"], ["instrumental"], ["instrumental", "lead"]])
def test_some_of_the_stems(tmp_path, half, song, stems):
    isolator = Isolator.load(half, then=write_wave_model(tmp_path / "voices.onnx", 0.3, **VOICES))
    every, some = isolator.isolate(song, RATE), isolator.isolate(song, RATE, stems)
    assert set(some) == set(stems)
    for stem in stems:
        np.testing.assert_array_equal(some[stem], every[stem])


def test_a_karaoke_model_gives_lead_and_backing(tmp_path, half, song):
    """It says vocal and instrumental, as if it were given a song."""
    stems = Isolator.load(half, then=write_wave_model(tmp_path / "karaoke.onnx", 0.3)).isolate(song, RATE)
    assert list(stems) == ["lead", "backing", "instrumental"]
    np.testing.assert_allclose(stems["lead"], 0.15 * song, atol=1e-5)


def test_the_other_sources_stay(tmp_path, rng):
    four = write_four_source_model(tmp_path / "four.onnx")
    isolator = Isolator.load(four, then=write_wave_model(tmp_path / "voices.onnx", 0.25, **VOICES))
    assert isolator.stems == ("lead", "backing", "drums", "bass", "other", "instrumental")
    assert isolator.choose_stems() == ("lead", "backing", "instrumental")
    assert isolator.summing_stems == ("lead", "backing", "drums", "bass", "other")
    time = np.arange(44_100) / 44_100
    tone = (0.3 * np.sin(2 * np.pi * 440 * time) * np.hanning(len(time)))[:, None].repeat(3, axis=1).astype(np.float32)
    stems = isolator.isolate(tone, 44_100, ["all"])
    np.testing.assert_allclose(stems["lead"], 0.1 * tone, atol=1e-3)
    np.testing.assert_allclose(sum(stems[stem] for stem in isolator.summing_stems), tone, atol=1e-4)


def test_the_first_one_runs_once_though_the_second_takes_several_passes(tmp_path, song):
    runtime = Gain(0.5)
    first = SingleModel(model_of(runtime, representation="ri", sample_rate=RATE))
    list_of_runs = []
    for options in ({}, {"front_end": WaveformFrontEnd(sample_rate=RATE, normalizer="standard")}):
        runtime.shapes.clear()
        path = write_wave_model(tmp_path / "voices.onnx", 0.3, **VOICES, **options)
        second = Isolator.load(path, shifts=3)._system
        stems = Isolator(Chain(first, second)).isolate(song, RATE)
        np.testing.assert_allclose(stems["lead"], 0.15 * song, atol=1e-3)
        list_of_runs.append(list(runtime.shapes))
    assert list_of_runs[0] == list_of_runs[1]
    assert sum(shape[-1] for shape in list_of_runs[0]) < 4 * len(song) / 384, "one pass over two channels"


def test_models_that_make_no_chain(tmp_path, half):
    drums = write_wave_model(tmp_path / "drums.onnx", sources=("drums",), residual="rest")
    with pytest.raises(UsageError, match="then needs a first model with vocals, not drums, rest"):
        Isolator.load(drums, then=half)
    four = write_four_source_model(tmp_path / "four.onnx")
    with pytest.raises(UsageError, match=f"then: both models have a stem {', '.join(FOUR[:3])}"):
        Isolator.load(four, then=four)


def test_a_sign_of_life_comes_while_the_first_one_works(half, song):
    """So that a job can be cancelled, and its files are closed."""
    stream = Isolator.load(half, then=half).stream(lambda: iter([song] * 9), RATE, 2)
    first = next(stream)
    assert set(first) == {"lead", "backing", "instrumental"}
    assert {audio.shape for audio in first.values()} == {(0, 2)}
    stream.close()


def test_a_full_disk_is_named(half, song, monkeypatch):
    class Full(spool.Spool):
        def __enter__(self):
            opened = super().__enter__()
            self._file = open("/dev/full", "wb", buffering=0)  # noqa: PTH123
            self._files.enter_context(self._file)
            return opened

    monkeypatch.setattr("acapella.isolation.chain.Spool", Full)
    with pytest.raises(InputError, match=r"temporary files cannot be written \(No space left on device\); .* TMPDIR"):
        Isolator.load(half, then=half).isolate(song, RATE)
