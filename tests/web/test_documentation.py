"""The API's documentation: its examples run, and nothing in it comes from another host."""

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from tests.web.studios import client, song_bytes

import acapella.web

PAGE = Path(acapella.web.__file__).parent / "documentation/index.html"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = [(kind, unescape(code)) for kind, code in re.findall(r'<code class="(\w+)">(.*?)</code></pre>', TEXT, re.S)]
PROGRAMS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-W", "error::SyntaxWarning", "-c"]}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number, tmp_path):
    kind, code = EXAMPLES[number]
    if kind == "sh" and not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("curl or bash is not installed")
    (tmp_path / "song.mp3").write_bytes(song_bytes(tmp_path))
    with client(tmp_path / "data") as http:
        code = code.replace("http://127.0.0.1:8000", str(http.base_url).rstrip("/"))
        environment = {name: text for name, text in os.environ.items() if "proxy" not in name.lower()}
        run = subprocess.run(
            [*PROGRAMS[kind], code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stdout + run.stderr
    for name in re.findall(r"-o (\w+\.(?:wav|zip|mp3))", code):
        assert (tmp_path / name).stat().st_size > 100


def test_there_are_examples_of_both_kinds():
    assert {kind for kind, _ in EXAMPLES} == {"sh", "python"}


def test_all_paths_are_named(tmp_path):
    with client(tmp_path) as http:
        paths = http.get("/openapi.json").json()["paths"]
        assert http.get("/docs/").text == TEXT
    for path in paths:
        name = path.removeprefix("/api/v1").rpartition("}")[0].rpartition("/")[0] or path.removeprefix("/api/v1")
        assert name.replace("{song_id}", "ID") in TEXT or name == "/session", path


def test_nothing_comes_from_another_host():
    loaded = re.findall(r'(?:src|href)="([^"]+)"', re.sub(r"<a [^>]*>", "", TEXT))
    assert loaded == ["style.css"]
    assert "<script" not in TEXT
    assert "style=" not in TEXT
