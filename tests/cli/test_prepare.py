"""`acapella prepare` as a user sees it."""

import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella import cli
from acapella.corpus.importers import songs
from acapella.corpus.tracks import find_tracks


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """Three clips in the folder `source` of the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    for name in "abc":
        soundfile.write(tmp_path / f"source/{name}.wav", tone(100, 0.2, 8000, 2), 8000)
    return tmp_path / "source"


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "source", "corpus"])
    return stop.value.code or 0


def test_each_song_is_a_line_and_the_end_a_summary(clips, capsys):
    assert run("prepare", "mir1k") == 0
    assert capsys.readouterr().err.splitlines() == ["1/3 a", "2/3 b", "3/3 c", "corpus: 3 songs written."]
    assert run("prepare", "mir1k") == 0
    assert capsys.readouterr().err.splitlines() == ["corpus: 0 songs written; 3 were there."]


def test_a_song_that_fails_is_named_and_the_others_are_written(clips, capsys):
    sound = (clips / "b.wav").read_bytes()
    (clips / "b.wav").write_text("no audio")
    assert run("--quiet", "prepare", "mir1k") == 1
    assert "Error: source/b.wav: cannot be decoded" in capsys.readouterr().err
    (clips / "b.wav").write_bytes(sound[:1000])
    assert run("prepare", "mir1k") == 1
    assert "corpus: 0 songs written; 2 were there; 1 failed: b." in capsys.readouterr().err
    (clips / "b.wav").write_bytes(sound)
    assert run("prepare", "mir1k") == 0
    assert "corpus: 1 song written; 2 were there." in capsys.readouterr().err
    assert [track.name for track in find_tracks(clips.parent / "corpus")[0]] == ["a", "b", "c"]


def test_an_interrupted_run_goes_on_where_it_stopped(clips, capsys, monkeypatch):
    write, left = songs._write, iter(range(4))

    def interrupted(*arguments: object) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(songs, "_write", interrupted)
        assert run("prepare", "mir1k") == 130
    assert find_tracks(clips.parent / "corpus")[1] == ["b is skipped: b_all, b_instrumental not found"]
    assert run("prepare", "mir1k") == 0
    assert "corpus: 2 songs written; 1 were there." in capsys.readouterr().err
    assert find_tracks(clips.parent / "corpus")[1] == []


def test_what_is_left_out_is_said_and_nothing_at_all_is_a_failure(clips, capsys):
    assert run("prepare", "stems") == 1
    printed = capsys.readouterr().err
    assert "1/1 source is left out: source holds no vocals." in printed
    assert "corpus: 0 songs written; 1 left out: source." in printed


def test_the_test_songs_of_musdb18_are_pointed_out(clips, capsys):
    for split in ("train", "test"):
        (clips / split / split).mkdir(parents=True)
        for name in ("vocals", "drums", "bass", "other"):
            soundfile.write(clips / split / split / f"{name}.wav", np.zeros((100, 2)), 8000)
    assert run("prepare", "musdb18") == 0
    assert "Set TEST_TRACKS=test/ when you train" in capsys.readouterr().err
