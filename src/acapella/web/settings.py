"""What the server is told."""

from dataclasses import dataclass
from pathlib import Path

from acapella.errors import UsageError

GIGABYTE = 10**9
DAY = 24 * 3600.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServerSettings:
    """Where the server listens, what it keeps, and what it refuses.

    | field | meaning |
    |---|---|
    | `data` | the folder of songs and their states; one server at a time |
    | `workers` | songs that are separated at the same time, each in a process |
    | `waiting` | songs that may wait; more are refused until some are done |
    | `upload_limit` | bytes of a song's file |
    | `longest` | seconds of a song |
    | `quota` | bytes of all songs; the oldest that are finished go first |
    | `keep` | seconds that a finished song is kept |
    | `token` | what clients must know; None: nothing |
    | `open_to_all` | that listening beyond the loopback without a token is meant |
    | `allowed_hosts` | names that the server may be called by, beyond its own |
    | `memory_limit` | bytes of address space of a worker; None: no limit |
    | `cpu_limit` | CPU seconds for a song; None: no limit |
    | `patience` | seconds without progress after which a song is given up |
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    waiting: int = 500
    upload_limit: int = 2 * GIGABYTE
    longest: float = 2 * 3600.0
    quota: int = 50 * GIGABYTE
    keep: float = 7 * DAY
    token: str | None = None
    open_to_all: bool = False
    allowed_hosts: tuple[str, ...] = ()
    memory_limit: int | None = 8 * GIGABYTE
    cpu_limit: int | None = 6 * 3600
    patience: float = 1200.0

    def __post_init__(self) -> None:
        for name in ("workers", "waiting", "upload_limit", "longest", "quota", "keep", "patience"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"{name}={getattr(self, name)} is not more than 0.", name)
        if not 0 <= self.port < 2**16:
            raise UsageError(f"port={self.port} is not in 0 to 65535.", "port")
        if self.token is not None and len(self.token) < 8:
            raise UsageError("token has fewer than 8 characters, and could be guessed.", "token")
        if not (self.is_local or self.token or self.open_to_all):
            raise UsageError(
                f"host={self.host} lets other machines in: give a token, or say that anyone may use it (no token).",
                "host",
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK
