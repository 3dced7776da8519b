import pytest

from acapella.corpus.tracks import Track, find_tracks, split_tracks
from acapella.errors import CorpusError


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def complete(name):
    return [f"{name}_{part}.wav" for part in ("all", "vocal", "instrumental")]


def test_tracks_are_found_in_any_folder_and_sorted(tmp_path):
    touch(tmp_path, *complete("b"), *complete("album/a_1"), *complete("Z"), "notes.txt", "b_all.txt")
    tracks, skipped = find_tracks(tmp_path)
    assert [track.name for track in tracks] == ["Z", "album/a_1", "b"]
    assert tracks[1].files["vocal"] == tmp_path / "album/a_1_vocal.wav"
    assert skipped == []


def test_an_incomplete_track_is_skipped_with_a_reason(tmp_path):
    touch(tmp_path, *complete("a"), "b_all.wav", "b_vocal.wav")
    tracks, skipped = find_tracks(tmp_path)
    assert [track.name for track in tracks] == ["a"]
    assert skipped == ["b is skipped: b_instrumental not found"]


def test_a_folder_without_tracks_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match="holds no track with NAME_all"):
        find_tracks(tmp_path)
    with pytest.raises(CorpusError, match="is not a folder"):
        find_tracks(tmp_path / "nowhere")


TRACKS = [Track(name, {}) for name in "abcdefghij"]


def names(tracks):
    return "".join(track.name for track in tracks)


def test_names_decide_who_validates_and_tests():
    split = split_tracks(TRACKS, 0.5, ["c", "g"], ["j"])
    assert (names(split.train), names(split.validation), names(split.test)) == ("abdefhi", "cg", "j")


def test_without_a_name_the_first_tracks_train():
    split = split_tracks(TRACKS, 0.9, ["nobody"], ["a"])
    assert (names(split.train), names(split.validation), names(split.test)) == ("bcdefghi", "j", "a")


@pytest.mark.parametrize("ratio", [0.01, 0.99])
def test_both_sides_get_a_track(ratio):
    split = split_tracks(TRACKS[:2], ratio, [], [])
    assert (names(split.train), names(split.validation)) == ("a", "b")
    assert names(split_tracks(TRACKS[:1], ratio, [], []).train) == "a"


def test_nothing_left_to_train_on_is_an_error():
    with pytest.raises(CorpusError, match="No track is left"):
        split_tracks(TRACKS[:2], 0.9, ["a"], ["b"])
