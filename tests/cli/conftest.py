"""Shared by the tests of the command line."""

import pytest
from tests.made import write_song
from tests.models.conftest import content, here_only, make_known, models, server
from tests.onnx_models import write_gain_model
from tests.storage.object_store import s3, s3_server
from tests.storage.web_server import web

__all__ = ["content", "folder", "here_only", "make_known", "models", "s3", "s3_server", "server", "web"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a song and a model that gives half of it."""
    monkeypatch.chdir(tmp_path)
    write_song(tmp_path / "song.wav", 0.5)
    write_gain_model(tmp_path / "half.onnx", representation="ri")
    return tmp_path
