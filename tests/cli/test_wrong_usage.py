"""What cannot be done is said before any work."""

import pytest
from tests.cli.commands import run, stems_in
from tests.onnx_models import write_four_source_model


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["song.wav", "--stems", "drums"], "--stems='drums' is not made of: vocal, instrumental."),
        (["song.wav", "--format", "midi"], "--format='midi' is not one of: wav, flac,"),
        (["song.wav", "--bit-depth", "8"], "--bit-depth='8' is not one of: 16, 24, 32f."),
        (["song.wav", "--format", "flac", "--bit-depth", "32f"], "flac cannot hold 32f samples; use wav."),
        (["song.wav", "--phase", "zero"], "--phase='zero' is not one of: mixture, iterative."),
        (["."], "is a folder: add -r"),
        (["song.wav", "-o", "-"], "-o - writes one stem as wav"),
        (["song.wav", "half.onnx", "-o", "-", "--stems", "vocal"], "-o - takes one song."),
        (["song.wav", "song.wav"], "would both write"),
        (["song.wav", "./sub/../song.wav"], "would both write"),
        (["song.wav", "song_vocal.wav"], "song.wav would overwrite song_vocal.wav"),
        (["song.wav", "-o", "half.onnx"], "-o half.onnx is a file; name a folder."),
        (["song.wav", "-o", "-", "--stems", "vocal", "--pictures"], "-o - goes with neither"),
        (["-", "-j", "2"], "-j goes with files"),
        (["song.wav", "-j", "2", "--phase", "zero"], "--phase='zero' is not one of: mixture, iterative."),
        (["song.wav", "-j", "0"], "Invalid value for '-j'"),
        (["song.wav", "--runtime", "abacus"], "--runtime='abacus' is not one of: auto, onnxruntime, openvino, cuda."),
        (["song.wav", "--runtime", "cuda"], "--runtime='cuda' needs ONNX Runtime's build for GPUs: pip uninstall"),
        (["song.wav", "--colour", "red"], "No such option"),
        (["isolate"], "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2_before_any_work(folder, words, message, capsys):
    assert run(*words, *(["--model", "half.onnx"] if len(words) > 1 or words == ["."] else [])) == 2
    assert message in capsys.readouterr().err
    assert stems_in(folder) == []


def test_an_unknown_model_ends_with_1(folder, capsys):
    assert run("song.wav", "--model", "nowhere.onnx") == 1
    assert (
        "There is no model nowhere.onnx: give an .onnx file or a name that `acapella models` lists."
        in capsys.readouterr().err
    )


def test_stems_that_the_model_does_not_have(folder, capsys):
    write_four_source_model(folder / "four.onnx")
    assert run("song.wav", "--model", "four.onnx", "--stems", "drums,flute") == 2
    has = "drums, bass, other, vocal, instrumental"
    assert f"--stems='drums,flute' is not made of: {has}." in capsys.readouterr().err
