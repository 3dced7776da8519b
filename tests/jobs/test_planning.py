"""Which files are songs, where their stems go, and that no two meet."""

import os
import pickle
import sys
from pathlib import Path

import pytest
from tests.audio_files.sounds import RATE, music, write

from acapella.audio_files import Metadata
from acapella.errors import MissingExtraError, UsageError
from acapella.isolation.options import WriteOptions
from acapella.jobs.job import ModelChoice
from acapella.jobs.planning import STDIN, check_overwrites, find_songs, plan_jobs, with_stems
from acapella.pictures import drawing

STEMS = ("vocal", "instrumental")


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The current folder, with songs, our stems, and other things."""
    monkeypatch.chdir(tmp_path)
    files = ["a.mp3", "a_vocal.wav", "sub/b.FLAC", "sub/b_drums.flac", "sub/b_live.wav", "lonely_vocal.wav"]
    for name in [*files, "stems/b_instrumental.wav", "notes.txt"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def names(songs) -> list[str]:
    return [song.as_posix() for song in songs]


def test_folders_give_their_songs_without_our_stems(album):
    found = find_songs([Path(), Path("elsewhere.wav")], recursive=True)
    songs = found.songs
    beside = ["a.mp3", "lonely_vocal.wav", "stems/b_instrumental.wav", "sub/b.FLAC", "sub/b_live.wav"]
    assert names(songs) == [*beside, "elsewhere.wav"]
    assert not found.empty
    assert names(found.left_out) == ["a_vocal.wav", "sub/b_drums.flac"]
    songs = find_songs([Path()], Path("stems"), recursive=True).songs
    assert names(songs) == [name for name in beside if not name.startswith("stems")]
    songs = find_songs([Path()], Path("stems"), recursive=True, stems=["live"]).songs
    assert "sub/b_live.wav" not in names(songs), "the model has a stem of that name"


@pytest.mark.parametrize(
    ("files", "mixtures"),
    [
        (
            ["x/a_all.wav", "x/a_vocal.wav", "x/a_instrumental.wav", "b_all.flac", "b_drums.flac"],
            ["b_all.flac", "x/a_all.wav"],
        ),
        ([f"test/A/{part}.wav" for part in ("mixture", "drums", "bass", "other", "vocals")], ["test/A/mixture.wav"]),
        (["a.mp3", "a_vocal.wav", "a_live.wav"], ["a.mp3", "a_live.wav"]),
    ],
)
def test_stems_of_a_corpus_are_no_songs(tmp_path, files, mixtures):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    found = find_songs([tmp_path], recursive=True)
    songs, left_out = found.songs, found.left_out
    assert names(song.relative_to(tmp_path) for song in songs) == mixtures
    assert len(left_out) == len(files) - len(mixtures)


def test_what_acapella_has_made_is_no_song_whatever_its_name(tmp_path):
    write(tmp_path / "karaoke.mp3", music(RATE), metadata=Metadata().of_stem("instrumental"))
    write(tmp_path / "song.mp3", music(RATE))
    found = find_songs([tmp_path], recursive=True)
    songs, left_out = found.songs, found.left_out
    assert (songs, left_out) == ([tmp_path / "song.mp3"], [tmp_path / "karaoke.mp3"])
    assert find_songs(left_out).songs == left_out, "named by its name, it is one"


def test_only_our_own_outputs_are_overwritten(tmp_path):
    (job,) = plan_jobs([tmp_path / "song.wav"], None, STEMS, pictures=True)
    check_overwrites([job])
    write(tmp_path / "foreign.wav", music(100))
    for stem, path in job.outputs.items():
        write(path, music(100), metadata=Metadata().of_stem(stem))
    with drawing(job.picture, 1, 1):
        pass
    check_overwrites([job])
    for path in job.files:
        content = path.read_bytes()
        for foreign in (
            b"",
            b"nothing of ours",
            (tmp_path / "foreign.wav").read_bytes() if path.suffix == ".wav" else b"x",
        ):
            path.write_bytes(foreign)
            with pytest.raises(UsageError, match=r"was not made by Acapella: say overwrite, or choose") as refused:
                check_overwrites([job])
            assert refused.value.arguments == ("overwrite", "out_dir", "name")
        path.write_bytes(content)


def test_a_folder_needs_a_wish_and_an_empty_one_is_named(album):
    with pytest.raises(UsageError, match=r"\. is a folder: add recursive") as refused:
        find_songs([Path()])
    assert refused.value.argument == "recursive"
    (album / "void").mkdir()
    found = find_songs([Path("void"), Path("a.mp3")], recursive=True)
    assert names(found.songs) == ["a.mp3"]
    assert [str(error) for error in found.empty] == ["void holds no audio files."]


def test_a_job_says_all_that_is_to_be_done(album):
    model = ModelChoice(("mine.onnx", "other.onnx"), runtime="openvino", weights=(2, 1), then="voices", tta=("swap",))
    options = WriteOptions("flac", 24, start=1.5)
    (job,) = plan_jobs([Path("a.mp3")], Path("out"), STEMS, model=model, options=options, pictures=True)
    assert job.outputs == {"vocal": Path("out/a_vocal.flac"), "instrumental": Path("out/a_instrumental.flac")}
    assert job.picture == Path("out/a.png")
    assert (job.model, job.options) == (model, options)
    assert pickle.loads(pickle.dumps(job)) == job


def test_stems_lie_beside_each_song_or_in_one_folder(album):
    beside = plan_jobs([Path("sub/b.FLAC"), STDIN], None, ["vocal"])
    assert [job.outputs["vocal"] for job in beside] == [Path("sub/b_vocal.wav"), Path("stdin_vocal.wav")]
    together = plan_jobs([Path("sub/b.FLAC"), Path("a.mp3")], Path("out"), ["vocal"])
    assert [job.outputs["vocal"].name for job in together] == ["b_vocal.wav", "a_vocal.wav"]
    assert len({job.id for job in (*beside, *together)}) == 4


def test_folders_are_mirrored_below_the_folder_for_the_stems(album):
    for name in ("sub/deep/a.mp3", "sub/a.mp3"):
        (album / name).parent.mkdir(exist_ok=True)
        (album / name).touch()
    found = find_songs([Path()], Path("out"), recursive=True)
    jobs = plan_jobs(found.songs, Path("out"), ["vocal"], pictures=True, subfolders=found.subfolders)
    outputs = {job.song.as_posix(): job.outputs["vocal"].as_posix() for job in jobs}
    assert outputs["a.mp3"] == "out/a_vocal.wav"
    assert outputs["sub/a.mp3"] == "out/sub/a_vocal.wav"
    assert outputs["sub/deep/a.mp3"] == "out/sub/deep/a_vocal.wav"
    assert all(job.picture.parent == job.outputs["vocal"].parent for job in jobs)
    for path in outputs.values():
        (album / path).parent.mkdir(exist_ok=True, parents=True)
        (album / path).touch()
    again = find_songs([Path()], Path("out"), recursive=True).songs
    assert set(again) == set(found.songs), "what lies there is no song"


@pytest.mark.skipif(os.name != "posix", reason="links and long names")
def test_what_cannot_be_looked_at_is_left_to_its_own_job(album):
    (album / "loop.wav").symlink_to("loop.wav")
    songs = [Path("loop.wav"), Path("x" * 300 + ".wav"), Path("a.mp3/x.wav"), Path("a.mp3")]
    found = find_songs(songs, Path("out")).songs
    assert found == songs
    jobs = plan_jobs(found, Path("out"), ["vocal"])
    assert not with_stems(jobs)


def test_jobs_know_whether_their_stems_are_there(album):
    first, second = (plan_jobs([Path("a.mp3")], None, stems)[0] for stems in (["vocal"], STEMS))
    assert with_stems([first, second]) == {first.id}


@pytest.mark.parametrize(
    ("songs", "out_dir", "pictures", "message"),
    [
        (["a.mp3", "sub/../a.mp3"], None, False, "would both write"),
        (
            ["a.mp3", "sub/a.wav"],
            "out",
            False,
            r"a\.mp3 and sub.a\.wav would both write out.a_vocal\.wav: choose another",
        ),
        (["a.mp3", "a_vocal.wav"], None, False, r"a\.mp3 would overwrite a_vocal\.wav: choose another out_dir"),
        (["a.mp3"], "notes.txt", False, "out_dir notes.txt is a file; name a folder"),
        (["a.mp3", "x/a.ogg"], "out", True, r"would both write out.a_vocal\.wav"),
    ],
)
def test_outputs_that_meet_are_refused_before_any_work(album, songs, out_dir, pictures, message):
    with pytest.raises(UsageError, match=message) as refused:
        plan_jobs([Path(song) for song in songs], out_dir and Path(out_dir), STEMS, pictures=pictures)
    assert refused.value.argument == "out_dir"


def test_what_cannot_be_done_with_any_song_is_refused(album, monkeypatch):
    with pytest.raises(UsageError, match="flac cannot hold 32f samples; use wav"):
        plan_jobs([Path("a.mp3")], None, STEMS, options=WriteOptions("flac", "32f"))
    with pytest.raises(UsageError, match="format='midi' is not one of"):
        plan_jobs([Path("a.mp3")], None, STEMS, options=WriteOptions("midi"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError):
        plan_jobs([Path("a.mp3")], None, STEMS, pictures=True)


def test_names_follow_a_template(album):
    model = ModelChoice(("models/a.onnx", "b"), then="c.onnx")
    (job,) = plan_jobs([Path("sub/b.FLAC")], None, STEMS, model=model, name="{model}/{song}/{stem}", pictures=True)
    assert job.outputs["vocal"] == Path("sub/a+b+c/b/vocal.wav")
    assert job.picture == Path("sub/b.png")
    (job,) = plan_jobs([Path("a.mp3")], Path("out"), ["vocal"], name="{song} {model}")
    assert job.outputs["vocal"] == Path("out/a default.wav")


def test_names_that_would_meet_are_refused(album):
    songs = [Path("a.mp3"), Path("sub/b.FLAC")]
    with pytest.raises(
        UsageError, match=r"would both write out.vocal\.wav: put \{song\} into name='\{stem\}'"
    ) as refused:
        plan_jobs(songs, Path("out"), STEMS, name="{stem}")
    assert refused.value.argument == "name"
    assert len(plan_jobs(songs, None, STEMS, name="{stem}")) == 2, "each is in its own folder"
    with pytest.raises(UsageError, match=r"a\.mp3 would overwrite a\.wav"):
        plan_jobs([Path("a.mp3"), Path("a.wav")], None, ["vocal"], name="{song}")


@pytest.mark.parametrize(
    ("name", "out_dir", "outputs"),
    [
        ("{stem}/{song}", None, ["vocal/a.wav", "sub/drums/b.flac"]),
        ("{song} [{stem}, {model}]", "out", ["out/a [vocal, m].wav", "a [vocal, m].wav"]),
        ("{song}", "out", ["out/a.wav", "out/b.flac"]),
    ],
)
def test_outputs_of_a_template_are_no_songs(album, name, out_dir, outputs):
    for output in outputs:
        (album / output).parent.mkdir(exist_ok=True, parents=True)
        (album / output).touch()
    before = find_songs([Path()], recursive=True, name="{song}-{stem}").songs
    songs = find_songs([Path()], out_dir and Path(out_dir), recursive=True, name=name, model="m").songs
    assert names(songs) == [song for song in names(before) if song not in outputs]
    assert "a.mp3" in names(songs)
