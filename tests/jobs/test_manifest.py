"""The manifest: what it says, and that a second run goes on from it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.jobs.fakes import jobs_of, open_fake

from acapella.isolation.options import WriteOptions
from acapella.jobs.events import Cancelled, Done, End
from acapella.jobs.job import Job, ModelChoice, Result
from acapella.jobs.local import LocalExecutor
from acapella.jobs.manifest import Manifest
from acapella.storage import Address


def execute(jobs, path):
    with Manifest(path) as manifest, LocalExecutor(open_isolator=open_fake) as executor:
        executor.run(jobs, lambda event: manifest.add(event) if isinstance(event, End) else None)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_what_became_of_a_song(tmp_path):
    execute(jobs_of(tmp_path, "one", "bad"), tmp_path / "new" / "songs.jsonl")
    one, bad = lines(tmp_path / "new" / "songs.jsonl")
    assert one["song"] == str(tmp_path / "one.wav")
    assert one["outputs"] == {"vocal": str(tmp_path / "one_vocal.wav")}
    assert (one["duration"], one["model"], one["error"]) == (2.0, "default", None)
    assert one["seconds"] >= 0
    assert set(one["versions"]) == {"acapella", "onnxruntime"}
    assert (bad["seconds"], bad["error"]) == (None, "bad.wav: cannot be decoded (it is text).")


def test_what_is_done_is_known_and_what_failed_is_not(tmp_path):
    path = tmp_path / "songs.jsonl"
    execute(jobs_of(tmp_path, "one", "bad"), path)
    manifest = Manifest(path)
    assert [manifest.has_done(job) for job in jobs_of(tmp_path, "one", "bad", "two")] == [True, False, False]


@pytest.mark.parametrize(
    "change",
    [
        {"model": ModelChoice("other.onnx")},
        {"options": WriteOptions("flac")},
        {"outputs": {"vocal": Path("elsewhere.wav")}},
        {"song": Path("other.wav")},
    ],
)
def test_another_request_is_not_done(tmp_path, change):
    (job,) = jobs_of(tmp_path, "one")
    execute([job], tmp_path / "songs.jsonl")
    assert not Manifest(tmp_path / "songs.jsonl").has_done(replace(job, **change))


def test_a_line_that_breaks_off_counts_as_none_and_harms_no_other(tmp_path):
    path = tmp_path / "songs.jsonl"
    execute(jobs_of(tmp_path, "one", "two"), path)
    path.write_bytes(path.read_bytes()[:-30])
    one, two = jobs_of(tmp_path, "one", "two")
    assert Manifest(path).has_done(one)
    assert not Manifest(path).has_done(two)
    execute([two], path)
    assert all(Manifest(path).has_done(job) for job in (one, two))


def test_secrets_in_addresses_are_not_written_down_but_tell_songs_apart(tmp_path):
    path = tmp_path / "songs.jsonl"
    first, second = (Job(Address(f"https://host/a.wav?id={n}"), {"vocal": tmp_path / "a.wav"}) for n in (1, 2))
    with Manifest(path) as manifest:
        manifest.add(Cancelled(second))
        manifest.add(Done(first, Result(first.outputs, 1.0, 2.0)))
    (line,) = lines(path)
    assert line["song"] == "https://host/a.wav?…"
    assert "id=" not in path.read_text()
    assert [Manifest(path).has_done(job) for job in (first, second)] == [True, False]
