"""What a command gets from the system: closed streams, terminals of few characters, little memory, full disks."""

import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from tests.cli.commands import stems_in
from tests.cli.conftest import folder  # noqa: F401
from tests.made import write_song

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
ACAPELLA = f"{sys.executable} -m acapella"
WORDS = "--model half.onnx -o out"
MB = 1 << 20


def shell(line: str, *limits: tuple[int, int], **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run `line` with environment variables, and limits of the system: numbers and values."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for number, value in limits:
            resource.setrlimit(number, (value, value))

    environment = {**os.environ, **variables}
    return subprocess.run(
        ["bash", "-c", line], env=environment, preexec_fn=limit, capture_output=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "closed", "code", "said"),
    [
        ("song.wav", "<&- >&- 2>&-", 0, b""),
        ("-", "<&-", 1, b"Error: standard input: cannot be read (it is closed).\n"),
        ("song.wav -o - --stems vocal", ">&-", 2, b"Error: -o - writes to standard output, which is closed.\n"),
        ("song.wav -o - --stems vocal", ">/dev/full", 1, b"Error: standard output: No space left on device.\n"),
    ],
)
def test_closed_streams(folder, words, closed, code, said):  # noqa: F811
    ran = shell(f"{ACAPELLA} {WORDS} {words} {closed}")
    assert (ran.returncode, ran.stderr) == (code, said)
    assert not (folder / "out").exists() if code else len(stems_in(folder / "out")) == 2


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_terminals_of_few_characters(folder, charset):  # noqa: F811
    (folder / "song.wav").rename("声 é.wav")
    ran = shell(f"{ACAPELLA} '声 é.wav' nothing.wav {WORDS}", PYTHONIOENCODING=charset, LC_ALL="C")
    assert ran.returncode == 1
    assert "? é.wav ? out/? é_vocal.wav".encode(charset, "replace") in ran.stderr
    assert b"Error: nothing.wav: cannot be read (No such file or directory).\n" in ran.stderr
    assert stems_in(folder / "out") == ["声 é_instrumental.wav", "声 é_vocal.wav"]


def test_few_open_files(folder):  # noqa: F811
    assert shell(f"{ACAPELLA} song.wav {WORDS}", (resource.RLIMIT_NOFILE, 32)).returncode == 0
    assert len(stems_in(folder / "out")) == 2
    shutil.rmtree("out")
    ran = shell(f"{ACAPELLA} song.wav {WORDS}", (resource.RLIMIT_NOFILE, 5))
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"Error: ")
    assert b"Too many open files" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("megabytes", [100, 250, 600])
def test_little_memory(folder, megabytes):  # noqa: F811
    ran = shell(f"{ACAPELLA} song.wav {WORDS}", (resource.RLIMIT_AS, megabytes * MB))
    made = stems_in(folder / "out") if (folder / "out").exists() else []
    assert (ran.returncode, len(made)) == ((1, 0) if megabytes < 400 else (0, 2))
    if megabytes < 400:
        assert (
            ran.stderr.decode() == f"Error: The limit of memory (ulimit -v) is {megabytes} MB, and 400 are the least.\n"
        )


@pytest.mark.parametrize(("format", "size"), [("m4a", 20_000), ("opus", 20_000), ("wav", 200_000)])
def test_a_full_disk(folder, format, size):  # noqa: F811
    """In opus, the song is resampled: soxr says what it thinks of objects that outlive it."""
    write_song(folder / "song.wav", 5)
    ran = shell(f"{ACAPELLA} song.wav {WORDS} --format {format}", (resource.RLIMIT_FSIZE, size))
    assert ran.returncode == 1
    assert ran.stderr == f"Error: out/song_vocal.{format}: cannot be written (File too large).\n".encode()
    assert not list((folder / "out").iterdir())


def test_a_folder_that_disappears(folder):  # noqa: F811
    """Together with the current folder, and what was written in it."""
    ran = shell(f"mkdir gone && cd gone && rmdir ../gone && {ACAPELLA} ../song.wav --model ../half.onnx")
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"Error: ")
    assert b"Traceback" not in ran.stderr


def test_no_home(folder):  # noqa: F811
    assert shell(f"env -u HOME {ACAPELLA} song.wav {WORDS}").returncode == 0
    assert len(stems_in(folder / "out")) == 2
