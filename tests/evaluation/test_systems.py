"""Several systems side by side, stems of other programs, and several tracks at a time."""

import json

import numpy as np
import pytest
import soundfile
from tests.cli.commands import run
from tests.evaluation.corpora import RATE, write_track
from tests.onnx_models import write_gain_model

from acapella.audio_files import read_audio
from acapella.errors import CorpusError
from acapella.evaluation import TrackScores, choose_groups
from acapella.evaluation.comparison import Difference, paired_differences
from acapella.evaluation.evaluate import choose_tracks, score_tracks
from acapella.evaluation.systems import Estimates, ModelToScore


def scored(name: str, **values: float) -> TrackScores:
    return TrackScores(name, 1.0, {"vocal": values}, {})


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Three tracks, and models that give half and three quarters."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "bb", "ccc"):
        write_track(tmp_path / "corpus/test", name)
    write_gain_model(tmp_path / "half.onnx", representation="ri", sample_rate=RATE)
    return tmp_path / "corpus"


def test_differences_are_paired_and_have_an_interval():
    rng = np.random.default_rng(0)
    songs, gains = rng.normal(5, 10, 50), rng.normal(1, 0.2, 50)
    first = [scored(str(number), SDR=song) for number, song in enumerate(songs)]
    second = [
        scored(str(number), SDR=song + gain) for number, (song, gain) in enumerate(zip(songs, gains, strict=True))
    ]
    found = paired_differences(first, [*second[:40], scored("other", SDR=1.0)])["vocal"]["SDR"]
    assert found.tracks == 40
    assert found.mean == pytest.approx(gains[:40].mean())
    error = gains[:40].std() / np.sqrt(40)
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.15 * error)
    assert found == paired_differences(first, second[:40])["vocal"]["SDR"], "it is not random"


def test_differences_of_few_tracks():
    found = paired_differences([scored("a", SDR=1.0, uSDR=np.nan)], [scored("a", SDR=3.0, uSDR=1.0)])["vocal"]
    assert (found["SDR"].mean, found["SDR"].tracks) == (2, 1)
    assert np.isnan(found["SDR"].low)
    assert found["uSDR"].tracks == 0
    assert isinstance(found["uSDR"], Difference)


def test_models_side_by_side(corpus, capsys):
    write_gain_model(corpus.parent / "most.onnx", 0.75, representation="ri", sample_rate=RATE)
    words = ["evaluate", "--data", "corpus", "--metrics", "usdr", "--model", "half.onnx", "--model", "most.onnx"]
    assert run(*words) == 0
    printed = capsys.readouterr().out
    assert "most.onnx: difference, 95 % interval" in printed
    files = sorted(
        path.relative_to(corpus.parent).as_posix() for path in (corpus.parent / "evaluation").rglob("*.json")
    )
    assert files == [
        f"evaluation/{name}" for name in ("1_half.onnx/scores.json", "2_most.onnx/scores.json", "comparison.json")
    ]
    record = json.loads((corpus.parent / "evaluation/comparison.json").read_text())
    assert record["reference"] == "half.onnx"
    differences = record["differences"]["most.onnx"]
    assert differences["vocal"]["uSDR"]["low"] <= differences["vocal"]["uSDR"]["mean"]
    assert differences["vocal"]["uSDR"]["tracks"] == 3
    assert run(*words[:-1], "half.onnx") == 2
    assert "half.onnx is named twice." in capsys.readouterr().err


@pytest.mark.parametrize("names", ["test/{0}/{1}s.wav", "{0}_all/{1}s.wav", "{0}_{1}.flac", "test/{0}_all_{1}.wav"])
def test_stems_of_other_programs(corpus, tmp_path, names):
    (track, *_), _ = choose_tracks(corpus, [], Estimates("x", tmp_path).stems)
    audio, _ = read_audio(corpus / "test/a_vocal.wav")
    path = tmp_path / "stems" / names.format("a", "vocal")
    path.parent.mkdir(parents=True)
    soundfile.write(path, 0.5 * audio[:-3], RATE)
    system = Estimates("stems", tmp_path / "stems")
    found = system.score(track, choose_groups(["usdr"]))
    assert list(found.scores) == ["vocal"]
    assert found.scores["vocal"]["uSDR"] == pytest.approx(6.02, abs=0.05)
    soundfile.write(path, audio[: RATE // 2], RATE)
    with pytest.raises(
        CorpusError, match=r"it has 8000 Hz, 1 channels, 0.50 s, and the mixture 8000 Hz, 1 channels, 2.00"
    ):
        system.score(track, choose_groups(["usdr"]))


def test_a_model_and_what_another_program_made(corpus, capsys):
    assert run("isolate", "corpus", "-r", "-o", "made", "--model", "half.onnx", "--bit-depth", "32f") == 0
    words = ["evaluate", "--data", "corpus", "--metrics", "usdr", "--model", "half.onnx", "--estimates", "made"]
    assert run(*words) == 0
    record = json.loads((corpus.parent / "evaluation/comparison.json").read_text())
    for stem in ("vocal", "instrumental"):
        assert record["differences"]["made"][stem]["uSDR"]["mean"] == pytest.approx(0, abs=1e-3)
    assert run(*words[:-1], "nowhere") == 2
    assert "--estimates nowhere is no folder." in capsys.readouterr().err
    assert run(*words[:-4], "--estimates", "corpus/test", "--tracks", "a") == 0, "the true stems, which lie there too"


def test_several_tracks_at_a_time_have_the_same_scores(corpus):  # 3 s: two processes start
    (corpus / "test/bb_vocal.wav").write_text("no audio")
    system = ModelToScore("half", corpus.parent / "half.onnx", threads=1)
    tracks, _ = choose_tracks(corpus, [], system.stems)
    groups = choose_groups(["usdr"])
    one, several = (list(score_tracks(system, tracks, groups, processes)) for processes in (1, 2))
    assert [track.name for track in several] == ["test/a", "test/bb", "test/ccc"]
    assert (one[0], one[2]) == (several[0], several[2])
    assert str(one[1].error) == str(several[1].error)
