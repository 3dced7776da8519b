"""Tracks are chosen, scored one after the other, and the results kept."""

import json

import pytest
from tests.evaluation.corpora import RATE, write_track
from tests.onnx_models import write_gain_model

from acapella.errors import AudioFileError, CorpusError
from acapella.evaluation import TrackScores, choose_groups
from acapella.evaluation.evaluate import FILES, TrackFailure, choose_tracks, score_tracks, write_results
from acapella.evaluation.systems import ModelToScore

STEMS = ("vocal", "instrumental")


@pytest.fixture
def corpus(tmp_path):
    """Three tracks, of which one is damaged, and one that is not complete."""
    for name in "abc":
        write_track(tmp_path / "corpus", name)
    (tmp_path / "corpus/b_vocal.wav").write_text("no audio")
    write_track(tmp_path / "corpus", "d")
    (tmp_path / "corpus/d_vocal.wav").unlink()
    return tmp_path / "corpus"


def test_tracks_are_chosen_by_parts_of_their_names(corpus):
    tracks, skipped = choose_tracks(corpus, [], STEMS)
    assert [track.name for track in tracks] == ["a", "b", "c"]
    assert skipped == ["d is skipped: d_vocal not found"]
    assert [track.name for track in choose_tracks(corpus, ["c", "x"], STEMS)[0]] == ["c"]
    with pytest.raises(CorpusError, match="has x or y in its name; a is one of them"):
        choose_tracks(corpus, ["x", "y"], STEMS)


def test_a_track_that_fails_does_not_keep_the_others_from_their_scores(corpus, tmp_path):
    tracks, _ = choose_tracks(corpus, [], STEMS)
    write_gain_model(tmp_path / "half.onnx", representation="ri", sample_rate=RATE)
    system = ModelToScore("half", tmp_path / "half.onnx")
    scored = list(score_tracks(system, tracks, choose_groups(["usdr"])))
    assert [type(track) for track in scored] == [TrackScores, TrackFailure, TrackScores]
    assert [track.name for track in scored] == ["a", "b", "c"]
    failure = scored[1]
    assert isinstance(failure.error, AudioFileError)
    about = {"data": "corpus", "model": {"name": "half"}}
    paths = write_results([scored[0], scored[2]], [failure], about, tmp_path)
    assert [path.name for path in paths] == list(FILES)
    assert all(path.is_file() for path in paths)
    record = json.loads(paths[1].read_text(encoding="utf-8"))
    assert record["failed"] == {"b": str(failure.error)}
    assert [track["name"] for track in record["tracks"]] == ["a", "c"]
