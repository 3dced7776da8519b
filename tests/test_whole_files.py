import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from acapella import whole_files
from acapella.audio_files import AudioWriter, read_audio
from acapella.whole_files import atomic_write, remove_leftovers, temporary_path

THREADS = 8


def test_a_file_appears_at_the_end_and_its_folder_with_it(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_names_as_long_as_the_system_takes_them(tmp_path):
    path = tmp_path / ("ü" * 125 + ".wav")
    with atomic_write(path) as temporary:
        temporary.touch()
    assert path.exists()


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    path, other = tmp_path / "a [1].txt", tmp_path / "a 1.txt"
    for file in (path, other, temporary_path(path), temporary_path(path), temporary_path(other)):
        file.touch()
    remove_leftovers(path)
    assert len(list(tmp_path.iterdir())) == 3
    remove_leftovers(other)
    assert sorted(tmp_path.iterdir()) == [other, path]


@pytest.mark.skipif(whole_files.SET_LOCK is None, reason="this system has no locks of open files")
def test_what_a_killed_process_has_left_goes_at_the_next_write_and_nobody_elses(tmp_path):
    code = (
        "import sys, time, pathlib\nfrom acapella.whole_files import atomic_write\n"
        "with atomic_write(pathlib.Path(sys.argv[1])) as unfinished:\n print(flush=True)\n time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "song.wav")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as killed,
        subprocess.Popen(command, stdout=subprocess.PIPE) as living,
    ):
        killed.stdout.readline(), living.stdout.readline()
        tagged = next(tmp_path.iterdir()).with_name(".a.wav.partial-00000000-tagged")
        tagged.touch()
        assert len(list(tmp_path.iterdir())) == 3
        killed.kill()
        killed.wait()
        with atomic_write(tmp_path / "other.wav") as unfinished:
            unfinished.write_text("")
        assert len(list(tmp_path.iterdir())) == 3, "of the living, of nobody knows whom, and the new one"
        living.terminate()
    whole_files._remove_orphans.cache_clear()
    os.utime(tagged, (0, 0))
    with atomic_write(tmp_path / "other.wav"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other.wav"]


def together(write):
    """Call `write` with 0, 1, … in threads that all are in the middle of writing at one moment."""
    everybody = threading.Barrier(THREADS, timeout=20)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda number: write(number, everybody), range(THREADS)))


def test_threads_that_write_one_file_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"

    def write(number, everybody):
        with atomic_write(path) as temporary:
            temporary.write_text(f"{number}" * 1000)
            everybody.wait()

    together(write)
    assert path.read_text() in {f"{number}" * 1000 for number in range(THREADS)}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_threads_that_write_one_audio_file_do_not_meet(tmp_path, format):
    path = tmp_path / f"a.{format}"

    def write(number, everybody):
        with AudioWriter(path, 44100, 1, format) as writer:
            everybody.wait()
            writer.write(np.full((1000, 1), number / 16, np.float32))

    together(write)
    audio, _ = read_audio(path)
    assert audio.shape == (1000, 1)
    assert audio[0, 0] * 16 in range(THREADS)
    assert len(np.unique(audio)) == 1
    assert list(tmp_path.iterdir()) == [path]
