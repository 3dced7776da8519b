"""`acapella serve`: the page in the browser, and the API."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.errors import MissingExtraError

if TYPE_CHECKING:
    from acapella.jobs.executor import Executor

ON_CLUSTER = 6 * 3600.0  # seconds until a song is given up there, where no progress is told


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0: a free one.")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="Folder of songs and stems (default: one among the user's data).")
    ] = None,
    workers: Annotated[int, typer.Option(help="Songs at the same time, each in a process.")] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Separate on a Ray cluster that sees the same disk; local: one of this machine."
        ),
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="Of each song's process on a cluster.")] = 1,
    waiting: Annotated[int, typer.Option(help="Songs that may wait; more are refused.")] = 500,
    upload_limit: Annotated[int, typer.Option(metavar="MB", help="Largest file.")] = 2000,
    longest: Annotated[float, typer.Option(metavar="MINUTES", help="Longest song.")] = 120,
    quota: Annotated[float, typer.Option(metavar="GB", help="Disk for all songs; the oldest go first.")] = 50,
    keep: Annotated[float, typer.Option(metavar="DAYS", help="How long finished songs are kept.")] = 7,
    worker_memory: Annotated[float, typer.Option(metavar="GB", help="Address space of a worker; 0: no limit.")] = 8,
    worker_time: Annotated[float, typer.Option(metavar="MINUTES", help="CPU time for a song; 0: no limit.")] = 360,
    token: Annotated[
        str | None,
        typer.Option(envvar="ACAPELLA_TOKEN", help="What clients must know; best in the variable ACAPELLA_TOKEN."),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Let anyone who reaches this machine use it, without a token.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name that the server may be called by; may be repeated.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve a page on which songs are separated, and an API for programs.

    Songs and stems are kept in a folder; a server that was stopped or killed goes on where it was.

    Example:

    \b
      acapella serve --open
      ACAPELLA_TOKEN=a-long-secret acapella serve --host 0.0.0.0 --workers 2
      acapella serve --cluster auto --workers 16    limits of memory and time are the cluster's then
    """
    try:
        from acapella.web import serving
        from acapella.web.settings import DAY, GIGABYTE, ServerSettings
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("fastapi", "uvicorn", "starlette"):
            raise MissingExtraError("acapella serve", "web") from None
        raise
    settings = ServerSettings(
        data=data or _data_folder(),
        host=host,
        port=port,
        workers=workers,
        waiting=waiting,
        upload_limit=upload_limit * 10**6,
        longest=longest * 60,
        quota=int(quota * GIGABYTE),
        keep=keep * DAY,
        token=token or None,
        open_to_all=no_token,
        allowed_hosts=tuple(allow_host or ()),
        memory_limit=int(worker_memory * GIGABYTE) or None,
        cpu_limit=int(worker_time * 60) or None,
        **({} if cluster is None else {"patience": ON_CLUSTER}),
    )

    def ready(address: str) -> None:
        if not context.obj["quiet"]:
            typer.echo(f"Acapella listens on {address} (Ctrl-C ends it). Songs are kept in {settings.data}.", err=True)
        if open_browser:
            typer.launch(address)

    serving.serve(settings, ready, None if cluster is None else _on_cluster(cluster, workers, cores))


def _on_cluster(address: str, workers: int, cores: int) -> "Executor":
    from acapella.jobs.ray import RayExecutor

    return RayExecutor(address, actors=workers, cores=cores)


def _data_folder() -> Path:
    """Where a user's songs are kept, unless another folder is named."""
    import platformdirs

    return platformdirs.user_data_path("acapella", appauthor=False) / "server"
