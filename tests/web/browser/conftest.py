"""A server of the example song, and Chromium to use it with. Where there is no Chromium these tests skip,
but for CI."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.web.browser.pages import Pages

ROOT = Path(__file__).parents[3]
SONG = ROOT / "examples/song.flac"
FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def serve(folder: Path, *options: str):
    """A server as a user starts it, and its address."""
    command = [sys.executable, "-m", "acapella", "serve", "--port", "0", "--data", str(folder), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    address = process.stderr.readline().split(" listens on ")[1].split()[0]
    return process, address


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    """Start servers; they are stopped at the end."""
    running = []

    def start(*options: str) -> str:
        process, address = serve(tmp_path_factory.mktemp("server"), *options)
        running.append(process)
        return address

    yield start
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=10)
        finally:
            process.kill()
            process.stderr.close()


@pytest.fixture(scope="session")
def server(start_server) -> str:
    """Address of a server without a token."""
    return start_server()


@pytest.fixture(scope="session")
def song(server) -> dict:
    """The example song, separated."""
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    with httpx.Client(base_url=f"{server}/api/v1") as client:
        made = (
            client.post("/songs", params={"name": "Example.flac"}, content=SONG.read_bytes()).raise_for_status().json()
        )
        for _ in range(600):
            state = client.get(f"/songs/{made['id']}").json()
            if state["state"] == "done":
                return state
            assert state["state"] in ("waiting", "running"), state
            time.sleep(0.1)
    raise AssertionError("the example song was not separated in a minute")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        assert "CI" not in os.environ, "in CI these tests must run: install chromium"
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def pages(browser):
    """Opens pages for one test."""
    opened = Pages(browser)
    yield opened
    opened.close()
