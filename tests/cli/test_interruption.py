"""Signals at any moment: a word, 130, and nothing half-done."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tests send signals")
PATIENCE = 60  # seconds
HANDLED = "import acapella.cli.interruption as i; print(flush=True)\nwith i.Interruption() as now: "


def interrupted(code, *numbers):
    """Exit code of a program that takes `numbers` as signals once it has printed a line, and what it said then."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    for number in numbers:
        time.sleep(0.1)
        process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def test_an_import_is_ended_at_once(tmp_path, monkeypatch):
    (tmp_path / "slow.py").write_text("import time\ntry: time.sleep(30)\nexcept BaseException: print('caught')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    code = "import acapella.cli as c\nprint(flush=True)\ndef run(words):\n import slow\nc.run_guarded(run, [])"
    assert interrupted(code, signal.SIGINT) == (130, "Interrupted.\n")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_work_is_cleared_up_and_further_signals_do_not_disturb_that(tmp_path, number):
    target = tmp_path / "a.txt"
    code = f"""
import acapella.cli as c, pathlib, sys, time
from acapella.whole_files import atomic_write
def run(words):
    with atomic_write(pathlib.Path({str(target)!r})) as unfinished:
        unfinished.write_text("half")
        try:
            print(flush=True)
            time.sleep(30)
        finally:
            time.sleep(0.4)
            print("cleared up", file=sys.stderr)
c.run_guarded(run, [])
"""
    assert interrupted(code, signal.Signals[number], signal.SIGINT) == (130, "cleared up\nInterrupted.\n")
    assert not list(tmp_path.iterdir())


def test_an_interruption_that_a_destructor_swallows_comes_again():
    code = """
import acapella.cli as c, time
class Slow:
    def __del__(self):
        print(flush=True)
        time.sleep(1)
def run(words):
    Slow()
    time.sleep(30)
c.run_guarded(run, [])
"""
    assert interrupted(code, signal.SIGINT) == (130, "Interrupted.\n")


def test_signals_that_are_ignored_stay_so():
    code = f"import signal\nsignal.signal(2, signal.SIG_IGN)\n{HANDLED}\n import time; time.sleep(0.3)"
    assert interrupted(code, signal.SIGINT) == (0, "")
