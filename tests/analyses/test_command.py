"""`acapella analyse` and the original's `analysis.py`, as a user has them."""

import sys

import h5py
import numpy as np
import pytest
import soundfile
from tests.onnx_models import write_gain_model

from acapella import cli
from acapella.cli.original import analysis
from acapella.models.model_file import ModelIdentity
from acapella.settings import Settings

RATE = 8000
TINY = {"FFT": "128", "SAMPLE_RATE": str(RATE), "DATA": "corpus", "ANALYSIS_PATH": "results"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a corpus of three tracks, a tiny front_end and models that give half of the mixture."""
    monkeypatch.chdir(tmp_path)
    for name, value in TINY.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "corpus").mkdir()
    rng = np.random.default_rng(0)
    for track in range(3):
        stem = rng.uniform(-0.4, 0.4, (RATE, 1))
        for part, audio in {"all": 2 * stem, "vocal": stem, "instrumental": stem}.items():
            soundfile.write(tmp_path / f"corpus/track{track}_{part}.wav", audio, RATE, subtype="FLOAT")
    for representation in ("lps", "ri"):
        write_gain_model(
            tmp_path / f"{representation}.onnx", sample_rate=RATE, window_length=128, representation=representation
        )
    return tmp_path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    return stop.value.code or 0


def original(monkeypatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["analysis.py", *words])
    with pytest.raises(SystemExit) as stop:
        analysis()
    return stop.value.code or 0


SOURCES = {
    "percentile": ["instrumental", "mixture", "vocal"],
    "distribution": ["instrumental", "mixture", "vocal"],
    "mse": ["tracks"],
    "volume": ["track0_all"],
    "stoi": ["track0_all"],
}
FILES = {"volume": ["corpus/track0_all.wav", "--points", "3"], "stoi": ["corpus/track0_all.wav"]}


@pytest.mark.parametrize("representation", ["lps", "ri"])
@pytest.mark.parametrize("name", SOURCES)
def test_each_prints_a_table_and_saves_numbers_and_pictures(folder, monkeypatch, capsys, name, representation):
    monkeypatch.setenv("REPRESENTATION", representation)
    model = [] if name in ("percentile", "distribution") else ["--model", f"{representation}.onnx"]
    assert run("analyse", name, *FILES.get(name, []), "-s", *model) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) >= 2
    assert "nan" not in printed.out
    of_model = f"_{ModelIdentity.of(folder / model[1]).label}" if model else ""
    sources = [f"{name}_{source}{of_model}_{representation}" for source in SOURCES[name]]
    assert sorted(path.name for path in (folder / "results").iterdir()) == sorted(
        source + ending for source in sources for ending in (".h5", ".png")
    )


def test_two_models_do_not_overwrite_each_other_and_are_named(folder, capsys):
    write_gain_model(folder / "other.onnx", 0.25, sample_rate=RATE, window_length=128)
    found = set()
    for model in ("lps.onnx", "other.onnx"):
        assert run("analyse", "volume", "corpus/track0_all.wav", "--points", "2", "-s", "--model", model) == 0
        (new,) = set((folder / "results").glob("volume_*.h5")) - found
        found.add(new)
        digest = ModelIdentity.of(folder / model).sha256
        assert f"Model: {model} (SHA-256 {digest[:12]}…)" in capsys.readouterr().err
        with h5py.File(new) as file:
            assert file.attrs["model"] == model
            assert file.attrs["model_sha256"] == digest


def test_weights_that_are_not_there_are_an_error(folder, monkeypatch, capsys):
    monkeypatch.setenv("WEIGHTS", "mistyped.h5")
    assert run("analyse", "mse") == 1
    assert capsys.readouterr().err.startswith("Error: There is no file WEIGHTS='mistyped.h5'")


def test_without_save_nothing_is_written(folder, capsys):
    assert run("analyse", "percentile") == 0
    assert not (folder / "results").exists()
    assert capsys.readouterr().err == ""


def test_half_of_the_mixture_is_the_vocals_here(folder, capsys):
    assert run("analyse", "mse", "--model", "ri.onnx", "-s") == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == "mean"
    (found,) = (folder / "results").glob("mse_tracks_*_ri.h5")
    with h5py.File(found) as file:
        assert file["mean"][()] < 1e-10
        assert file["set"].asstr()[:].tolist() == ["validation"]
        assert 'FFT="128"' in file.attrs["settings"]


def test_test_tracks_are_measured_too(folder, monkeypatch, capsys):
    monkeypatch.setenv("TEST_TRACKS", "track0")
    assert run("analyse", "mse", "--model", "lps.onnx") == 0
    lines = [line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert lines == [["validation", "track2"], ["test", "track0"]]


def test_the_originals_spelling(folder, monkeypatch, capsys):
    monkeypatch.setenv("LEARN_PHASE", "False")
    vocal, instrumental = "corpus/track0_vocal.wav", "corpus/track0_instrumental.wav"
    assert original(monkeypatch, "-a", "stoi", "-s", vocal, instrumental) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-1] == "1.0000"
    assert (folder / "results/stoi_track0_vocal_track0_instrumental_lps.png").is_file()
    assert original(monkeypatch, "--analyse", "mse", vocal, "--save", "corpus/track0_all.wav") == 0
    error = float(capsys.readouterr().out.split()[-1])
    assert error == pytest.approx(np.mean(soundfile.read(vocal)[0] ** 2), rel=1e-4)
    assert original(monkeypatch, "-s", "-a", "distribution") == 0
    assert (folder / "results/distribution_vocal_lps.h5").is_file()


def test_files_of_different_rates_and_lengths_compare(folder, capsys):
    time = np.arange(44100) / 44100
    soundfile.write("a.wav", 0.5 * np.sin(2 * np.pi * 440 * time), 44100, subtype="FLOAT")
    soundfile.write("b.wav", np.zeros((RATE * 2, 2)), RATE, subtype="FLOAT")
    assert run("analyse", "mse", "a.wav", "b.wav") == 0
    assert float(capsys.readouterr().out.split()[-1]) == pytest.approx(0.125, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["loudness"], 2, "loudness is no analysis: choose one of stoi, percentile, mse, volume, distribution."),
        (["stoi"], 2, "stoi takes MIX [CLEAN]; none given."),
        (["mse", "a.wav"], 2, "mse takes PROCESSED CLEAN, or no arguments; 1 given."),
        (["percentile", "a.wav"], 2, "percentile takes no arguments; 1 given."),
        (["percentile", "--model", "ri.onnx"], 2, "needs no network: leave --model out."),
        (["stoi", "a.wav", "--points", "3"], 2, "--points belongs to volume, not to stoi: leave it out."),
        (["volume", "a.wav", "--points", "1"], 2, "--points 1 are too few: 2 at least."),
        (["volume", "a.wav"], 1, "a.wav needs its vocal stem beside it: there is no a_vocal.wav."),
        (["mse", "a.wav", "nowhere.wav"], 1, "nowhere.wav"),
        (["percentile", "--data", "nowhere"], 1, "DATA='nowhere' is not a folder"),
        (["distribution", "--data", "results"], 1, "holds no track with NAME_all"),
        (["volume", "silent.wav", "--model", "ri.onnx"], 1, "silent_vocal.wav is silent"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(folder, capsys, words, code, sentence):
    soundfile.write("a.wav", np.ones(RATE) * 0.1, RATE)
    for part in ("", "_vocal", "_instrumental"):
        soundfile.write(f"silent{part}.wav", np.zeros(RATE), RATE)
    (folder / "results").mkdir()
    assert run("analyse", *words) == code
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""


def test_one_track_is_too_few_to_measure_predictions(folder, capsys):
    for path in [*folder.glob("corpus/track1*"), *folder.glob("corpus/track2*")]:
        path.unlink()
    assert run("analyse", "mse", "--model", "ri.onnx") == 1
    assert "corpus holds one track, which is to train on: add more." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["percentile", "-s"], "matplotlib.figure"),
        (["percentile", "-s"], "h5py"),
        (["stoi", "corpus/track0_all.wav"], "pystoi"),
    ],
)
def test_what_is_not_installed_is_named_before_the_work(folder, monkeypatch, capsys, words, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert run("analyse", *words) == 2
    printed = capsys.readouterr()
    assert "pip install '.[analysis]'" in printed.err
    assert printed.out == ""


def test_help_has_examples(capsys):
    assert run("analyse", "--help") == 0
    assert "acapella analyse stoi" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("representation", ["lps", "ri"])
def test_weights_give_what_their_model_file_gives(folder, monkeypatch, capsys, representation):
    from acapella.conversion.export import export_weights
    from acapella.conversion.keras_weights import save_keras_weights
    from acapella.training.loop import start_model

    monkeypatch.setenv("REPRESENTATION", representation)
    monkeypatch.setenv("WEIGHTS", "mine.h5")
    settings = Settings()
    save_keras_weights(start_model(settings).network, folder / "mine.h5")
    assert run("analyse", "mse") == 0
    assert run("analyse", "volume", "corpus/track0_all.wav", "--points", "2") == 0
    from_weights = capsys.readouterr().out.split()
    export_weights([folder / "mine.h5"], settings, folder / "mine.onnx", licence="", record=None)
    assert run("analyse", "mse", "--model", "mine.onnx") == 0
    assert run("analyse", "volume", "corpus/track0_all.wav", "--points", "2", "--model", "mine.onnx") == 0
    from_model = capsys.readouterr().out.split()
    assert len(from_model) == len(from_weights)
    for one, other in zip(from_weights, from_model, strict=True):
        assert one == other or float(one) == pytest.approx(float(other), rel=1e-3)
