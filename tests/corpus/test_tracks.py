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


def test_a_part_that_is_there_twice_is_no_guess(tmp_path):
    touch(tmp_path, *complete("a"), *complete("b"), "b_vocal.flac")
    tracks, skipped = find_tracks(tmp_path)
    assert [track.name for track in tracks] == ["a"]
    assert skipped == ["b is skipped: keep one of b_vocal.flac and b_vocal.wav"]


def test_what_is_hidden_is_no_track(tmp_path):
    touch(tmp_path, *complete("a"), *complete(".acapella-cache/b"), *complete("album/._c"))
    tracks, skipped = find_tracks(tmp_path)
    assert ([track.name for track in tracks], skipped) == (["a"], [])


def test_links_to_folders_are_followed_and_rings_are_not(tmp_path):
    touch(tmp_path, *complete("disk/a"))
    try:
        (tmp_path / "corpus").mkdir()
        (tmp_path / "corpus/linked").symlink_to(tmp_path / "disk", target_is_directory=True)
        (tmp_path / "disk/ring").symlink_to(tmp_path / "corpus", target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    assert [track.name for track in find_tracks(tmp_path / "corpus")[0]] == ["linked/a"]


TRACKS = [Track(name, {}) for name in "abcdefghij"]


def names(tracks):
    return "".join(track.name for track in tracks)


def test_names_decide_who_validates_and_tests():
    split = split_tracks(TRACKS, 0.5, ["c", "g"], ["j"])
    assert (names(split.train), names(split.validation), names(split.test)) == ("abdefhi", "cg", "j")


def test_a_folder_is_a_name_too(tmp_path):
    touch(tmp_path, *complete("train/a"), *complete("train/b"), *complete("test/c"), *complete("test/d/e"))
    split = split_tracks(find_tracks(tmp_path)[0], 0.5, [], ["test/"])
    assert [track.name for track in split.test] == ["test/c", "test/d/e"]
    assert [track.name for track in split.train + split.validation] == ["train/a", "train/b"]


def test_without_a_name_the_first_tracks_train():
    split = split_tracks(TRACKS, 0.9, ["nobody"], ["a"])
    assert (names(split.train), names(split.validation), names(split.test)) == ("bcdefghi", "j", "a")


@pytest.mark.parametrize("ratio", [0.01, 0.99])
def test_both_sides_get_a_track(ratio):
    split = split_tracks(TRACKS[:2], ratio, [], [])
    assert (names(split.train), names(split.validation)) == ("a", "b")
    assert names(split_tracks(TRACKS[:1], ratio, [], []).train) == "a"


def test_a_corpus_may_be_there_to_measure_only():
    split = split_tracks(TRACKS[:2], 0.9, ["a"], ["b"])
    assert (names(split.train), names(split.validation), names(split.test)) == ("", "a", "b")
