"""The page in a browser: how soon it is ready, and what a song costs it: memory, the time to its player, seeks.

    python benchmarks/serve_page.py [SONG] [--seconds 60] [--phone]

Needs Playwright and Chromium, and /proc for memory. The page is opened five times in a browser that runs, without its
cache; it is ready when the songs are listed and files can be chosen. Then the song is separated, opened and played, and
some places in it are clicked at.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
SIZES = {False: {"width": 1280, "height": 800}, True: {"width": 360, "height": 740}}
# The moment at which songs and models have been read and shown, in milliseconds since the navigation began.
READY = (ROOT / "tests/web/browser/ready.js").read_text()
SEEKS = 20


@contextmanager
def server(data: Path) -> Iterator[str]:
    """The address of a server."""
    command = [sys.executable, "-m", "acapella", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://[\d.:]+", process.stderr.readline())[0]
        finally:
            process.terminate()


def ready(browser: Browser, address: str, phone: bool, times: int = 5) -> list[dict[str, float]]:
    """Milliseconds until the page is painted first, and until it is ready, each with an empty cache."""
    found = []
    context = browser.new_context(viewport=SIZES[phone])
    context.add_init_script(READY)
    page = context.new_page()
    page.goto(address)  # the browser starts a process for the page
    context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    for _ in range(times):
        page.goto(address)
        page.wait_for_function("() => window.readyAt")
        painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        found.append({"painted": page.evaluate(painted), "ready": page.evaluate("window.readyAt")})
    context.close()
    return found


def separate(page: Page, song: Path) -> float:
    """Upload a song by the page; seconds until it is done."""
    start = time.monotonic()
    page.locator("#files").set_input_files(song)
    page.locator("#songs li[data-state=done]").wait_for(timeout=3_600_000)
    return time.monotonic() - start


def memory(browser: Browser) -> float:
    """Megabytes of the processes that run pages, in proportional shares."""
    session = browser.new_browser_cdp_session()
    processes: list[dict[str, Any]] = session.send("SystemInfo.getProcessInfo")["processInfo"]
    total = 0
    for process in processes:
        if process["type"] == "renderer":
            text = Path(f"/proc/{process['id']}/smaps_rollup").read_text()
            total += int(re.search(r"Pss:\s+(\d+)", text)[1])
    return total / 1e3


def seconds(page: Page) -> float:
    """Where the player says it is."""
    rest = 0.0
    for part in page.locator(".transport .now").inner_text().split(":"):
        rest = 60 * rest + float(part)
    return rest


def seek(page: Page, place: float) -> float:
    """Seconds from a click into the waveform until the sound goes on from there."""
    wave = page.locator(".wave").first.bounding_box()
    before, start = seconds(page), time.monotonic()
    page.mouse.click(wave["x"] + place * wave["width"], wave["y"] + 20)
    while abs((there := seconds(page)) - before) < 2:  # the click has not been shown yet
        page.wait_for_timeout(10)
    while not seconds(page) > there + 0.05:
        page.wait_for_timeout(10)
    return time.monotonic() - start


def open_song(page: Page) -> tuple[float, float]:
    """Open the song anew; seconds until its waveforms are drawn, and until it plays."""
    page.reload()
    start = time.monotonic()
    page.wait_for_selector(".player")
    page.wait_for_function("() => !document.querySelector('.wave.loading')", timeout=300_000)
    drawn = time.monotonic() - start
    start = time.monotonic()
    page.get_by_role("button", name="Play").click()
    while seconds(page) < 0.1:
        page.wait_for_timeout(10)
    return drawn, time.monotonic() - start


def song(browser: Browser, address: str, path: Path, phone: bool, played: float) -> None:
    """Everything of one song, printed."""
    page = browser.new_context(viewport=SIZES[phone]).new_page()
    page.goto(address)
    print(f"separated after {separate(page, path):.1f} s; the page has {memory(browser):.0f} MB")
    page.locator("#songs a").first.click()
    drawn, plays = open_song(page)
    print(f"waveforms drawn after {drawn:.2f} s, plays {plays:.2f} s after the key; {memory(browser):.0f} MB")
    start, most = time.monotonic(), 0.0
    while time.monotonic() - start < played:
        page.wait_for_timeout(1000)
        most = max(most, memory(browser))
    print(f"after {played:g} s of play: at {seconds(page):.1f} s, {most:.0f} MB at most")
    waits = [seek(page, (7 * number % SEEKS + 0.5) / SEEKS) for number in range(SEEKS)]
    print(
        f"{SEEKS} seeks: sound after {statistics.median(waits):.2f} s (median), {max(waits):.2f} s at most; "
        f"{memory(browser):.0f} MB"
    )
    page.get_by_role("button", name="Spectrogram of Vocals").click()
    start = time.monotonic()
    page.locator(".top-hz", has_text="kHz").wait_for(timeout=300_000)
    print(f"spectrogram after {time.monotonic() - start:.2f} s; {memory(browser):.0f} MB")
    width = page.evaluate("document.documentElement.scrollWidth")
    print(f"the page is {width} pixels wide in a window of {SIZES[phone]['width']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=60, help="of play")
    parser.add_argument("--phone", action="store_true", help="a window of 360 pixels")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        times = ready(browser, address, given.phone)
        for what in ("painted", "ready"):
            values = [one[what] for one in times]
            print(f"{what} after {statistics.median(values):.0f} ms (median), {max(values):.0f} ms at most")
        if given.song:
            song(browser, address, given.song, given.phone, given.seconds)
        browser.close()


if __name__ == "__main__":
    main()
