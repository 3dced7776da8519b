"""Server-sent events."""

import json
import time

from tests.web.studios import client, song_bytes, upload, wait_for

from acapella.web.changes import Changes

SONGS = "/api/v1/songs"


def events_of(lines):
    """Pairs of an event's name and its data."""
    name = None
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_the_present_state_comes_first_then_each_change(tmp_path):
    with client(tmp_path) as http:
        song = upload(http, b"slow", "a.wav")["id"]
        wait_for(http, song, "running")
        with http.stream("GET", "/api/v1/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            events = events_of(answer.iter_lines())
            name, data = next(events)
            assert (name, data["id"], data["state"], data["progress"]) == ("song", song, "running", 0.25)
            http.post(f"{SONGS}/{song}/cancel")
            while next(events)[1]["state"] != "cancelled":
                pass
            http.delete(f"{SONGS}/{song}")
            assert next(event for event in events if event[0] == "deleted") == ("deleted", {"id": song})


def test_one_song_can_be_watched_to_its_end(tmp_path):
    with client(tmp_path / "data") as http:
        other, song = (upload(http, song_bytes(tmp_path))["id"] for _ in range(2))
        with http.stream("GET", f"{SONGS}/{song}/events") as answer:
            states = []
            for _, data in events_of(answer.iter_lines()):
                assert data["id"] == song != other
                states.append(data["state"])
                if data["state"] == "done":
                    break
        assert states[-1] == "done"
        assert http.get(f"{SONGS}/none/events").status_code == 404


def test_a_server_that_ends_does_not_wait_for_those_who_watch(tmp_path):
    with client(tmp_path) as http, http.stream("GET", "/api/v1/events"):
        start = time.monotonic()
    assert time.monotonic() - start < 4


def test_a_watcher_that_is_behind_sees_each_song_once():
    changes = Changes()
    changes.mark("a", "b")
    seen = changes.version
    for _ in range(5):
        changes.mark("a")
    changes.mark_deleted("b")
    assert changes.since(seen) == (changes.version, ["a"], ["b"])
    assert changes.since(changes.version) == (changes.version, [], [])
