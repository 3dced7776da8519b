"""What tests of the catalogue share: a server, a models' folder, and known models that are made up."""

import hashlib
import socket
from types import SimpleNamespace

import pytest
from tests.models.serving import serving

from acapella.models.catalogue import folder, known, listing
from acapella.models.catalogue.known import KnownModel

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def here_only(monkeypatch):
    """No address but this machine's, no proxy, no waiting between tries."""
    pooch = pytest.importorskip("pooch")
    connect = socket.socket.connect

    def connect_here(self, address):
        assert address[0] == "127.0.0.1", f"a test would have contacted {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=lambda seconds: None))
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(here_only):
    with serving() as running:
        yield running


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The models' folder, which is not there yet."""
    monkeypatch.setenv("ACAPELLA_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("ACAPELLA_MODELS_URL", raising=False)
    return tmp_path / "models"


@pytest.fixture
def content():
    return hashlib.shake_128(b"a model").digest(3_000_000)


@pytest.fixture
def make_known(monkeypatch, content):
    """A known model that is made up, and is the only one."""

    def make(*addresses, **changed):
        values = {
            "name": "tiny_model",
            "family": "mdx_net",
            "file": "Tiny-Model.onnx",
            "addresses": addresses,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "stems": ("vocal", "instrumental"),
            "licence": "not stated",
            "credit": "somebody",
        }
        model = KnownModel(**{**values, **changed})
        for module in (known, folder, listing):
            monkeypatch.setattr(module, "known_models", lambda: {model.name: model})
        return model

    return make
