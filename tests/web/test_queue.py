"""The order of the queue, restarts, and songs that hang."""

import io
import time

import pytest
import soundfile
from tests.web.studios import STOPPED, FakeExecutor, Server, client, song_bytes, upload, wait_for

from acapella.errors import InputError
from acapella.web.records import NewSong, Separated
from acapella.web.store import Store

DONE = Separated(1.0, 8000, 1, 8000, [], 100)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "songs.sqlite")
    yield opened
    opened.close()


def add(store, client_name, *ids):
    for song in ids:
        store.add(NewSong(song, client_name, None, song, "default", ["vocal"], 10))


def served(store, count):
    """The songs that run one after the other."""
    ids = []
    for _ in range(count):
        song = store.start_next()
        ids.append(song.id)
        store.finish(song, DONE)
    return ids


def test_clients_take_turns_whoever_brings_more(store):
    add(store, "a", "a1", "a2", "a3", "a4")
    add(store, "b", "b1", "b2")
    add(store, "c", "c1")
    assert store.queue()[:3] == ["a1", "b1", "c1"]
    assert served(store, 7) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_a_newcomer_comes_next_even_while_others_run(store):
    add(store, "a", "a1", "a2", "a3")
    running = store.start_next()
    add(store, "b", "b1")
    assert running.id == "a1"
    assert store.start_next().id == "b1"
    assert store.queue() == ["a2", "a3"]


def test_an_attempt_that_is_over_changes_nothing(store):
    add(store, "a", "a1")
    song = store.start_next()
    assert store.cancel("a1")
    assert store.retry("a1", "default", ["vocal"])
    assert not store.finish(song, DONE), "it is that of the first attempt"
    assert store.find("a1").state == "waiting"
    second = store.start_next()
    assert (second.id, second.attempt) == ("a1", 2)
    assert store.finish(second, DONE)
    assert not store.fail(second, "late")


def test_two_servers_cannot_have_one_folder(store, tmp_path):
    add(store, "a", "a1")
    with pytest.raises(InputError, match="another"):
        Store(tmp_path / "songs.sqlite")


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(InputError, match="cannot be used"):
        Store(tmp_path / "x.sqlite")


def test_a_server_that_stops_goes_on_where_it_was(tmp_path):
    content = song_bytes(tmp_path)
    with client(tmp_path / "data") as http:
        done = upload(http, content)["id"]
        wait_for(http, done, "done")
        running = upload(http, b"slow")["id"]
        wait_for(http, running, "running")
        waiting = upload(http, content)["id"]
    (tmp_path / "data/songs" / running / "upload").write_bytes(content)  # else it would hold up the rest
    leftover = tmp_path / "data/songs/leftover"
    leftover.mkdir()
    executor = FakeExecutor()
    with client(tmp_path / "data", executor) as http:
        for song in (running, waiting):
            wait_for(http, song, "done")
        assert [job.song.parent.name for job in executor.ran] == [running, waiting]
        assert http.get(f"/api/v1/songs/{done}/stems/vocal").content == content
        assert not leftover.exists()


def test_a_song_without_progress_is_given_up(tmp_path):
    with client(tmp_path, patience=0.5) as http:
        song = upload(http, b"slow", "endless.wav")["id"]
        assert "no progress" in wait_for(http, song, "failed")["error"]


def test_what_was_kept_long_enough_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("acapella.web.keeping.CLEARING", 0.0)
    with client(tmp_path / "data", keep=0.1) as http:
        song = upload(http, song_bytes(tmp_path))["id"]
        for _ in range(200):
            if http.get(f"/api/v1/songs/{song}").status_code == 404:
                break
            time.sleep(0.05)
        assert http.get(f"/api/v1/songs/{song}").status_code == 404
        assert not (tmp_path / "data/songs" / song).exists()


@pytest.mark.slow  # a server of its own, which loads a model
def test_a_killed_server_loses_nothing(tmp_path):
    content = song_bytes(tmp_path, 20)
    with Server(tmp_path / "data") as server:
        songs = [upload(server.http, content)["id"] for _ in range(2)]
        wait_for(server.http, songs[0], "running")
        server.kill()
    for _ in range(2):
        with Server(tmp_path / "data") as server:
            states = {song: server.http.get(f"/api/v1/songs/{song}").json()["state"] for song in songs}
            assert set(states.values()) <= {"waiting", "running", "done"}
            server.kill()
    with Server(tmp_path / "data") as server:
        for song in songs:
            wait_for(server.http, song, "done")
            stems = [server.http.get(f"/api/v1/songs/{song}/stems/{stem}").content for stem in ("mixture", "vocal")]
            assert stems[0].endswith(content[-1000:])
            assert {soundfile.info(io.BytesIO(stem)).frames for stem in stems} == {20 * 44100}
        assert server.stop() in STOPPED
