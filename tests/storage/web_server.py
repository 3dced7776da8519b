"""A web server on the loopback, with a song, redirects and failures."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.made import write_song


@pytest.fixture
def web(tmp_path):
    """A server that has /song.wav, and redirects /to/… to http://…"""
    write_song(tmp_path / "served.wav", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.song = (tmp_path / "served.wav").read_bytes()
        server.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        song, path = self.server.song, self.path.partition("?")[0]
        if path == "/song.wav":
            self._answer(200, {"Content-Length": str(len(song))}, song)
        elif path == "/broken.wav":
            self._answer(200, {"Content-Length": str(len(song))}, song[:99])
        elif path.startswith("/to/"):
            self._answer(302, {"Location": f"http://{path[4:]}", "Content-Length": "0"})
        else:
            self._answer(403 if path == "/secret.wav" else 404, {"Content-Length": "0"})

    def _answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
