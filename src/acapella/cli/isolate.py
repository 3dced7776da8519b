"""`acapella isolate`: songs in, stems out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from acapella.cli import isolate_options as options
from acapella.cli.console import make_console
from acapella.errors import UsageError
from acapella.registry import choose

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.audio_files import BitDepth
    from acapella.cli.songs import Request
    from acapella.jobs.executor import Executor
    from acapella.storage.address import Location

STANDARD = Path("-")  # input or output
BIT_DEPTHS: "dict[str, BitDepth]" = {"16": 16, "24": 24, "32f": "32f"}
EXAMPLES = """Examples:

\b
  acapella song.mp3                          song_vocal.wav and song_instrumental.wav, beside it
  acapella isolate *.flac -o stems --format flac
  acapella isolate music/ -r -j 4 --skip-existing
  acapella isolate song.m4a --stems vocal    the acapella alone
  acapella isolate song.mp3 --start 1:10 --end 1:40 --format mp3 --bitrate 320
  acapella isolate song.mp3 -o out --name '{song}/{stem}' --normalize
  acapella isolate song.mp3 --model a.onnx --model b.onnx --weights 2,1
  acapella isolate song.mp3 --then karaoke.onnx --stems lead,backing
  acapella isolate song.mp3 --overlap 0.75 --shifts 2 --tta swap,invert
  acapella isolate s3://bucket/songs/ -r -o s3://bucket/stems --skip-existing
  acapella isolate s3://bucket/songs/ -r -o s3://bucket/stems --cluster auto --manifest songs.jsonl
  cat song.wav | acapella isolate - -o - --stems vocal --format mp3 > vocal.mp3
"""


def isolate(
    context: typer.Context,
    files: options.Files,
    output: options.Output = None,
    stems: options.Stems = None,
    name: options.Name = "{song}_{stem}",
    format: options.Format = "wav",
    bit_depth: options.Depth = None,
    bitrate: options.Bitrate = None,
    start: options.Start = "0",
    end: options.End = None,
    normalize: options.Normalize = False,
    pictures: options.Pictures = False,
    model: options.Models = None,
    combine: options.Combine = "mean",
    weights: options.Weights = None,
    then: options.Then = None,
    phase: options.Phase = "mixture",
    overlap: options.Overlap = None,
    shifts: options.Shifts = 0,
    seed: options.Seed = 0,
    tta: options.Tta = None,
    recursive: options.Recursive = False,
    skip_existing: options.SkipExisting = False,
    overwrite: options.Overwrite = False,
    allow_private: options.AllowPrivate = False,
    patience: options.Patience = None,
    jobs: options.Jobs = None,
    cluster: options.Cluster = None,
    cores: options.Cores = 1,
    manifest: options.Manifest = None,
    runtime: options.Runtime = "auto",
) -> None:
    """Separate songs into vocals and instrumental."""
    from acapella.process_memory import paused_garbage_collection, share_freed_memory

    share_freed_memory()
    with paused_garbage_collection():
        from acapella.cli.songs import Request
        from acapella.isolation.options import WriteOptions
        from acapella.jobs.job import ModelChoice
        from acapella.storage.address import location

    songs = [location(file, allow_private=allow_private) for file in files]
    out_dir = None if output is None else location(output)
    workers = Workers(jobs, cluster, cores, manifest)
    if workers.are_many and STANDARD in (*songs, out_dir):
        flag = "-j" if cluster is None else "--cluster"
        raise UsageError(f"{flag} goes with files, not with standard input or output.")
    choice = ModelChoice(
        tuple(model) if model and len(model) > 1 else model[0] if model else None,
        phase,
        runtime=runtime,
        overlap=overlap,
        shifts=shifts,
        seed=seed,
        tta=options.split_list(tta) or (),
        weights=options.read_numbers(weights, "weights"),
        combine=combine,
        then=then,
    )
    request = Request(
        out_dir=out_dir,
        stems=options.split_list(stems),
        model=choice,
        options=WriteOptions(
            format,
            None if bit_depth is None else choose(BIT_DEPTHS, bit_depth, "bit_depth"),
            bitrate,
            options.read_time(start, "start"),
            None if end is None else options.read_time(end, "end"),
            normalize,
        ),
        name=name,
        pictures=pictures,
        recursive=recursive,
        skip_existing=skip_existing,
        overwrite=overwrite,
        patience=patience,
        debug=context.obj["debug"],
    )
    if not _separate(songs, request, make_console(context.obj["quiet"]), workers):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Workers:
    """Who does it, and where it is written down."""

    jobs: int | None
    cluster: str | None
    cores: int
    manifest: Path | None

    @property
    def are_many(self) -> bool:
        """Whether it is not this process alone."""
        return self.cluster is not None or (self.jobs or 1) > 1

    def executor(self, songs: int, runtime: str) -> "Executor":
        """Processes here, or actors on the cluster, for so many songs."""
        if self.cluster is not None:
            from acapella.jobs.ray import RayExecutor

            return RayExecutor(self.cluster, actors=self.jobs, cores=self.cores, gpus_only=runtime == "cuda")
        from acapella.jobs.processes import ProcessExecutor

        return ProcessExecutor(max(1, min(self.jobs or 1, songs)))


def _separate(songs: "list[Location]", request: "Request", console: "Console", workers: Workers) -> bool:
    """By the workers, or one song after the other in this process; False if any failed."""
    from acapella.cli.songs import plan, separate, separate_to_stdout
    from acapella.jobs.local import LocalExecutor
    from acapella.process_memory import paused_garbage_collection

    manifest = None
    if workers.manifest:
        from acapella.jobs.manifest import Manifest

        manifest = Manifest(workers.manifest)
    with LocalExecutor() as local:
        with paused_garbage_collection():
            isolator = local.isolator(request.model)  # what is wrong with the model is said before anything else
        if request.out_dir == STANDARD:
            return separate_to_stdout(songs, request, isolator, local, console)
        planned = plan(songs, request, isolator, console, manifest)
        if not workers.are_many:
            return separate(planned, local, console, debug=request.debug, manifest=manifest)
        del isolator
    batch = workers.cluster is not None
    with workers.executor(len(planned.to_do), request.model.runtime) as several:
        return separate(planned, several, console, debug=request.debug, manifest=manifest, batch=batch)


isolate.__doc__ = f"{isolate.__doc__}\n\n{EXAMPLES}"
