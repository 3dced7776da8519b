"""An object store: songs from there, stems to there."""

import io
import sys
import threading

import numpy as np
import pytest
import soundfile
from tests.made import write_song
from tests.onnx_models import write_gain_model
from tests.storage.object_store import BUCKET, content, keys

from acapella import Isolator
from acapella.errors import AudioFileError, InputError, MissingExtraError, UsageError
from acapella.jobs.planning import find_songs, plan_jobs, with_stems
from acapella.storage import Address, local_copy, local_targets, stores
from acapella.storage.stores import PART, exists, list_files, store


@pytest.fixture
def isolator(tmp_path):
    write_gain_model(tmp_path / "half.onnx", representation="ri")
    return Isolator.load(tmp_path / "half.onnx")


def test_stems_of_a_song_in_a_store_are_those_of_its_file(s3, isolator, tmp_path):
    song = tmp_path / "song.wav"
    write_song(song, 0.3)
    s3.upload_file(str(tmp_path / "song.wav"), BUCKET, "songs/song.wav")
    for format in ("wav", "flac"):
        here = isolator.isolate_file(song, tmp_path / "here", format=format)
        there = isolator.isolate_file("s3://bucket/songs/song.wav", "s3://bucket/stems", format=format)
        for stem, path in here.items():
            assert there[stem] == Address(f"s3://bucket/stems/{path.name}")
            assert content(s3, f"stems/{path.name}") == path.read_bytes()


def test_what_is_no_audio_is_called_by_its_address_and_leaves_nothing(s3, isolator):
    s3.put_object(Bucket=BUCKET, Key="text.wav", Body=b"this is text")
    with pytest.raises(AudioFileError, match=r"^s3://bucket/text\.wav: cannot be decoded"):
        isolator.isolate_file("s3://bucket/text.wav")
    with pytest.raises(InputError, match=r"^s3://bucket/none.wav: cannot be read \(it is not there\)"):
        isolator.isolate_file("s3://bucket/none.wav")
    assert keys(s3) == ["text.wav"]


def test_a_large_file_goes_in_parts_and_appears_when_all_are_there(s3, tmp_path):
    (tmp_path / "large").write_bytes(bytes(2 * PART + 1))
    seen = set()
    uploading = threading.Thread(target=store, args=(tmp_path / "large", Address("s3://bucket/large")))
    uploading.start()
    while uploading.is_alive():
        listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        seen.update(entry["Size"] for entry in listed)
    assert seen <= {2 * PART + 1}
    head = s3.head_object(Bucket=BUCKET, Key="large")
    assert head["ContentLength"] == 2 * PART + 1
    assert head["ETag"].strip('"').endswith("-3"), "an upload of three parts has such a mark"


def test_nothing_is_stored_where_separating_ends_early(s3, isolator, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    write_song(tmp_path / "song.wav", 0.3)
    with pytest.raises(KeyboardInterrupt):
        isolator.isolate_file(tmp_path / "song.wav", "s3://bucket/stems", progress=stop)
    assert keys(s3) == []


def test_a_folder_in_a_store_is_planned_with_one_listing_for_songs_and_one_for_stems(s3, caplog):
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"songs/{number}.wav", Body=b"x")
        s3.put_object(Bucket=BUCKET, Key=f"songs/{number}.txt", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="stems/1_vocal.wav", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="songs/2_vocal.wav", Body=b"x")  # an output of ours
    caplog.set_level("INFO", "werkzeug")
    found = find_songs([Address("s3://bucket/songs")], recursive=True)
    songs, left_out, empty = found.songs, found.left_out, found.empty
    assert [song.name for song in songs] == [f"{number}.wav" for number in range(5)]
    jobs = plan_jobs(songs, Address("s3://bucket/stems"), ["vocal"])
    assert with_stems(jobs) == {jobs[1].id}
    assert (left_out, empty) == ([Address("s3://bucket/songs/2_vocal.wav")], [])
    requests = [record.getMessage() for record in caplog.records if record.name == "werkzeug"]
    assert len(requests) == 2, requests


def test_folders_need_recursive_and_empty_ones_are_named(s3):
    with pytest.raises(UsageError, match="s3://bucket/songs/ is a folder: add recursive"):
        find_songs([Address("s3://bucket/songs/")])
    found = find_songs([Address("s3://bucket/songs/")], recursive=True)
    songs, (error,) = found.songs, found.empty
    assert songs == []
    assert str(error) == "s3://bucket/songs/ holds no audio files."
    assert list_files(Address("s3://nowhere/")) == []
    assert not exists(Address("s3://bucket/a"))


def test_file_objects_are_sources_and_targets(isolator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_song(tmp_path / "song.wav", 0.3)
    expected = isolator.isolate_file("song.wav", "here", stems=["vocal"])["vocal"].read_bytes()
    source, target = io.BytesIO((tmp_path / "song.wav").read_bytes()), io.BytesIO()
    isolator.write_stems(source, {"vocal": target})
    assert target.getvalue() == expected
    with (tmp_path / "song.wav").open("rb") as file:
        paths = isolator.isolate_file(file, stems=["vocal"])
    assert paths["vocal"].name == "song_vocal.wav"
    assert paths["vocal"].read_bytes() == expected
    with pytest.raises(AudioFileError, match=r"^audio: cannot be decoded"):
        isolator.write_stems(io.BytesIO(b"no audio at all"), {"vocal": target})


def test_local_files_are_used_where_they_are(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros(10), 8000)
    with local_copy(path) as song, local_targets([tmp_path / "out.wav"]) as paths:
        assert song is path
        assert paths == {tmp_path / "out.wav": tmp_path / "out.wav"}


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(UsageError, match=r"gs://… needs one package more: pip install gcsfs\."):
        list_files(Address("gs://bucket/songs"))
    stores._file_system.cache_clear()
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"s3://… needs packages .*\[cluster\]"):
        list_files(Address("s3://bucket/songs"))
