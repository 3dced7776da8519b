"""The server under load: many uploads at once, kills at random moments, a long song, and memory.

    python benchmarks/serve_load.py uploads [--uploads 200] [--concurrency 20]
    python benchmarks/serve_load.py kills [--kills 20] [--seed 1]
    python benchmarks/serve_load.py song SONG [--repeat 3]   time to the first byte of a stem, and the command line's
    python benchmarks/serve_load.py memory [--minutes 60]      while four such songs wait; needs /proc

Each prints what it has found and exits with 1 where something was lost, or served and not whole.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import killpg
from pathlib import Path

import httpx
import numpy as np
import soundfile

STEMS = ("vocal", "instrumental")
COMMAND = [sys.executable, "-m", "acapella"]


@contextmanager
def server(data: Path):
    """The process of a server, and a client."""
    command = [*COMMAND, "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    address = re.search(r"http://[\d.:]+", process.stderr.readline())[0]
    with httpx.Client(base_url=f"{address}/api/v1", timeout=600, trust_env=False) as http:
        yield process, http
    if process.poll() is None:
        killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def make_song(path: Path, seconds: float, seed: int) -> None:
    """Noise that swells, in 16 bit."""
    random_numbers = np.random.default_rng(seed)
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16") as file:
        for _ in range(round(seconds * 10)):
            file.write(random_numbers.uniform(-0.5, 0.5, (4410, 2)) * random_numbers.uniform())


def by_command_line(songs: list[Path], folder: Path) -> None:
    """The stems as `acapella isolate` makes them."""
    subprocess.run([*COMMAND, "--quiet", "isolate", *map(str, songs), "-o", str(folder)], check=True)


def upload(http: httpx.Client, path: Path) -> str:
    """The id of the song; a full queue is waited for."""
    while True:
        with path.open("rb") as file:
            answer = http.post(
                "/songs", params={"name": path.name}, content=file, headers={"Idempotency-Key": path.name}
            )
        if answer.status_code != 429:
            return answer.raise_for_status().json()["id"]
        time.sleep(1)


def wait_for(http: httpx.Client, song: str) -> str:
    """The state in which a song ends."""
    while (state := http.get(f"/songs/{song}").raise_for_status().json()["state"]) in ("waiting", "running"):
        time.sleep(0.05)
    return state


def wrong_stems(http: httpx.Client, song: str, expected: Path, name: str) -> list[str]:
    """The stems that are not, byte for byte, those of the command line."""
    served = {stem: http.get(f"/songs/{song}/stems/{stem}") for stem in STEMS}
    return [stem for stem, got in served.items() if got.content != (expected / f"{name}_{stem}.wav").read_bytes()]


def uploads(folder: Path, count: int, concurrency: int) -> int:
    """Many short songs at once; returns how many are lost or wrong."""
    songs = [folder / f"{number}.wav" for number in range(count)]
    for number, path in enumerate(songs):
        make_song(path, 0.3 + number % 5 / 10, number)
    by_command_line(songs, folder / "expected")
    with server(folder / "data") as (_, http), ThreadPoolExecutor(concurrency) as pool:
        start = time.monotonic()
        ids = list(pool.map(lambda path: upload(http, path), songs))
        uploaded = time.monotonic() - start
        lost = sum(wait_for(http, song) != "done" for song in ids) + count - len(set(ids))
        done = time.monotonic() - start
        wrong = sum(
            bool(wrong_stems(http, song, folder / "expected", path.stem)) for song, path in zip(ids, songs, strict=True)
        )
    print(
        f"{count} uploads, {concurrency} at a time, took {uploaded:.1f} s; all were done after {done:.1f} s; "
        f"{lost} lost, {wrong} wrong"
    )
    return lost + wrong


def kills(folder: Path, count: int, seed: int) -> int:
    """A server that is killed at random moments; returns how many songs are lost, or served and not whole."""
    moments, songs = random.Random(seed), [folder / f"{number}.wav" for number in range(6)]
    for number, path in enumerate(songs):
        make_song(path, 12, number)
    by_command_line(songs, folder / "expected")
    ids: dict[Path, str] = {}
    wrong = 0
    for turn in range(count):
        with server(folder / "data") as (process, http):
            path = songs[turn % len(songs)]
            ids[path] = ids.get(path) or upload(http, path)
            end = time.monotonic() + moments.uniform(0, 6)
            while time.monotonic() < end:
                for known, song in ids.items():
                    served = http.get(f"/songs/{song}/stems/vocal")
                    whole = (folder / "expected" / f"{known.stem}_vocal.wav").read_bytes()
                    wrong += served.status_code not in (200, 409) or (served.is_success and served.content != whole)
            if turn % 3 == 2:  # all is done again
                for song in ids.values():
                    http.post(f"/songs/{song}/retry")
            killpg(process.pid, signal.SIGKILL)
    with server(folder / "data") as (_, http):
        lost = sum(wait_for(http, upload(http, path)) != "done" for path in songs)
        known = len(http.get("/songs").json()["songs"])
        wrong += sum(bool(wrong_stems(http, song, folder / "expected", path.stem)) for path, song in ids.items())
    print(f"{count} kills: {lost} of {len(songs)} songs lost, {known} known, {wrong} answers wrong")
    return lost + wrong + (known != len(songs))


def song(folder: Path, path: Path, repeat: int) -> int:
    """Seconds to the first byte of a stem, in turns with the command line; a fresh server each time."""
    ratios = []
    for turn in range(repeat):
        start = time.monotonic()
        by_command_line([path], folder / "stems")
        command_line = time.monotonic() - start
        with server(folder / f"data{turn}") as (_, http):
            http.get("/health")
            start = time.monotonic()
            wait_for(http, known := upload(http, path))
            with http.stream("GET", f"/songs/{known}/stems/vocal") as answer:
                next(answer.iter_raw())
            first_byte = time.monotonic() - start
        ratios.append(first_byte / command_line)
        print(f"command line {command_line:.2f} s, first byte of a stem {first_byte:.2f} s: {ratios[-1]:.2f} times")
    print(f"median: {np.median(ratios):.2f} times")
    return 0


def memory(folder: Path, minutes: float) -> int:
    """The most memory of all of a server's processes while four long songs wait, in proportional shares."""
    path = folder / "long.wav"
    make_song(path, 60 * minutes, 0)
    most = 0
    with server(folder / "data") as (process, http):
        for number in range(5):
            link = folder / f"{number}.wav"
            link.hardlink_to(path)
            upload(http, link)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            most = max(most, _memory_of_group(process.pid))
            time.sleep(0.2)
        counts = http.get("/health").json()
    print(
        f"{counts['waiting']} songs of {minutes:g} minutes wait, {counts['running']} runs: {most / 1e6:.0f} MB at most"
    )
    return 0


def _memory_of_group(group: int) -> int:
    """Bytes of all processes in a process group."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                total += 1024 * int(re.search(r"Pss:\s+(\d+)", (folder / "smaps_rollup").read_text())[1])
        except (OSError, TypeError):  # it has just ended
            continue
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["uploads", "kills", "song", "memory"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serve-load-"))
    try:
        match given.what:
            case "uploads":
                failures = uploads(folder, given.uploads, given.concurrency)
            case "kills":
                failures = kills(folder, given.kills, given.seed)
            case "song":
                failures = song(folder, given.file, given.repeat)
            case _:
                failures = memory(folder, given.minutes)
    finally:
        shutil.rmtree(folder)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
