"""Train on tones, export, isolate: the way of a song through everything."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.made import clicks, tone, write_corpus

from acapella import Isolator, Settings
from acapella.metrics import si_sdr

ROOT = Path(__file__).parents[2]
CTRL_C = "Ctrl-C"
RATE = 8000
TINY = {
    "FFT": "128",
    "SAMPLE_RATE": str(RATE),
    "BATCH": "4",
    "CHOPPARAMS": "{'scale': 32, 'slices': 8}",
    "EPOCH_STEPS": "16",
    "EPOCHS": "2",
    "MODEL_PARAMS": "{'rate': 0}",
}


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "corpus")
    return tmp_path / "corpus"


def command(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **TINY, **variables}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_training_on_tones_and_clicks_teaches_to_separate_them(corpus):
    learning = {"EPOCH_STEPS": "1000", "EPOCHS": "1", "LEARN_PHASE": "False", "CHECKPOINTS": ""}
    training = command(str(ROOT / "vocal_isolation.py"), DATA=str(corpus), **learning)
    assert training.returncode == 0, training.stderr
    truth = {"vocal": tone(1234, 1, RATE), "instrumental": clicks(1, np.random.default_rng(9))}
    mixture = truth["vocal"] + truth["instrumental"]
    stems = Isolator.load("logs/last/weights/weights.onnx").isolate(mixture, RATE)
    for stem, gain in (("vocal", 6), ("instrumental", 1.5)):  # dB; 13.8 and 2.6 on one machine, others round otherwise
        assert si_sdr(truth[stem], stems[stem]) > si_sdr(truth[stem], mixture) + gain


@pytest.mark.slow
def test_the_originals_commands(corpus, tmp_path):
    training = command(
        str(ROOT / "vocal_isolation.py"),
        DATA=str(corpus),
        CHECKPOINTS="tensorboard,weights,early_stopping,error_visualization",
        TENSORBOARD_INFO="full",
    )
    assert training.returncode == 0, training.stderr
    assert "examples/s" in training.stderr
    run = tmp_path / "logs/last"
    left = {path.relative_to(run).as_posix() for path in run.rglob("*")}
    assert {"env", "network.png", "loss.png", "metrics.json", "best_weights.hdf5", "weights/weights.h5"} <= left
    assert {"weights/weights.onnx", "error_visualization/epoch_002_channel_1.png"} <= left
    assert any(name.startswith("tensorboard/events") for name in left)
    epochs = json.loads((run / "metrics.json").read_text())
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]
    assert {"loss", "val_loss", "mean_pred", "val_max_pred"} <= set(epochs[0])

    song = tmp_path / "song.wav"
    soundfile.write(song, tone(500, 1, 44100, 2), 44100)
    isolation = command(str(ROOT / "vocal_isolation.py"), "song.wav")
    assert isolation.returncode == 0, isolation.stderr
    for name in ("song_vocal.wav", "song_instrumental.wav", "song.png"):
        assert (tmp_path / name).is_file()

    from_model = soundfile.read("song_vocal.wav")[0]
    (run / "weights/weights.onnx").unlink()
    isolation = command(str(ROOT / "vocal_isolation.py"), "song.wav")
    assert isolation.returncode == 0, isolation.stderr
    np.testing.assert_allclose(soundfile.read("song_vocal.wav")[0], from_model, atol=1e-4)

    loaded = command(str(ROOT / "vocal_isolation.py"), DATA=str(corpus), LOAD="True", START_EPOCH="1")
    assert loaded.returncode == 0, loaded.stderr
    assert "epoch 2/2" in loaded.stderr
    assert "epoch 1/2" not in loaded.stderr


@pytest.mark.slow
def test_without_weights_the_bundled_model_is_used_and_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    soundfile.write("song.wav", tone(500, 0.3, 44100), 44100)
    isolation = command(str(ROOT / "vocal_isolation.py"), "song.wav")
    assert isolation.returncode == 0, isolation.stderr
    assert "There is no file WEIGHTS='weights/weights.h5': the bundled model is used." in isolation.stderr
    assert (tmp_path / "song_vocal.wav").is_file()
    isolation = command(str(ROOT / "vocal_isolation.py"), "song.wav", WEIGHTS="weights/mine.h5")
    assert isolation.returncode == 1
    assert "Error: There is no file WEIGHTS='weights/mine.h5': train first" in isolation.stderr


@pytest.mark.slow
def test_a_model_file_beats_the_environment_with_a_warning(corpus, tmp_path):
    assert command(str(ROOT / "vocal_isolation.py"), DATA=str(corpus), EPOCHS="1").returncode == 0
    soundfile.write("song.wav", tone(500, 0.3, 44100), 44100)
    isolation = command(str(ROOT / "vocal_isolation.py"), "song.wav", FFT="256")
    assert isolation.returncode == 0, isolation.stderr
    assert "window_length 128 (not 256)" in isolation.stderr


@pytest.mark.slow
def test_presets_can_be_sourced(corpus, tmp_path):
    script = f"source {ROOT}/envs/lps && DATA={corpus} EPOCHS=1 EPOCH_STEPS=8 FFT=128 SAMPLE_RATE=8000 "
    script += f"CHOPPARAMS=\"{{'scale': 32}}\" {sys.executable} {ROOT}/vocal_isolation.py"
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "logs/last/weights/weights_lps.onnx").is_file()
    assert Settings.read(tmp_path / "logs/last/env").representation_name == "lps"


@pytest.mark.slow
def test_acapella_train_and_export(corpus, tmp_path):
    training = command(
        "-m", "acapella", "train", "--data", "corpus", "--env", str(ROOT / "envs/ci"), LEARN_PHASE="False"
    )
    assert training.returncode == 0, training.stderr
    weights = tmp_path / "logs/last/best_weights.hdf5"
    export = command("-m", "acapella", "export", str(weights), "-o", "mine.onnx", LEARN_PHASE="False")
    assert export.returncode == 0, export.stderr
    assert Isolator.load("mine.onnx").description.front_end.representation == "lps"


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_learnt(corpus, tmp_path):
    environment = {**os.environ, **TINY, "EPOCHS": "1000", "DATA": str(corpus)}
    words = [sys.executable, "-u", "-m", "acapella", "train"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr
        for line in training.stderr:
            if line.startswith("epoch 1/1000"):
                break
        training.send_signal(signal.SIGINT)
        rest = training.stderr.read()
    assert training.returncode == 130, rest
    assert "What was learnt so far is kept." in rest
    assert "Traceback" not in rest
    assert (tmp_path / "logs/last/weights/weights.onnx").is_file()


def test_training_without_a_corpus_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    training = command("-m", "acapella", "train", DATA="nowhere")
    assert training.returncode == 1
    assert (
        training.stderr
        == "Error: DATA='nowhere' is not a folder; name the one that holds NAME_all.wav and its stems.\n"
    )


def at_a_terminal(answers: dict[str, str], *words: str, **variables: str) -> tuple[int, str]:
    """Run a command at a pseudo-terminal that gives each answer once its question is there; exit code and output."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on this system")
    ours, theirs = pty.openpty()
    environment = {**os.environ, **TINY, **variables}
    process = subprocess.Popen([sys.executable, *words], env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said, waiting = b"", dict(answers)
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # what Linux says at the end
            break
        if not piece:
            break
        said += piece
        for question, answer in list(waiting.items()):
            if question.encode() in said:
                if answer == CTRL_C:
                    time.sleep(0.5)  # one that came between the question and the reading would be lost
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, answer.encode())
                del waiting[question]
    os.close(ours)
    return process.wait(), said.decode()


@pytest.mark.slow
def test_without_quit_the_person_is_asked(corpus, tmp_path):
    answers = {
        "How many more epochs? [0]:": "x\n",
        "whole number": "1\n",
        "epoch 2/2": "0\n",
        "Save the weights?": "n\n",
    }
    words = (str(ROOT / "vocal_isolation.py"),)
    code, said = at_a_terminal(answers, *words, DATA=str(corpus), QUIT="False", EPOCHS="1", CHECKPOINTS="")
    assert code == 0, said
    assert "Traceback" not in said
    assert "epoch 2/2" in said
    assert not list((tmp_path / "logs").rglob("*.h5"))


@pytest.mark.slow
def test_ctrl_c_asks_and_the_run_can_go_on(corpus, tmp_path):
    answers = {"epoch 1/3:": CTRL_C, "Save the weights?": CTRL_C}
    words = ("-m", "acapella", "train")
    code, said = at_a_terminal(answers, *words, DATA=str(corpus), EPOCHS="3", CHECKPOINTS="")
    assert code == 130, said
    assert "Traceback" not in said
    assert "To go on: acapella train --resume" in said
    assert not (tmp_path / "logs/last").exists()
    resumed = command("-m", "acapella", "train", "--resume", "logs")
    assert resumed.returncode == 0, resumed.stderr
    epochs = json.loads((tmp_path / "logs/last/metrics.json").read_text())
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
