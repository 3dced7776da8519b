"""`python3 grid_search.py` and `acapella search` with real, tiny trainings."""

import os
import signal
import subprocess
import sys

import pytest
from tests.end_to_end.test_training import ROOT, TINY, command
from tests.made import write_corpus

DOOR = str(ROOT / "grid_search.py")


@pytest.fixture
def variables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    write_corpus(tmp_path / "corpus", tracks=2, seconds=0.5)
    (tmp_path / "grid-search-configs").mkdir()
    (tmp_path / "grid-search-configs/my.yml").write_text("optimizer: [adam, rmsprop]\n")
    return {"DATA": "corpus", "EPOCHS": "1", "EPOCH_STEPS": "4", "CHECKPOINTS": ""}


@pytest.mark.slow
def test_a_grid_search_leaves_table_picture_and_weights(variables, tmp_path):
    first = command(DOOR, "my.yml", **variables)
    assert first.returncode == 0, first.stderr
    assert "1/2: optimizer=adam\n" in first.stderr
    assert "2/2: optimizer=rmsprop\n" in first.stderr
    table = (tmp_path / "logs/result.md").read_text()
    assert sorted(line.split(" | ")[:2] for line in table.splitlines()[2:]) == [["| 1", "adam"], ["| 2", "rmsprop"]]
    assert (tmp_path / "logs/benchmark-loss.png").is_file()
    for run in ("1_adam", "2_rmsprop"):
        assert (tmp_path / "logs" / run / "weights/weights.onnx").is_file()
    again = command(DOOR, "my.yml", **variables)
    assert again.returncode == 0, again.stderr
    assert "Run folder" not in again.stderr
    assert "Best: " in again.stderr
    assert (tmp_path / "logs/result.md").read_text() == table


@pytest.mark.slow
def test_ctrl_c_and_on(variables, tmp_path):
    words = [sys.executable, "-u", "-m", "acapella", "search", "my", "--data", "corpus"]
    environment = {**os.environ, **TINY, **variables, "EPOCHS": "1000"}
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as searching:
        assert searching.stderr
        next(line for line in searching.stderr if line.startswith("epoch 1/1000"))
        searching.send_signal(signal.SIGINT)
        rest = searching.stderr.read()
    assert searching.returncode == 130, rest
    assert rest.endswith("The same command goes on from here.\nInterrupted.\n")
    assert "Traceback" not in rest
    other = command("-m", "acapella", "search", "my", "--data", "corpus", **variables)
    assert other.returncode == 2
    assert "was begun with EPOCHS='1000', not '1'; to begin another one, set LOG_BASE" in other.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["none.yml"], 1, "There is no grid 'none.yml'; grid-search-configs holds: batch, choppers, grid_search,"),
        (["my", "--data", "nowhere"], 1, "DATA='nowhere' is not a folder"),
        (["my", "--sampler", "tpe"], 2, "--trials N goes with --sampler tpe or random"),
        (["my", "--trials", "3"], 2, "--trials N goes with"),
        (["my", "--data", "corpus", "--sampler", "grd", "--trials", "3"], 2, "--sampler='grd' is not one of"),
    ],
)
@pytest.mark.slow
def test_wrong_usage_is_one_sentence(variables, tmp_path, words, code, sentence):
    run = command("-m", "acapella", "search", *words)
    assert run.returncode == code
    assert run.stderr.startswith(f"Error: {sentence}")
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "logs").exists()
