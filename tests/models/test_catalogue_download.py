"""Downloads from a server on this machine that breaks off, lies, fails, or is not there."""

import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acapella.conversion.installing import install
from acapella.errors import ModelFileError, SettingsError
from acapella.models.catalogue.download import BLOCK

PATH = "/Tiny-Model.onnx"


@pytest.fixture
def model(server, make_known, content):
    server.files[PATH] = content
    return make_known(server.address + PATH)


def everything_in(folder):
    """All files but the lock, hidden ones too."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def test_a_complete_download(server, models, model, content):
    seen = []
    done = install(model, progress=lambda there, total: seen.append((there, total)))
    assert done.downloaded
    assert done.path == models / "Tiny-Model.onnx"
    assert done.path.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert everything_in(models) == ["Tiny-Model.onnx"]


def test_what_is_installed_is_not_fetched_again(server, models, model):
    install(model)
    assert not install(model).downloaded
    assert len(server.requests) == 1


def test_one_that_breaks_off_goes_on_from_there(server, models, model, content):
    server.broken_off = [10 * BLOCK, 20 * BLOCK]
    assert install(model).path.read_bytes() == content
    assert server.requests == [(PATH, None), (PATH, f"bytes={10 * BLOCK}-"), (PATH, f"bytes={20 * BLOCK}-")]


def test_one_that_was_given_up_goes_on_the_next_time(server, models, model, content):
    server.broken_off = [BLOCK, 2 * BLOCK, 3 * BLOCK, 6 * BLOCK]
    with pytest.raises(ModelFileError, match=r"broke off after 0\.4 MB of 3\.0 MB: run it again, and it goes on"):
        install(model)
    assert not (models / "Tiny-Model.onnx").exists()
    assert install(model).path.read_bytes() == content
    assert server.requests[-1] == (PATH, f"bytes={6 * BLOCK}-")


def test_a_server_without_ranges_begins_anew(server, models, model, content):
    server.broken_off, server.knows_ranges = [1_000_000], False
    assert install(model).path.read_bytes() == content
    assert everything_in(models) == ["Tiny-Model.onnx"]


def test_another_file_leaves_nothing_behind(server, models, model, content):
    server.files[PATH] = bytes(len(content))
    with pytest.raises(ModelFileError, match=r"127.0.0.1:\d+ sent another file than the published Tiny-Model.onnx"):
        install(model)
    assert [path.suffix for path in models.iterdir()] == [".lock"]
    assert len(server.requests) == 1  # not fetched over and over


def test_what_was_damaged_on_this_side_is_fetched_anew(server, models, model, content):
    partial = models / ".tiny_model" / "partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(1_000_000))
    assert install(model).path.read_bytes() == content
    assert [asked for _, asked in server.requests] == ["bytes=1000000-", None]


def test_more_than_there_is_is_fetched_anew(server, models, model, content):
    partial = models / ".tiny_model" / "partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(len(content) + 1))
    assert install(model).path.read_bytes() == content


def test_another_size_is_not_even_fetched(server, models, model):
    server.files[PATH] = b"<html>Please log in.</html>"
    with pytest.raises(ModelFileError, match=r"has another Tiny-Model.onnx: of 27 bytes, not 3000000"):
        install(model)


def test_a_server_that_says_no_length(server, models, model, content):
    server.says_length = False
    server.broken_off = [BLOCK, 2 * BLOCK, 3 * BLOCK, 6 * BLOCK]
    with pytest.raises(ModelFileError, match=r"broke off after 0\.4 MB of 3\.0 MB"):
        install(model)
    server.files[PATH] = content + bytes(BLOCK)
    with pytest.raises(ModelFileError, match=r"has another Tiny-Model\.onnx: of more than 3000000 bytes"):
        install(model)
    server.files[PATH] = content
    assert install(model).path.read_bytes() == content


def test_not_found(server, models, model):
    server.files.clear()
    with pytest.raises(ModelFileError, match=r"has not got Tiny-Model.onnx \(404 Not Found\): name a mirror in ACAP"):
        install(model)
    assert len(server.requests) == 1


def test_a_failing_server_is_asked_again(server, models, model, content):
    server.failures = [503, 500]
    assert install(model).path.read_bytes() == content
    server.failures = [503] * 4
    (models / "Tiny-Model.onnx").unlink()
    with pytest.raises(ModelFileError, match=r"127.0.0.1:\d+ fails \(503 Service Unavailable\): try again later"):
        install(model)


def test_the_next_address_is_tried(server, models, make_known, content):
    server.files["/other" + PATH] = content
    assert install(make_known(server.address + PATH, server.address + "/other" + PATH)).downloaded


def test_no_network(here_only, models, make_known):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ModelFileError, match=r"127.0.0.1:\d+ cannot be reached: check the network and HTTPS_PROXY"):
        install(make_known(address + PATH))


def test_a_mirror_is_asked_instead(server, models, make_known, content, monkeypatch):
    server.files["/mine" + PATH] = content
    monkeypatch.setenv("ACAPELLA_MODELS_URL", server.address + "/mine/")
    install(make_known("http://somewhere.example" + PATH))
    assert server.requests == [("/mine" + PATH, None)]
    monkeypatch.setenv("ACAPELLA_MODELS_URL", "mirror.example")
    (models / "Tiny-Model.onnx").unlink()
    with pytest.raises(SettingsError, match=r"ACAPELLA_MODELS_URL='mirror\.example' is not an address"):
        install(make_known())


def test_a_proxy_is_used(server, models, make_known, content, monkeypatch):
    server.files["http://somewhere.example" + PATH] = content
    monkeypatch.setenv("HTTP_PROXY", server.address)
    assert install(make_known("http://somewhere.example" + PATH)).downloaded


def test_without_a_digest_nothing_is_downloaded(server, models, make_known, content):
    server.files[PATH] = content
    model = make_known(server.address + PATH, sha256=None)
    with pytest.raises(ModelFileError, match=r"No digest of Tiny-Model.onnx is known, .* lay it into .*models by hand"):
        install(model)
    assert server.requests == []
    models.mkdir(exist_ok=True)
    (models / model.file).write_bytes(content)
    assert install(model).path.read_bytes() == content


def test_a_full_disk(server, models, model, content, monkeypatch):
    opened = Path.open

    class Full:
        def __init__(self, file):
            self._file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def seek(self, place):
            self._file.seek(place)

        def write(self, block):
            self._file.write(block[:1000])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_full(path, *arguments):
        file = opened(path, *arguments)
        return Full(file) if path.name == "partial" else file

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", open_full)
        with pytest.raises(ModelFileError, match=r"too full for Tiny-Model.onnx, 3\.0 MB: make room, or name another"):
            install(model)
    assert not (models / "Tiny-Model.onnx").exists()
    assert install(model).path.read_bytes() == content
    assert server.requests[-1] == (PATH, "bytes=1000-")


def test_a_folder_that_cannot_be_written(server, models, model):
    models.write_text("a file, not a folder")
    with pytest.raises(
        ModelFileError, match=r"folder .*models cannot be read \(Not a directory\): change that, or name"
    ):
        install(model)


def test_a_folder_that_cannot_be_made(server, models, model, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ModelFileError, match=r"folder .*models cannot be written \(Permission denied\): change that"):
        install(model)


SCRIPT = """
import sys
import time
from acapella.conversion.installing import install
from acapella.models.catalogue.known import KnownModel
done = install(KnownModel.model_validate_json(sys.argv[1]), begin=lambda step: print(step, flush=True))
print(done.downloaded, done.path.stat().st_size)
"""


def start(model):
    command = [sys.executable, "-c", SCRIPT, model.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_at_once(server, models, model, content):
    server.holds = True
    first = start(model)
    assert server.holding.wait(30)
    second = start(model)
    assert second.stdout.readline() == "waiting\n"
    server.go_on.set()
    said = [process.communicate(timeout=30) for process in (first, second)]
    assert said == [(f"downloading\nTrue {len(content)}\n", ""), (f"False {len(content)}\n", "")]
    assert len(server.requests) == 1


def test_a_process_that_is_killed_leaves_what_it_has(server, models, model, content):
    server.holds = True
    process = start(model)
    assert server.holding.wait(30)
    while not (models / ".tiny_model" / "partial").exists() or not (models / ".tiny_model" / "partial").stat().st_size:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    server.holds = False
    server.go_on.set()
    assert install(model).path.read_bytes() == content
    assert server.requests[-1][1] is not None
    assert everything_in(models) == ["Tiny-Model.onnx"]
