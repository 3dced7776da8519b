"""Other people's models here and in their own programs: wall and CPU seconds per second of audio, and peak memory.

    pip install -e '.[convert,openvino,analysis]'
    python3.11 -m venv dem && dem/bin/pip install demucs==4.1.0 soundfile
    python3.11 -m venv sep && sep/bin/pip install 'audio-separator[cpu]==0.47.1'
    mkdir others
    python benchmarks/mdx_net.py others
    python benchmarks/own_networks.py others                                             # scnet, open_unmix
    dem/bin/python benchmarks/htdemucs.py make others/htdemucs.th
    sep/bin/python benchmarks/audio_separator_peer.py make mel_band_roformer others      # bs_roformer, mdx23c as well
    acapella models convert others/htdemucs.th -o others/htdemucs.onnx
    acapella models convert others/mel_band_roformer.ckpt --config others/mel_band_roformer.yaml \\
        -o others/mel_band_roformer.onnx
    python benchmarks/others.py others song.wav --demucs dem/bin/python --separator sep/bin/python --seconds 60 \\
        --save benchmarks/results/others.md

The sizes are the published ones and the weights random, the same for all programs. Each round runs every command once,
in new processes, one after the other; the medians count. With --growth 1200, our peak memory for --seconds of the song
and for 1,200 of them is compared instead.
"""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from speed import Run, make_song, measure, median

PEERS = {  # the program of each family, as a command with places
    "mdx_net": "{separator} benchmarks/audio_separator_peer.py separate {folder}/mdx_net.onnx {song} {out}",
    "mdx23c": "{separator} benchmarks/audio_separator_peer.py separate {folder}/mdx23c.ckpt {song} {out}",
    "mel_band_roformer": "{separator} benchmarks/audio_separator_peer.py separate {folder}/mel_band_roformer.ckpt "
    "{song} {out}",
    "bs_roformer": "{separator} benchmarks/audio_separator_peer.py separate {folder}/bs_roformer.ckpt {song} {out}",
    "htdemucs": "{demucs} benchmarks/htdemucs.py {song} {out} {folder}/htdemucs.th",
}
OURS = "{python} -m acapella --quiet isolate {song} -o {out} --model {folder}/{family}.onnx --runtime {runtime}"
RUNTIMES = ("onnxruntime", "openvino")


def commands(family: str, arguments: argparse.Namespace) -> dict[str, str]:
    """Each system's command for a family; places for the song and a folder are left."""
    places = {"python": sys.executable, "folder": arguments.folder, "family": family, "song": "{song}", "out": "{out}"}
    ours = {f"Acapella, {runtime}": OURS.format(**places, runtime=runtime) for runtime in arguments.runtimes}
    peer = PEERS.get(family, "")
    program = {"separator": arguments.separator, "demucs": arguments.demucs}
    needed = next((name for name in program if f"{{{name}}}" in peer), None)
    if needed is None or program[needed] is None:
        return ours
    name = {"separator": "audio-separator 0.47.1", "demucs": "demucs 4.1.0"}[needed]
    return {**ours, name: peer.format(**places, **program)}


def compare(systems: dict[str, str], song: Path, rounds: int) -> dict[str, Run]:
    """The median run of each system."""
    runs: dict[str, list[Run]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, command in systems.items():
            with tempfile.TemporaryDirectory() as out:
                runs[name].append(measure([word.format(song=song, out=out) for word in shlex.split(command)]))
    return {name: median(found) for name, found in runs.items()}


def rows(family: str, found: dict[str, Run], seconds: float) -> list[str]:
    """Of the table; the peer, which comes last, is 1."""
    peer = list(found.values())[-1].wall if family in PEERS else None
    return [
        f"| {family} | {name} | {run.wall / seconds:.3f} | {run.cpu / seconds:.3f} | {run.memory:.0f} | "
        + (f"{run.wall / peer:.2f} |" if peer else "|")
        for name, run in found.items()
    ]


def growth(family: str, systems: dict[str, str], songs: list[Path]) -> list[str]:
    """Peak memory of ours for a song and a longer one."""
    lines = []
    for name, command in systems.items():
        if not name.startswith("Acapella"):
            continue
        short, long = (compare({name: command}, song, 1)[name].memory for song in songs)
        lines.append(f"| {family} | {name} | {short:.0f} | {long:.0f} | {long / short:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with the model files, NAME.onnx for each family")
    parser.add_argument("song", type=Path)
    parser.add_argument("--families", nargs="+", default=list(PEERS), help="scnet and open_unmix as well")
    parser.add_argument("--runtimes", nargs="+", default=list(RUNTIMES), choices=RUNTIMES)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--demucs", help="the Python of an environment with demucs")
    parser.add_argument("--separator", help="the Python of an environment with audio-separator")
    parser.add_argument("--growth", type=float, help="seconds of the longer song")
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    head = "| family | system | wall s per s | CPU s per s | peak MB | wall, peer = 1 |\n|---|---|---|---|---|---|"
    if arguments.growth:
        head = f"| family | system | peak MB | for {arguments.growth:g} s | ratio |\n|---|---|---|---|---|"
    lines = [head]
    with tempfile.TemporaryDirectory() as folder:
        lengths = [arguments.seconds] + [arguments.growth] * bool(arguments.growth)
        songs = [make_song(arguments.song, length, Path(folder) / f"{length:g}.wav") for length in lengths]
        for family in arguments.families:
            systems = commands(family, arguments)
            found = growth(family, systems, songs) if arguments.growth else None
            lines += found or rows(family, compare(systems, songs[0], arguments.rounds), arguments.seconds)
            print("\n".join(lines[-len(systems) :]), flush=True)
    if arguments.save:
        arguments.save.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
