"""Shared by the tests of files elsewhere."""

from tests.storage.object_store import s3, s3_server
from tests.storage.web_server import web

__all__ = ["s3", "s3_server", "web"]
