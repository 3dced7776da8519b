"""`acapella serve` as a command."""

import subprocess
import sys

import pytest
from tests.web.studios import STOPPED, Server

from acapella.cli import main


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    return ended.value.code


def test_without_its_packages_one_sentence_says_what_to_install(tmp_path):
    start = "import sys; sys.modules['uvicorn'] = None; from acapella.cli import main; main(sys.argv[1:])"
    ended = subprocess.run(
        [sys.executable, "-c", start, "serve", "--data", tmp_path], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        "Error: acapella serve needs packages that are not installed: pip install '.[web]' in the checkout.\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "Error: --host=0.0.0.0 lets other machines in: give a token, or"),
        (["--port", "99999"], "Error: --port=99999 is not in 0 to 65535."),
        (["--workers", "0"], "Error: --workers=0 is not more than 0."),
        (["--token", "short"], "Error: --token has fewer than 8 characters"),
        (["--host", "192.0.2.1", "--no-token"], "192.0.2.1:8000 cannot be listened on"),
    ],
)
def test_wrong_usage_is_one_sentence(options, said, capsys, tmp_path):
    assert run("--data", str(tmp_path), *options) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


@pytest.mark.slow  # two processes
def test_it_says_its_address_and_ends_when_it_is_told_to(tmp_path):
    with Server(tmp_path / "data") as server:
        assert server.http.get("/").status_code == 200
        again = [sys.executable, "-m", "acapella", "serve", "--port", "0", "--data", str(tmp_path / "data")]
        second = subprocess.run(again, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert "another `acapella serve`" in second.stderr
        assert server.stop() in STOPPED
