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
        (["song.wav", "-o", "-"], "-o - writes one stem: add --stems vocal or --stems instrumental"),
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
        (["song.wav", "--name", "{song}"], "--name='{song}' needs {stem}: otherwise all stems"),
        (["song.wav", "--name", "{title}_{stem}"], "--name='{title}_{stem}' has a field {title}, which is not one of"),
        (["song.wav", "--name", "../{stem}"], "--name='../{stem}' leaves the folder for the stems"),
        (["song.wav", "album/b.wav", "--name", "{stem}", "-o", "out"], "put {song} into --name='{stem}'"),
        (["song.wav", "--bitrate", "192"], "--bitrate=192: wav takes none; those that do are mp3, ogg, opus, m4a."),
        (["song.wav", "--format", "mp3", "--bitrate", "9"], "--bitrate=9 is not what mp3 takes, from 32 to 320 kbit/s"),
        (["song.wav", "--start", "1:75"], "--start='1:75' is no time: seconds, m:ss or h:mm:ss."),
        (["song.wav", "--end", "-1"], "--end='-1' is no time"),
        (["song.wav", "--start", "1:00", "--end", "59.5"], "--end=59.5 is not behind start, 60."),
        (["song.wav", "--weights", "1"], "--weights needs several models, and there is one."),
        (["song.wav", "--model", "half.onnx", "--weights", "1,x"], "--weights='1,x' is not made of numbers"),
        (["song.wav", "--model", "half.onnx", "--combine", "sum"], "--combine='sum' is not one of: mean, min, max."),
        (["song.wav", "--tta", "turn"], "--tta='turn' is not one of: swap, invert."),
        (["song.wav", "--shifts", "1000"], "--shifts=1000 is not a number from 1 to 100."),
        (["song.wav", "--then", "half.onnx", "--stems", "vocal"], "not made of: lead, backing, instrumental."),
        (["song.wav", "-o", ""], "Nothing follows -o: is a variable not set?"),
        (["song.wav", "--output="], "Nothing follows --output: is a variable not set?"),
        (["song.wav", "--colour", "red"], "No such option"),
        (["isolate"], "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2_before_any_work(folder, words, message, capsys):
    assert run(*words, *(["--model", "half.onnx"] if len(words) > 1 or words == ["."] else [])) == 2
    assert message in capsys.readouterr().err
    assert stems_in(folder) == []


def test_an_unknown_model_ends_with_2(folder, capsys):
    assert run("song.wav", "--model", "nowhere.onnx") == 2
    assert (
        "There is no model nowhere.onnx: give an .onnx file or a name that `acapella models` lists."
        in capsys.readouterr().err
    )


def test_stems_that_the_model_does_not_have(folder, capsys):
    write_four_source_model(folder / "four.onnx")
    assert run("song.wav", "--model", "four.onnx", "--stems", "drums,flute") == 2
    has = "drums, bass, other, vocal, instrumental"
    assert f"--stems='drums,flute' is not made of: {has}." in capsys.readouterr().err
