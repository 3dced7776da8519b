"""Object stores and web servers, through fsspec: the only place that imports it.

Credentials, regions and endpoints are the stores' own business: environment variables and configuration files, as
their other programs have them (`AWS_PROFILE`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`, …).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from acapella.errors import AcapellaError, InputError, MissingExtraError, UsageError
from acapella.storage.address import Address

PART = 16 * 2**20  # bytes of a part of an upload


class PrivateNetworkError(Exception):
    """A web address has led into this machine's own network; its argument is the number that it led to."""


@dataclass(frozen=True)
class Store:
    """What fsspec reaches a store with: a package, and how that is told to upload in parts."""

    package: str
    upload: Mapping[str, Any] = field(default_factory=dict)


STORES = {
    "s3": Store("s3fs", {"chunksize": PART, "max_concurrency": 2}),
    "gs": Store("gcsfs", {"chunksize": PART}),
    "az": Store("adlfs", {"max_concurrency": 2}),
    "http": Store("aiohttp"),
    "https": Store("aiohttp"),
}


def list_files(folder: Address) -> list[Address]:
    """The files in `folder` and its subfolders, in order; none where it is not there. A thousand take one request."""
    if folder.is_web:
        raise UsageError(f"{folder}: the files of a web server cannot be listed; name them one by one.")
    with _told(folder, "listed"):
        try:
            found = _file_system(folder.scheme).find(folder.text)
        except FileNotFoundError:
            return []
    return [Address(f"{folder.scheme}://{name}", folder.allow_private) for name in sorted(found)]


def exists(address: Address) -> bool:
    """Whether there is such a file."""
    with _told(address, "looked up"):
        return bool(_file_system(address.scheme, address.allow_private).exists(address.text))


def fetch(address: Address, path: Path) -> None:
    """Copy `address` to the local file `path`."""
    with _told(address, "read"):
        _file_system(address.scheme, address.allow_private).get_file(address.text, str(path))


def store(path: Path, address: Address) -> None:
    """Copy the local file `path` to `address`, where it appears when all of it is there."""
    check_writable(address)
    with _told(address, "written"):
        _file_system(address.scheme).put_file(str(path), address.text, **STORES[address.scheme].upload)


def check_writable(address: Address) -> None:
    """UsageError where nothing can be written to such an address."""
    if address.is_web:
        raise UsageError(f"{address} cannot be written to: name a folder, or one in a store (s3://…).", "out_dir")


def check_installed(address: Address) -> None:
    """MissingExtraError, or a UsageError that names the package, where such an address cannot be reached."""
    _file_system(address.scheme, address.allow_private)


@lru_cache
def _file_system(scheme: str, allow_private: bool = False) -> Any:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{scheme}://…", "cluster") from error
    try:
        if scheme in ("http", "https"):
            from acapella.storage.web import make_file_system

            return make_file_system(allow_private)
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as error:
        raise UsageError(f"{scheme}://… needs one package more: pip install {STORES[scheme].package}.") from error


@contextmanager
def _told(address: Address, verb: str) -> Iterator[None]:
    """Errors of the store as one sentence."""
    try:
        yield
    except AcapellaError:
        raise
    except PrivateNetworkError as error:
        where = f"{address} leads to {error}, which is in a private network"
        raise UsageError(f"{where}; allow_private would let it be read.", "allow_private") from None
    except Exception as error:  # each store has errors of its own
        raise InputError(f"{address}: cannot be {verb} ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which may hold a secret."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if status := getattr(error, "status", None):  # of a web server
        return f"{status} {getattr(error, 'message', '')}".strip()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
