"""`acapella evaluate` as a user sees it."""

import inspect
import json
import sys

import numpy as np
import pytest
import soundfile
from tests.evaluation.corpora import RATE, write_track
from tests.onnx_models import FOUR, SHARES, write_four_source_model, write_gain_model

from acapella import cli
from acapella.cli.evaluate import evaluate
from acapella.evaluation import GROUPS

FILES = ["scores.csv", "scores.json", "scores.png"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a model that gives half and a corpus of two tracks."""
    monkeypatch.chdir(tmp_path)
    write_gain_model(tmp_path / "half.onnx", representation="ri", sample_rate=RATE)
    write_track(tmp_path / "corpus/test", "a")
    write_track(tmp_path / "corpus", "b [live]", channels=2)
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main(["evaluate", "--model", "half.onnx", *words])
    return stop.value.code or 0


def written(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_tables_go_to_standard_output_and_progress_to_standard_error(folder, capsys):
    assert run("--data", "corpus", "--metrics", "usdr,nsdr") == 0
    printed = capsys.readouterr()
    for word in ("b [live]", "test/a", "GNSDR", "vocals: mixture", "2 tracks, 4 s"):
        assert word in printed.out
    progress = printed.err.splitlines()
    assert progress.pop(0).startswith("Model: half.onnx (SHA-256 ")
    assert progress[0].startswith("1/2 b [live] (")
    assert progress[1].startswith("2/2 test/a (")
    assert progress[2].startswith("Written: evaluation")
    assert written(folder / "evaluation") == FILES


def test_what_was_scored_is_recorded(folder):
    assert run("--data", "corpus", "--metrics", "usdr", "-o", "new/scores") == 0
    record = json.loads((folder / "new/scores/scores.json").read_text(encoding="utf-8"))
    assert record["data"] == "corpus"
    assert record["model"]["name"] == "half.onnx"
    assert len(record["model"]["sha256"]) == 64
    assert record["units"] == {"uSDR": "dB"}


def test_data_comes_from_the_environment(folder, monkeypatch, capsys):
    monkeypatch.setenv("DATA", "corpus")
    assert run("--metrics", "usdr,si_sdr", "--tracks", "test/,nothing") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("1 track, 2 s ")
    assert "STOI" not in printed.out
    assert "\n1/1 test/a (" in printed.err


def test_a_track_that_fails_is_named_and_the_others_are_scored(folder, capsys):
    (folder / "corpus/test/a_vocal.wav").write_text("no audio")
    assert run("--data", "corpus", "--metrics", "usdr") == 1
    printed = capsys.readouterr()
    assert "Error: corpus/test/a_vocal.wav: cannot be decoded" in printed.err
    assert "1 of 2 tracks scored." in printed.err
    assert "1 track, 2 s" in printed.out
    record = json.loads((folder / "evaluation/scores.json").read_text(encoding="utf-8"))
    assert list(record["failed"]) == ["test/a"]


def test_where_all_tracks_fail_nothing_is_written(folder, capsys):
    (folder / "corpus/test/a_vocal.wav").write_text("no audio")
    assert run("--data", "corpus", "--metrics", "usdr", "--tracks", "test/") == 1
    assert capsys.readouterr().out == ""
    assert written(folder / "evaluation") == []


def test_silent_stems_are_counted(folder, capsys):
    write_track(folder / "corpus", "c", vocal=np.zeros((2 * RATE, 1)))
    assert run("--data", "corpus", "--metrics", "usdr,stoi") == 0
    printed = capsys.readouterr().out
    assert "Silent reference: the vocals of 1 track." in printed
    assert "of 3 tracks: vocals uSDR in 1, vocals STOI in 1." in printed


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--data", "nowhere"], 1, "DATA='nowhere' is not a folder"),
        (["--data", "corpus", "--metrics", "sdr"], 2, "--metrics='sdr' is not one of: museval, usdr,"),
        (["--data", "corpus", "--tracks", "x,y"], 1, "No track of corpus has x or y in its name"),
        (["--data", "corpus", "--model", "none"], 2, "There is no model none"),
        (["--data", "corpus", "-o", "half.onnx"], 2, "-o half.onnx is a file; name a folder."),
    ],
)
def test_what_is_wrong_is_said_before_any_work(folder, words, code, message, capsys):
    assert run(*words) == code
    printed = capsys.readouterr()
    assert message in printed.err
    assert "1/2" not in printed.err
    assert not (folder / "evaluation").exists()


def test_matplotlib_may_be_absent(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert run("--data", "corpus") == 2
    assert "pip install '.[analysis]'" in capsys.readouterr().err


def test_all_metrics_are_the_default():
    assert inspect.signature(evaluate).parameters["metrics"].default == ",".join(GROUPS)


def test_help_has_examples_and_all_metrics(capsys):
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--help"])
    printed = capsys.readouterr().out
    assert "Examples" in printed
    assert all(f"    {name} " in printed for name in GROUPS)


def test_four_sources_are_scored_where_the_corpus_has_them(tmp_path, monkeypatch, capsys):
    """One track has all four, one only vocals and instrumental; the model gives fixed shares of the mixture."""
    monkeypatch.chdir(tmp_path)
    write_four_source_model(tmp_path / "four.onnx")
    rng = np.random.default_rng(0)
    shares = dict(zip(FOUR, SHARES, strict=True))
    mixture = rng.normal(0, 0.1, (44_100, 2))
    stems = {name: share * mixture for name, share in shares.items()}
    (tmp_path / "corpus").mkdir()
    for name, parts in {"four": stems, "two": {"vocal": stems["vocal"], "instrumental": 0.6 * mixture}}.items():
        for part, audio in {"all": mixture, **parts}.items():
            soundfile.write(tmp_path / f"corpus/{name}_{part}.wav", audio, 44_100, subtype="FLOAT")
    with pytest.raises(SystemExit) as stop:
        cli.main(["evaluate", "--model", "four.onnx", "--data", "corpus", "--metrics", "usdr"])
    assert not stop.value.code
    record = json.loads((tmp_path / "evaluation/scores.json").read_text(encoding="utf-8"))
    four, two = record["tracks"]
    assert sorted(four["scores"]) == sorted(FOUR)
    assert sorted(two["scores"]) == ["instrumental", "vocal"]
    scores = [scores["uSDR"] for track in (four, two) for scores in track["scores"].values()]
    assert min(scores) > 60
    assert set(record["summary"]["scores"]) == {*FOUR, "instrumental"}
    assert record["summary"]["scored"] == {"drums": 1, "bass": 1, "other": 1, "vocal": 2, "instrumental": 1}
    assert "Not defined" not in capsys.readouterr().out
