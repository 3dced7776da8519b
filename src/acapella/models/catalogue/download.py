"""A published file, downloaded by pooch: checked by its SHA-256, and gone on with where it broke off."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from acapella.errors import InputError, MissingExtraError, ModelFileError, SettingsError
from acapella.models.catalogue.folder import megabytes
from acapella.models.catalogue.known import KnownModel

if TYPE_CHECKING:
    from requests import Response

MIRROR = "ACAPELLA_MODELS_URL"
TIMEOUT = 30.0  # seconds without a byte
RETRIES = 3  # of one address; pooch waits between them
BLOCK = 1 << 16  # bytes that are lost at most where a download breaks off
PARTIAL = "partial"  # what has come so far

Progress = Callable[[int, int | None], None]  # bytes that are there, and of how many


def download(model: KnownModel, folder: Path, progress: Progress | None = None) -> Path:
    """The published file of `model` in `folder`, which holds nothing else; what came before is not fetched again.

    Addresses are tried one after the other; ACAPELLA_MODELS_URL, an own mirror with the files under their names, is
    tried instead of them. A proxy is taken from the usual variables. Only one process may do this at a time.
    """
    if model.sha256 is None:
        raise ModelFileError(
            f"No digest of {model.file} is known, so it cannot be downloaded safely: "
            f"lay it into {folder.parent} by hand, and run the same command again."
        )
    try:
        import pooch
    except ModuleNotFoundError:
        raise MissingExtraError("Downloading models", "models") from None
    pooch.get_logger().setLevel("ERROR")  # it reports tries on standard error
    partial = folder / PARTIAL
    folder.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder, {PARTIAL, model.file})
    failures = []
    for address in addresses(model):
        downloader = _Resuming(partial, model, progress)
        registry, urls = {model.file: f"sha256:{model.sha256}"}, {model.file: address}
        store = pooch.create(folder, base_url="", registry=registry, urls=urls, retry_if_failed=RETRIES)
        try:
            return Path(store.fetch(model.file, downloader=downloader))
        except (_UnavailableError, OSError) as error:
            failures.append(_explain(error, downloader.began, address, model, partial))
    raise failures[0]


def addresses(model: KnownModel) -> tuple[str, ...]:
    """Where the file can be had, in the order to try."""
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return model.addresses
    parts = urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{MIRROR}={mirror!r} is not an address that begins with http:// or https://.")
    return (f"{mirror.rstrip('/')}/{model.file}",)


class _UnavailableError(InputError):
    """The server has not got the file; trying again does not help. The message goes on after the server's name."""


class _Resuming:
    """A downloader for pooch that keeps what has come, and asks for the rest the next time.

    `began` says whether anything came.
    """

    def __init__(self, partial: Path, model: KnownModel, progress: Progress | None) -> None:
        self.began = False
        self._partial = partial
        self._model = model
        self._progress = progress or (lambda done, total: None)
        self._came_at_once = False

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Fetch `url` and move it to `output_file`, where pooch compares its digest, and calls again if it differs."""
        import requests

        if self._came_at_once:
            raise _UnavailableError(f"sent another file than the published {self._model.file}; it was deleted")
        start = self._partial.stat().st_size if self._partial.exists() else 0
        if start != self._model.bytes:
            headers = {"Range": f"bytes={start}-"} if start else {}
            headers["Accept-Encoding"] = "identity"  # a range is one of the file as it is
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
                self._check(response)
                start = start if response.status_code == requests.codes.partial_content else 0
                if self._write(response, start) < (self._model.bytes or 0):
                    raise requests.exceptions.ChunkedEncodingError("the answer ended early")
        self._came_at_once = start == 0
        self._partial.replace(output_file)

    def _check(self, response: "Response") -> None:
        """Raise where this is not the file, before anything of it is written."""
        if response.status_code == 416:  # there is more of it here than there
            self._partial.unlink(missing_ok=True)
        if response.status_code >= 500 or response.status_code in (408, 416, 429):
            response.raise_for_status()  # pooch tries again
        if response.status_code >= 400:
            raise _UnavailableError(f"has not got {self._model.file} ({response.status_code} {response.reason})")

    def _write(self, response: "Response", start: int) -> int:
        """Write what comes to the partial file from byte `start` on; returns where it ends."""
        rest = response.headers.get("Content-Length", "")
        total = self._model.bytes or (start + int(rest) if rest.isdigit() else None)
        if rest.isdigit() and total != start + int(rest):
            raise _UnavailableError(f"has another {self._model.file}: of {start + int(rest)} bytes, not {total}")
        with self._partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            for block in response.iter_content(BLOCK):
                self.began = True
                file.write(block)
                start += len(block)
                if total and start > total:
                    raise _UnavailableError(f"has another {self._model.file}: of more than {total} bytes")
                self._progress(start, total)
        return start


def _explain(error: Exception, began: bool, address: str, model: KnownModel, partial: Path) -> ModelFileError:
    """What to say of a download that failed; an error of the disk is raised again: other addresses do not help."""
    import requests.exceptions as network

    host = urlsplit(address).netloc
    otherwise = f"name a mirror in {MIRROR}, or lay {model.file} into {partial.parents[1]} by hand"
    if isinstance(error, _UnavailableError):
        return ModelFileError(f"{host} {error}: {otherwise}.")
    if not isinstance(error, network.RequestException):
        raise error
    if isinstance(error, network.HTTPError) and error.response is not None:
        said = f"{error.response.status_code} {error.response.reason}"
        return ModelFileError(f"{host} fails ({said}): try again later, {otherwise}.")
    if isinstance(error, network.SSLError):
        return ModelFileError(
            f"The certificate of {host} cannot be verified: if a proxy stands between, name the file of its "
            f"certificates in REQUESTS_CA_BUNDLE, {otherwise}."
        )
    if began:
        there = megabytes(partial.stat().st_size if partial.exists() else 0)
        of = f" of {megabytes(model.bytes)}" if model.bytes else ""
        return ModelFileError(
            f"The download from {host} broke off after {there}{of}: run it again, and it goes on from there."
        )
    return ModelFileError(f"{host} cannot be reached: check the network and HTTPS_PROXY, {otherwise}.")


def _remove_leftovers(folder: Path, kept: set[str]) -> None:
    """Remove what a process that was killed has left."""
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
