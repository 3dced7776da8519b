"""Songs on a Ray cluster: that none is lost, and what a cluster costs.

    python benchmarks/cluster.py songs [--songs 300] [--node-kills 2]   an S3 server and three nodes of this machine;
                                         nodes and the driver are killed; all stems must equal those of one machine
    python benchmarks/cluster.py rate    songs per second with stand-ins of 50 ms, and what Ray costs a song
    python benchmarks/cluster.py memory  the driver's memory over 10,000 stand-ins
    python benchmarks/cluster.py two     one actor and two, of one core each, over the same songs

Needs the extra [dev]. Results: benchmarks/results/cluster.md.
"""

import argparse
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import soundfile

ROOT = Path(__file__).parents[1]
BUCKET = "bucket"
STEMS = ("instrumental", "vocal")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(MEASUREMENTS))
    parser.add_argument("--songs", type=int, default=300)
    parser.add_argument("--node-kills", type=int, default=2)
    os.environ["PYTHONPATH"] = f"{ROOT / 'benchmarks'}:{ROOT / 'src'}"  # of the actors
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    return MEASUREMENTS[(given := parser.parse_args()).what](given)


# --- songs, and machines that die -------------------------------------------------------------------------------------


def measure_songs(given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name, store() as s3:
        folder = Path(name)
        make_songs(folder / "songs", given.songs)
        for path in sorted((folder / "songs").iterdir()):
            s3.upload_file(str(path), BUCKET, f"songs/{path.name}")
        isolate(str(folder / "songs"), "-r", "-o", str(folder / "one")).wait()
        with nodes() as cluster, watched(s3) as seen:
            runs = drive(cluster, folder / "manifest.jsonl", given.songs, given.node_kills)
        return compare(s3, seen, folder / "one", given.songs, runs)


def make_songs(folder: Path, count: int, seconds: float = 1.0) -> None:
    folder.mkdir()
    for number in range(count):
        noise = np.random.default_rng(number).uniform(-0.4, 0.4, (round(seconds * 44100), 2))
        soundfile.write(folder / f"{number:05}.wav", noise, 44100, subtype="PCM_16")


@contextmanager
def store() -> Iterator:
    """A client of a real S3 interface on the loopback; the environment of new processes leads there."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    server.stop()


@contextmanager
def nodes() -> Iterator:
    """Three nodes of one core each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    cluster.add_node(**NODE)
    cluster.add_node(**NODE)
    yield cluster
    cluster.shutdown()


NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


@contextmanager
def watched(s3) -> Iterator[dict[str, set[str]]]:
    """The hashes of each object in the listings of the whole time: one that was listed half there has two."""
    seen: dict[str, set[str]] = {}
    end = threading.Event()

    def watch() -> None:
        while not end.wait(0.05):
            for key, mark in listed(s3):
                seen.setdefault(key, set()).add(mark)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield seen
    end.set()
    watcher.join()


def listed(s3) -> list[tuple[str, str]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="stems/")
    return [(entry["Key"], entry["ETag"]) for page in pages for entry in page.get("Contents", [])]


def isolate(*words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "acapella", "-q", "isolate", *words]
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})


def drive(cluster, manifest: Path, songs: int, node_kills: int) -> list[str]:
    """Kill the driver after a third of the songs, and nodes after more of them; what happened, in words."""
    words = ("s3://bucket/songs/", "-r", "-o", "s3://bucket/stems", "--cluster", cluster.address)
    kills = [songs // 3 + (kill + 1) * songs // (2 * (node_kills + 1)) for kill in range(node_kills)]
    said, began = [], time.monotonic()
    driver = isolate(*words, "--manifest", str(manifest))
    wait_for(manifest, songs // 3, driver)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    said.append(f"driver killed after {lines(manifest)} songs")
    driver = isolate(*words, "--manifest", str(manifest))
    for after in kills:
        wait_for(manifest, after, driver)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        said.append(f"a node killed after {lines(manifest)}")
        cluster.add_node(**NODE)
    said.append(f"driver's exit code {driver.wait()}, {time.monotonic() - began:.0f} s in all")
    return said


def wait_for(manifest: Path, count: int, driver: subprocess.Popen) -> None:
    while lines(manifest) < count and driver.poll() is None:
        time.sleep(0.02)


def lines(manifest: Path) -> int:
    return manifest.read_bytes().count(b"\n") if manifest.exists() else 0


def compare(s3, seen: dict[str, set[str]], reference: Path, songs: int, said: list[str]) -> int:
    final, equal = dict(listed(s3)), 0
    for key in final:
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        equal += body == (reference / key.removeprefix("stems/")).read_bytes()
    half = [key for key, marks in seen.items() if marks - {final.get(key)}]
    wanted = {f"stems/{number:05}_{stem}.wav" for number in range(songs) for stem in STEMS}
    print(f"{songs} songs: {equal} of {len(wanted)} stems equal those of one machine,")
    missing, surplus = len(wanted - final.keys()), len(final.keys() - wanted)
    print(f"{missing} missing, {surplus} too many, {len(half)} ever listed half there;")
    print("; ".join(said))
    return 0 if equal == len(wanted) == len(final) and not half else 1


# --- stand-ins --------------------------------------------------------------------------------------------------------


class StandIn:
    """Takes the place of an isolator, and so many seconds for a song."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def write_stems(self, *_) -> SimpleNamespace:
        """Take the time, and write nothing."""
        time.sleep(self.seconds)
        return SimpleNamespace(seconds=200.0, clipped={}, gain=1.0, sample_rate=44100, song_rate=44100, silent=())


def open_slow(*_) -> StandIn:
    return StandIn(0.05)


def open_idle(*_) -> StandIn:
    return StandIn(0.0)


def stand_ins(count: int) -> Iterator:
    from acapella.jobs.job import Job

    for number in range(count):
        yield Job(Path(f"/nowhere/{number}.wav"), {"vocal": Path(f"/nowhere/{number}_vocal.wav")})


def started(actors: int, open_isolator, cpus: int):
    """An executor whose actors have all started."""
    import ray

    from acapella.jobs.ray import RayExecutor

    if not ray.is_initialized():
        ray.init("local", num_cpus=cpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    executor = RayExecutor(actors=actors, open_isolator=open_isolator)
    held = []
    while len(held) < actors:
        if member := executor._pool.take():
            held.append(member)
        time.sleep(0.05)
    for member in held:
        executor._pool.give(member)
    executor.run(stand_ins(2 * actors), lambda event: None)
    return executor


def measure_rate(_: argparse.Namespace) -> int:
    import ray

    for actors in (1, 4, 16, 64):
        with started(actors, open_slow, actors) as executor:
            count = 40 * actors
            seconds = timed(executor, count)
        load, rate = os.getloadavg()[0], f"{count / seconds:6.1f} songs/s of {20 * actors}"
        print(f"{actors:3} actors, 50 ms a song: {rate}, load {load:.0f}", flush=True)
        ray.shutdown()
    with started(1, open_idle, 1) as executor:
        print(f"what Ray costs a song: {1000 * timed(executor, 500) / 500:.2f} ms")
    return 0


def timed(executor, count: int) -> float:
    """Seconds that so many stand-ins take; all must succeed."""
    from acapella.jobs.events import Done, Started

    def check(event) -> None:
        if not isinstance(event, Started | Done):
            sys.exit(f"{event.job.song} was not done: {event}")

    began = time.monotonic()
    executor.run(stand_ins(count), check)
    return time.monotonic() - began


def measure_memory(_: argparse.Namespace) -> int:
    with started(4, open_idle, 4) as executor:
        for count in (1000, 9000, 10000):
            seconds = timed(executor, count)
            print(f"{count} more: {memory():.1f} MB in use, {count / seconds:.0f} songs/s", flush=True)
    return 0


def memory() -> float:
    """Resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


# --- two actors -------------------------------------------------------------------------------------------------------


def measure_two(given: argparse.Namespace) -> int:
    from acapella.jobs.job import Job, ModelChoice

    with tempfile.TemporaryDirectory() as name:
        make_songs(Path(name) / "songs", 8, 30.0)
        songs = sorted((Path(name) / "songs").iterdir())
        jobs = [Job(song, {stem: song.with_name(f"{song.stem}_{stem}.wav") for stem in STEMS}) for song in songs]
        rates: dict[int, list[float]] = {1: [], 2: []}
        for actors in (1, 2, 1, 2, 1, 2):
            with started(actors, ModelChoice.open, 2) as executor:
                executor.run(jobs[:actors], lambda event: None)
                pin(actor_processes())
                began, busy = time.monotonic(), cpu_seconds(actor_processes())
                executor.run(jobs, lambda event: None)
                seconds, busy = time.monotonic() - began, cpu_seconds(actor_processes()) - busy
            rates[actors].append(60 * len(jobs) / seconds)
            each = f"{rates[actors][-1]:.1f} songs of 30 s a minute, {busy / len(jobs):.2f} CPU seconds each"
            print(f"{actors} actors of one core: {each}, {busy / seconds / actors:.0%} of their cores", flush=True)
        print(f"two are {max(rates[2]) / max(rates[1]):.2f} times as fast as one")
    return 0


def actor_processes() -> list[int]:
    commands = {path.parent.name: path for path in Path("/proc").glob("[0-9]*/cmdline")}
    return sorted(int(pid) for pid, path in commands.items() if b"ray::Actor" in path.read_bytes())


def pin(processes: list[int]) -> None:
    """Give each process a core of its own: without, one actor alone would use some of the other's."""
    for process, core in zip(processes, sorted(os.sched_getaffinity(0)), strict=False):
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def cpu_seconds(processes: list[int]) -> float:
    fields = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes]
    return sum(int(values[11]) + int(values[12]) for values in fields) / os.sysconf("SC_CLK_TCK")


MEASUREMENTS = {"songs": measure_songs, "rate": measure_rate, "memory": measure_memory, "two": measure_two}

if __name__ == "__main__":
    sys.exit(main())
