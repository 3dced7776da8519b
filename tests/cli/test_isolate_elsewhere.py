"""`acapella isolate` of songs that lie elsewhere."""

from tests.cli.commands import run, stems_in
from tests.made import write_song
from tests.storage.object_store import BUCKET, content, keys


def test_a_folder_in_a_store(s3, folder, capsys):
    (folder / "made/deep").mkdir(parents=True)
    for name in ("a.wav", "deep/b.flac"):
        write_song(folder / "made" / name, 0.2)
        s3.upload_file(str(folder / "made" / name), BUCKET, f"songs/{name}")
    words = ["isolate", "s3://bucket/songs/", "-r", "-o", "s3://bucket/stems", "--model", "half.onnx"]
    assert run(*words) == 0
    assert "s3://bucket/songs/a.wav → s3://bucket/stems/a_vocal.wav, " in capsys.readouterr().err
    stems = [key for key in keys(s3) if key.startswith("stems/")]
    assert stems == [f"stems/{name}_{stem}.wav" for name in ("a", "deep/b") for stem in ("instrumental", "vocal")]
    assert run("isolate", "made", "-r", "-o", "here", "--model", "half.onnx") == 0
    assert all(content(s3, key) == (folder / "here" / key.removeprefix("stems/")).read_bytes() for key in stems)
    s3.delete_object(Bucket=BUCKET, Key=stems[0])
    capsys.readouterr()
    assert run(*words, "--skip-existing") == 0
    printed = capsys.readouterr().err
    assert printed.count("skipped: its stems are there") == 1
    assert [key for key in keys(s3) if key.startswith("stems/")] == stems


def test_a_web_address_writes_here_and_needs_leave_for_this_machine(web, folder, capsys):
    address = f"http://127.0.0.1:{web.port}/song.wav?key=secret"
    assert run(address, "--model", "half.onnx", "--stems", "vocal") == 1
    printed = capsys.readouterr().err
    assert "leads to 127.0.0.1, which is in a private network; --allow-private would let it be read." in printed
    assert run(address, "--model", "half.onnx", "--stems", "vocal", "--allow-private") == 0
    assert stems_in(folder) == ["song_vocal.wav"]
    assert "secret" not in printed + capsys.readouterr().err


def test_a_web_server_takes_no_stems(folder, capsys):
    assert run("song.wav", "-o", "https://example.com/stems", "--model", "half.onnx") == 2
    assert "https://example.com/stems cannot be written to" in capsys.readouterr().err
