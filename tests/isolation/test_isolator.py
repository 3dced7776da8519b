import numpy as np
import pytest
import soundfile
from tests.isolation.fakes import Gain, model_of
from tests.made import tone, write_song
from tests.onnx_models import write_gain_model

from acapella import Isolator
from acapella.errors import AudioFileError, ModelFileError, UsageError
from acapella.models.description import DEFAULT_STEMS


@pytest.fixture
def isolator() -> Isolator:
    return Isolator(model_of(Gain(0.5)))


@pytest.mark.parametrize("shape", [(9000,), (9000, 1), (9000, 2), (9000, 6)])
def test_arrays_keep_their_shape_and_sum(isolator, shape, rng):
    audio = rng.uniform(-1, 1, shape)
    stems = isolator.isolate(audio, 44100)
    assert set(stems) == {"vocal", "instrumental"}
    for stem in stems.values():
        assert stem.shape == shape
        assert stem.dtype == np.float32
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], audio, atol=1e-6)


@pytest.mark.parametrize("shape", [(0,), (0, 2), (2, 3, 4), ()])
def test_arrays_of_other_shapes_are_refused(isolator, shape):
    with pytest.raises(UsageError, match="audio must be"):
        isolator.isolate(np.zeros(shape), 44100)


@pytest.mark.parametrize(
    ("audio", "rate", "message"),
    [
        (np.zeros((2, 3000)), 44100, "transpose"),
        (np.zeros(3000, np.int16), 44100, "not int16"),
        (np.full(3000, np.nan), 44100, "NaN"),
        (np.zeros(3000), 0, "at least 1 Hz"),
    ],
)
def test_arrays_that_cannot_be_audio_are_refused(isolator, audio, rate, message):
    with pytest.raises(UsageError, match=message):
        isolator.isolate(audio, rate)


def test_the_target_may_be_the_instrumental(rng):
    audio = rng.uniform(-1, 1, (9000, 1)).astype(np.float32)
    stems = Isolator(model_of(Gain(1), "instrumental")).isolate(audio, 22050)
    np.testing.assert_allclose(stems["instrumental"], audio, atol=1e-5)
    assert np.abs(stems["vocal"]).max() < 1e-5


@pytest.mark.parametrize("representation", ["lps", "ri"])
@pytest.mark.parametrize("normalizer", ["dummy", "percentile"])
@pytest.mark.parametrize(
    ("seconds", "sample_rate", "channels"),
    [(1, 44100, 1), (1, 48000, 2), (0.5, 44100, 6), (1, 8000, 1), (0.3, 96000, 2), (0.01, 44100, 2), (0.5, 44100, 8)],
)
def test_any_file_keeps_rate_channels_and_length(tmp_path, representation, normalizer, seconds, sample_rate, channels):
    audio = write_song(tmp_path / "song.wav", seconds, sample_rate, channels)
    isolator = Isolator(model_of(Gain(0.5), representation=representation, normalizer=normalizer))
    paths = isolator.isolate_file(tmp_path / "song.wav")
    assert list(paths) == list(DEFAULT_STEMS)
    total = np.zeros_like(audio)
    for path in paths.values():
        stem, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == sample_rate
        assert stem.shape == audio.shape
        assert soundfile.info(path).subtype == "PCM_16"
        total += stem
    np.testing.assert_allclose(total, audio, atol=1.01 / 32768)


def test_an_all_zero_file_gives_zeros(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros((20_000, 2)), 44100)
    for normalizer in ("dummy", "percentile"):
        paths = Isolator(model_of(Gain(), normalizer=normalizer)).isolate_file(tmp_path / "silence.wav")
        assert all(not soundfile.read(path)[0].any() for path in paths.values())


@pytest.mark.parametrize(("subtype", "expected"), [("PCM_24", "PCM_24"), ("FLOAT", "FLOAT"), ("PCM_U8", "PCM_16")])
def test_the_depth_is_the_inputs_where_higher(tmp_path, isolator, subtype, expected):
    soundfile.write(tmp_path / "song.wav", tone(440, 0.2, 44100), 44100, subtype=subtype)
    paths = isolator.isolate_file(tmp_path / "song.wav", tmp_path / "new folder", stems=["vocal"])
    assert [soundfile.info(path).subtype for path in paths.values()] == [expected]


def test_what_clips_is_said(tmp_path):
    loud = np.sign(tone(440, 0.5, 44100)) * 0.99
    soundfile.write(tmp_path / "loud.wav", loud, 44100)
    # minus twice the mixture as vocals leaves three times the mixture
    isolator = Isolator(model_of(Gain(-2), representation="ri"))
    written = isolator.write_stems(tmp_path / "loud.wav", {"instrumental": tmp_path / "out.wav"})
    assert written.samples == 22050
    assert written.clipped["instrumental"] > 1000


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\x00\x00\x00\x00WAVE"])
def test_an_unreadable_file_leaves_nothing_behind(tmp_path, isolator, content):
    (tmp_path / "song.wav").write_bytes(content)
    with pytest.raises(AudioFileError, match=r"song\.wav"):
        isolator.isolate_file(tmp_path / "song.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_progress_reaches_the_end(tmp_path, isolator):
    write_song(tmp_path / "song.wav", 1)
    calls = []
    isolator.isolate_file(tmp_path / "song.wav", progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (44100, 44100)


def test_a_model_file_is_opened_by_path(tmp_path, rng):
    model = write_gain_model(tmp_path / "half.onnx", 0.5, representation="ri")
    isolator = Isolator.load(model)
    assert isolator.description.origin.family == "gain"
    assert isolator.description.origin.licence == "CC0"
    audio = rng.uniform(-1, 1, (9000, 2)).astype(np.float32)
    np.testing.assert_allclose(isolator.isolate(audio, 22050)["vocal"], audio / 2, atol=1e-5)


@pytest.mark.parametrize("name", ["nowhere.onnx", "text.onnx", "foreign.onnx", "future.onnx", "no such name"])
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_what_is_no_model_is_one_sentence(tmp_path, name, runtime):
    if runtime == "openvino":
        pytest.importorskip("openvino")
    import onnx

    write_gain_model(tmp_path / "future.onnx")
    model = onnx.load(tmp_path / "future.onnx")
    onnx.helper.set_model_props(model, {"acapella_format": "99"})
    onnx.save(model, tmp_path / "future.onnx")
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "foreign.onnx")
    (tmp_path / "text.onnx").write_text("text")
    with pytest.raises((ModelFileError, UsageError), match=name):
        Isolator.load(tmp_path / name, runtime=runtime)


def test_weights_are_no_model_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.h5").touch()
    with pytest.raises(ModelFileError, match=r"acapella export mine\.h5"):
        Isolator.load("mine.h5")


def test_an_unknown_phase_is_refused():
    with pytest.raises(UsageError, match="mixture, iterative"):
        Isolator(model_of(Gain()), phase="zero")


def test_iterative_phase_works_on_files(tmp_path):
    write_song(tmp_path / "song.wav", 0.5)
    isolator = Isolator(model_of(Gain(0.5)), phase="iterative", phase_iterations=2)
    paths = isolator.isolate_file(tmp_path / "song.wav")
    assert all(soundfile.info(path).frames == 22050 for path in paths.values())
