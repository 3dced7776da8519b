"""Where the time of a separation goes: seconds of each stage, and of all of them together.

    pip install -e .
    python benchmarks/stages.py song.mp3 [--repeat 3]

The stages run in three threads at once, so their seconds may sum to more than the separation takes. "busy" is what the
stage's own thread computed, "wall" how long the stage took, the wait for a core or a file included; the network
computes in threads of its own, too, which only "wall" shows. The last run counts.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from acapella import Isolator
from acapella.audio_files import AudioReader, AudioWriter
from acapella.audio_files.resampling import Resampler
from acapella.dsp.stft import Analysis, Synthesis
from acapella.isolation.runtimes import OnnxRuntime
from acapella.models.front_ends import SpectralFrontEnd


class Stages:
    """Adds up the seconds that functions take, without those of others that they call."""

    def __init__(self) -> None:
        self.wall: Counter[str] = Counter()
        self.busy: Counter[str] = Counter()
        self._open = threading.local()

    def watch(self, owner: type, method: str, stage: str) -> None:
        """Count every call of a method as part of `stage`."""
        original = getattr(owner, method)

        @wraps(original)
        def watched(*arguments: Any, **options: Any) -> Any:
            return self._timed(stage, lambda: original(*arguments, **options))

        setattr(owner, method, watched)

    def watch_generator(self, owner: type, method: str, stage: str) -> None:
        """The same for a method that makes its results one after the other."""
        original = getattr(owner, method)

        @wraps(original)
        def watched(*arguments: Any, **options: Any) -> Iterator[Any]:
            source = original(*arguments, **options)
            end = object()
            while (item := self._timed(stage, lambda: next(source, end))) is not end:
                yield item

        setattr(owner, method, watched)

    def _timed(self, stage: str, work: Callable[[], Any]) -> Any:
        outer = self._open.__dict__.setdefault("inner", [0.0, 0.0])
        self._open.inner = [0.0, 0.0]
        start = time.perf_counter(), time.thread_time()
        try:
            return work()
        finally:
            took = time.perf_counter() - start[0], time.thread_time() - start[1]
            inner = self._open.inner
            self.wall[stage] += took[0] - inner[0]
            self.busy[stage] += took[1] - inner[1]
            self._open.inner = [outer[0] + took[0], outer[1] + took[1]]


def watch_all(stages: Stages) -> None:
    stages.watch_generator(AudioReader, "blocks", "decode")
    stages.watch(Resampler, "push", "resample")
    stages.watch(Analysis, "push", "STFT")
    stages.watch(SpectralFrontEnd, "encode", "to tensor")
    stages.watch(OnnxRuntime, "run", "network")
    stages.watch(SpectralFrontEnd, "decode", "apply mask")
    stages.watch(Synthesis, "push", "inverse STFT")
    stages.watch(AudioWriter, "write", "encode")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    stages = Stages()
    watch_all(stages)
    isolator = Isolator.load(given.model)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(given.repeat):
            stages.wall.clear()
            stages.busy.clear()
            start = time.perf_counter(), time.process_time()
            isolator.isolate_file(given.song, folder)
            took = time.perf_counter() - start[0], time.process_time() - start[1]
    print(f"{'stage':14}{'busy':>8}{'wall':>8}")
    for stage, seconds in stages.busy.items():
        print(f"{stage:14}{seconds:8.2f}{stages.wall[stage]:8.2f}")
    others = sum(seconds for stage, seconds in stages.busy.items() if stage != "network")
    print(f"all but the network: {others:.2f} s busy; together: {took[0]:.2f} s, {took[1]:.2f} s of CPU")


if __name__ == "__main__":
    main()
