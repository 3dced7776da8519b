"""A web server on this machine that serves files as well or as badly as a test wants."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Server:
    """`files` by path; `broken_off` are bytes after which the next answers end; `held` ones wait for `go_on`."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    broken_off: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # status codes of the next answers
    knows_ranges: bool = True
    says_length: bool = True
    holds: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    holding: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path and range


def _handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            server.requests.append((self.path, asked))
            content = server.files.get(self.path)
            if server.failures or content is None:
                self.send_error(server.failures.pop(0) if server.failures else 404)
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.knows_ranges else 0
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if server.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            end = server.broken_off.pop(0) if server.broken_off else len(content)
            if server.holds:
                middle = (start + end) // 2
                self._send(content[start:middle])
                server.holding.set()
                server.go_on.wait(30)
                start = middle
            self._send(content[start:end])

        def _send(self, content: bytes) -> None:
            try:
                self.wfile.write(content)
                self.wfile.flush()
            except OSError:  # whoever asked is gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """A server that answers until the end of the block."""
    server = Server()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(server)) as web:
        server.address = f"http://127.0.0.1:{web.server_port}"
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            web.shutdown()
            thread.join()
