"""`acapella isolate`: several models, more runs, parts of songs, names and bit rates."""

import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from tests.cli.commands import run, stems_in
from tests.made import write_song
from tests.onnx_models import write_gain_model, write_wave_model

from acapella.audio_files import read_audio
from acapella.cli.isolate_options import read_time
from acapella.errors import UsageError


@pytest.fixture
def song(folder):
    """What the song holds: 0.5 s at 44100 Hz."""
    write_gain_model(folder / "tenth.onnx", 0.1, representation="ri")
    write_gain_model(folder / "loud.onnx", 4.0, representation="ri")
    return soundfile.read("song.wav")[0]


def vocal_share(song, name="song_vocal.wav") -> float:
    """How much of the song is in the vocal, which has a band of its own."""
    vocal = soundfile.read(name)[0]
    spectra = [np.fft.rfft(audio[:, 0])[1000:4000] for audio in (vocal, song)]
    return float(np.abs(np.vdot(spectra[1], spectra[0]) / np.vdot(spectra[1], spectra[1])))


@pytest.mark.parametrize(
    ("words", "share"),
    [
        (["--model", "half.onnx", "--model", "tenth.onnx"], 0.3),
        (["--model", "half.onnx", "--model", "tenth.onnx", "--weights", "3,1"], 0.4),
        (["--model", "half.onnx", "--model", "tenth.onnx", "--combine", "max"], 0.5),
        (["--model", "half.onnx", "--shifts", "2", "--seed", "4", "--tta", "swap,invert"], 0.5),
    ],
)
def test_several_models_and_several_runs(song, words, share, capsys):
    assert run("song.wav", *words) == 0
    assert vocal_share(song) == pytest.approx(share, abs=0.01)
    total = sum(soundfile.read(f"song_{stem}.wav")[0] for stem in ("vocal", "instrumental"))
    said = capsys.readouterr().err
    if "max" in words:
        assert "--combine='max': the stems do not sum to the song." in said
    else:
        np.testing.assert_allclose(total, song, atol=1e-4)
        assert "do not sum" not in said


def test_then_takes_the_vocals_apart(song, folder):
    write_wave_model(folder / "voices.onnx", 0.25, sources=("lead",), residual="backing")
    assert run("song.wav", "--model", "half.onnx", "--then", "voices.onnx", "--bit-depth", "24") == 0
    stems = sorted(path.name for path in folder.glob("song_*"))
    assert stems == ["song_backing.wav", "song_instrumental.wav", "song_lead.wav"]
    np.testing.assert_allclose(sum(soundfile.read(stem)[0] for stem in stems), song, atol=1e-6)
    assert run("song.wav", "--model", "half.onnx", "--then", "voices.onnx", "-o", "lead", "--stems", "lead") == 0
    assert [path.name for path in (folder / "lead").iterdir()] == ["song_lead.wav"]


def test_overlap_says_where_it_has_no_effect(song, folder, capsys):
    assert run("song.wav", "--model", "half.onnx", "--overlap", "0.5") == 0
    assert "--overlap has no effect on a model that does not work in chunks." in capsys.readouterr().err
    write_wave_model(folder / "chunks.onnx")
    assert run("song.wav", "--model", "chunks.onnx", "--overlap", "0.5") == 0
    assert "no effect" not in capsys.readouterr().err


def test_a_part_of_a_song(song):
    assert run("song.wav", "--model", "half.onnx", "--start", "0:00.1", "--end", "0.35") == 0
    total = sum(soundfile.read(f"song_{stem}.wav")[0] for stem in ("vocal", "instrumental"))
    np.testing.assert_allclose(total, song[4410:15_435], atol=1e-4)


def test_a_part_of_a_pipe(song, folder):
    command = [sys.executable, "-m", "acapella", "isolate", "-", "-o", "-", "--stems", "vocal", "--model", "half.onnx"]
    piped = subprocess.run(
        [*command, "--start", "0.2"], input=(folder / "song.wav").read_bytes(), capture_output=True, check=True
    )
    vocal, rate = soundfile.read(io.BytesIO(piped.stdout))
    assert (rate, len(vocal)) == (44_100, 22_050 - 8820)


def test_a_song_that_ends_before_the_part_is_named_and_the_others_are_done(song, folder, capsys):
    write_song(folder / "long.wav", 1.5)
    assert run("song.wav", "long.wav", "--model", "half.onnx", "--start", "1") == 1
    assert "Error: song.wav: it ends before second 1." in capsys.readouterr().err
    assert stems_in(folder) == ["long_instrumental.wav", "long_vocal.wav"]


def test_names_with_folders(song, folder):
    assert run("song.wav", "--model", "half.onnx", "-o", "out", "--name", "{song}/{model} {stem}") == 0
    assert sorted(path.name for path in (folder / "out/song").iterdir()) == ["half instrumental.wav", "half vocal.wav"]
    assert run("song.wav", "--model", "half.onnx", "--stems", "vocal", "--format", "flac", "--name", "{song}") == 0
    assert (folder / "song.flac").is_file()


def test_a_bitrate(folder):
    write_song(folder / "song.wav", 4)
    sizes = []
    for bitrate in (64, 256):
        words = ["--stems", "vocal", "--format", "mp3", "--bitrate", bitrate, "--model", "half.onnx"]
        assert run("song.wav", *words) == 0
        sizes.append((folder / "song_vocal.mp3").stat().st_size)
    assert sizes[0] == pytest.approx(4 * 64_000 / 8, rel=0.1)
    assert sizes[1] == pytest.approx(4 * 256_000 / 8, rel=0.1)


def test_normalize_says_its_gain(song, folder, capsys):
    assert run("song.wav", "--model", "loud.onnx", "--normalize", "-q") == 0
    said = capsys.readouterr().err
    stems = [read_audio(folder / f"song_{stem}.wav")[0] for stem in ("vocal", "instrumental")]
    assert max(np.abs(stem).max() for stem in stems) == pytest.approx(0.999, abs=1e-3)
    gain = float(said.split(" by ")[1].split(",")[0])
    np.testing.assert_allclose(sum(stems), gain * song, atol=1e-3)
    assert said.startswith("Warning: song.wav: --normalize has multiplied the stems by ")
    assert "clipped" not in said


@pytest.mark.slow
def test_several_processes_know_it_all(song, folder):
    write_song(folder / "other.wav", 0.6)
    words = ["--model", "half.onnx", "--model", "tenth.onnx", "--then", "half.onnx", "--start", "0.1", "--name"]
    assert run("song.wav", "other.wav", "-j", "2", *words, "{stem}/{song}", "-o", "out") == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["backing", "instrumental", "lead"]
    assert soundfile.info("out/lead/other.wav").frames == 22_050


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90.5", 90.5), ("1:05", 65), ("71:00.25", 4260.25), ("1:02:03", 3723)]
)
def test_times(text, seconds):
    assert read_time(text, "start") == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1:", ":1", "1:60", "1:2:3:4", "1:75:00", "nan", "inf", "1e3", "a", "1.5:00"]
)
def test_what_is_no_time(text):
    with pytest.raises(UsageError, match="is no time"):
        read_time(text, "start")


def test_help_lists_options_in_groups(capsys):
    assert run("isolate", "--help") == 0
    said = capsys.readouterr().out
    places = [said.index(title) for title in ("Examples:", "Arguments:", "What is written:", "Which models:")]
    assert places == sorted(places)
    assert said.index("--bitrate") < said.index("Which models:") < said.rindex("--then ")
