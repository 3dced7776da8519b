"""Songs over HTTP: uploads, lists, states."""

import io
import threading

import pytest
from tests.web.studios import client, song_bytes, upload, wait_for

SONGS = "/api/v1/songs"


@pytest.fixture
def http(tmp_path):
    with client(tmp_path / "data") as opened:
        yield opened


def test_a_song_is_uploaded_and_separated(http, tmp_path):
    content = song_bytes(tmp_path)
    answer = http.post(SONGS, params={"name": "My song.wav"}, content=content)
    assert answer.status_code == 201
    song = answer.json()
    assert answer.headers["location"] == f"{SONGS}/{song['id']}"
    assert (song["name"], song["size"], song["model"]) == ("My song.wav", len(content), "default")
    assert song["stems"] == ["vocal", "instrumental"]
    done = wait_for(http, song["id"], "done")
    assert done["remarks"] == ["vocal: 3 samples were louder than full scale and are clipped."]
    assert done["samples"] / done["sample_rate"] == pytest.approx(0.3, abs=0.01)
    assert done["finished"] > done["created"]


def test_the_list_is_read_page_by_page(http, tmp_path):
    content = song_bytes(tmp_path)
    ids = [upload(http, content, f"{n}.wav")["id"] for n in range(5)][::-1]
    first = http.get(SONGS, params={"limit": 3}).json()
    second = http.get(SONGS, params={"limit": 3, "after": first["next"]}).json()
    assert [song["id"] for song in first["songs"] + second["songs"]] == ids
    assert second["next"] is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\a.mp3", "a.mp3"),
        ("..", ".."),
        ("a\0\n\x1bb.wav", "ab.wav"),
        ("/", "song"),
        ("x" * 500, "x" * 200),
        ("Ünïcödé 🎵.flac", "Ünïcödé 🎵.flac"),
    ],
)
def test_names_are_data_and_never_paths(http, tmp_path, given, kept):
    song = upload(http, song_bytes(tmp_path), given)
    assert song["name"] == kept
    wait_for(http, song["id"], "done")
    files = sorted(str(path.relative_to(tmp_path / "data/songs")) for path in (tmp_path / "data/songs").rglob("*.wav"))
    assert files == [f"{song['id']}/1/{stem}.wav" for stem in ("instrumental", "mixture", "vocal")]


def test_the_same_key_brings_the_same_song(http, tmp_path):
    content = song_bytes(tmp_path)
    answers = [http.post(SONGS, content=content, headers={"Idempotency-Key": key}) for key in ("a", "a", "b")]
    assert [answer.status_code for answer in answers] == [201, 200, 201]
    first, second, third = (answer.json()["id"] for answer in answers)
    assert first == second != third


def test_what_cannot_be_uploaded_is_refused_with_a_sentence(tmp_path):
    with client(tmp_path / "data", upload_limit=1000, waiting=1) as http:
        refused = [
            (413, http.post(SONGS, content=bytes(1001))),
            (413, http.post(SONGS, content=iter([bytes(600), bytes(600)]))),
            (422, http.post(SONGS, content=b"")),
        ]
        for code, answer in refused:
            assert answer.status_code == code
            assert answer.json()["detail"].endswith(".")
        unknown = [
            http.post(SONGS, params=params, content=b"x")
            for params in ({"model": "none"}, {"stems": "drums"}, {"stems": ""})
        ]
        assert [answer.status_code for answer in unknown] == [422] * 3
        slow = [upload(http, b"slow"), None]
        wait_for(http, slow[0]["id"], "running")
        upload(http, b"slow")
        full = http.post(SONGS, content=b"slow")
        assert (full.status_code, full.headers["retry-after"]) == (429, "30")
        http.delete(f"{SONGS}/{slow[0]['id']}")
    assert not list((tmp_path / "data/incoming").iterdir())


def test_a_song_that_fails_says_why_by_its_own_name(http):
    failed = wait_for(http, upload(http, b"bad", "letter.txt")["id"], "failed")
    assert failed["error"] == "letter.txt: cannot be decoded (it is text)."
    died = wait_for(http, upload(http, b"deadly", "x.wav")["id"], "failed")
    assert "its process died" in died["error"]


def test_cancel_retry_and_delete(http, tmp_path):
    song = upload(http, b"slow")["id"]
    wait_for(http, song, "running")
    assert http.post(f"{SONGS}/{song}/cancel").json()["state"] == "cancelled"
    assert http.post(f"{SONGS}/{song}/cancel").json()["state"] == "cancelled", "again is as once"
    assert http.post(f"{SONGS}/{song}/retry").json()["state"] in ("waiting", "running")
    wait_for(http, song, "running")
    assert http.delete(f"{SONGS}/{song}").status_code == 204
    assert http.delete(f"{SONGS}/{song}").status_code == 204
    assert http.get(f"{SONGS}/{song}").status_code == 404
    done = upload(http, song_bytes(tmp_path))["id"]
    wait_for(http, done, "done")
    assert http.post(f"{SONGS}/{done}/cancel").status_code == 409
    http.post(f"{SONGS}/{done}/retry", params={"stems": "vocal"})
    assert wait_for(http, done, "done")["stems"] == ["vocal"]
    folders = {path.parent.name for path in (tmp_path / "data/songs").rglob("vocal.wav")}
    assert folders == {"2"}, "the results of the first attempt are gone"


def test_waiting_songs_have_places_and_cancelled_ones_none(http):
    ids = [upload(http, b"slow")["id"] for _ in range(3)]
    wait_for(http, ids[0], "running")
    assert [http.get(f"{SONGS}/{song}").json()["position"] for song in ids] == [None, 1, 2]
    http.post(f"{SONGS}/{ids[1]}/cancel")
    assert [http.get(f"{SONGS}/{song}").json()["position"] for song in ids] == [None, None, 1]
    for song in ids:
        http.delete(f"{SONGS}/{song}")


def test_uploads_at_the_same_time_are_all_there(http, tmp_path):
    content = song_bytes(tmp_path)
    threads = [threading.Thread(target=upload, args=(http, content, f"{n}.wav")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    songs = http.get(SONGS).json()["songs"]
    assert {song["name"] for song in songs} == {f"{n}.wav" for n in range(12)}


def test_the_oldest_songs_make_room_for_new_ones(tmp_path):
    content = song_bytes(tmp_path)
    with client(tmp_path / "data", quota=int(4.5 * len(content))) as http:
        first = upload(http, content)["id"]
        wait_for(http, first, "done")
        second = upload(http, content)["id"]
        assert http.get(f"{SONGS}/{first}").status_code == 404
        assert wait_for(http, second, "done")
        assert http.post(SONGS, content=io.BytesIO(content * 5).read()).status_code == 507
        assert http.get(f"{SONGS}/{second}").status_code == 200, "it would not have helped"
