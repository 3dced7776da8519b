"""Listen on an address until the server is stopped."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import uvicorn

from acapella.errors import UsageError
from acapella.jobs.executor import Executor
from acapella.web.app import create_app
from acapella.web.settings import ServerSettings
from acapella.web.studio import Studio

BACKLOG = 2048  # connections that wait to be accepted
CONNECTIONS = 1000  # more at a time are answered with 503
GRACE = 5  # seconds in which answers that are being sent may come to an end


class Server(uvicorn.Server):
    """Serves one application; tells its studio when it is to end: those who watch would keep it from that."""

    def __init__(self, settings: ServerSettings, executor: Executor | None = None) -> None:
        app = create_app(settings, executor)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self._studio: Studio = app.state.studio

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn has it."""
        self._studio.announce_stop()
        super().handle_exit(sig, frame)


def serve(settings: ServerSettings, ready: Callable[[str], object], executor: Executor | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM. `ready` is called with the address once connections are accepted.

    `executor` separates the songs, None: processes here.
    """
    with listen_on(settings) as listener:
        server = Server(settings, executor)
        host, port = listener.getsockname()[:2]
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        server.run(sockets=[listener])


def listen_on(settings: ServerSettings) -> socket.socket:
    """A socket that accepts connections; UsageError where that cannot be."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        with ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            stack.pop_all()
    except OSError as error:
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): choose another port.", "port"
        ) from None
    return listener
