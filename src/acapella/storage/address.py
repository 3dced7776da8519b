"""Addresses of files: s3://bucket/songs/a.wav, https://example.com/a.mp3."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from acapella.errors import UsageError

WEB = ("http", "https")
SCHEMES = ("s3", "gs", "az", *WEB)


@dataclass(frozen=True, order=True)
class Address:
    """A file or folder elsewhere; it has what `Path` has of names.

    `str` of a web address hides what may be secret: a password, a signature in the query.
    """

    text: str
    allow_private: bool = field(default=False, compare=False)  # of a web address: to reach this machine's own network

    def __str__(self) -> str:
        if not self.is_web:
            return self.text
        shown, question, _ = self.text.partition("?")
        scheme, _, rest = shown.partition("://")
        server, slash, path = rest.partition("/")
        return f"{scheme}://{server.rpartition('@')[2]}{slash}{path}{'?…' if question else ''}"

    @property
    def scheme(self) -> str:
        """What stands before the colon: a key of `stores.STORES`."""
        return self.text.partition(":")[0]

    @property
    def is_web(self) -> bool:
        """Whether it can be read only, and not be listed."""
        return self.scheme in WEB

    @property
    def is_folder(self) -> bool:
        """Whether it says so itself, by the slash at its end."""
        return self.text.endswith("/")

    @property
    def name(self) -> str:
        """The last part, fit for the name of a local file."""
        path = self.text.partition("://")[2].rstrip("/")
        if self.is_web:
            from urllib.parse import unquote

            path = path.partition("#")[0].partition("?")[0]
            return unquote(path.rpartition("/")[2]).replace("/", "_").replace("\\", "_").replace("\0", "_")
        return path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending, with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "Address":
        """The folder that it is in; of a bucket, itself."""
        scheme, _, path = self.text.partition("://")
        folder = path.rstrip("/").rpartition("/")[0]
        return Address(f"{scheme}://{folder}", self.allow_private) if folder else self

    def __truediv__(self, name: str) -> "Address":
        return Address(f"{self.text.rstrip('/')}/{name}", self.allow_private)

    def with_name(self, name: str) -> "Address":
        """The file `name` in the same folder."""
        return self.parent / name

    def resolve(self) -> "Address":
        """Itself: there are no links, and no other names for it."""
        return self


Location = Path | Address


def location(text: str | Location, *, allow_private: bool = False) -> Location:
    """What `text` names: an `Address` where it begins like one, else a path of this machine."""
    if not isinstance(text, str):
        return text
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.isalnum():
        return Path(text)
    if scheme.lower() not in SCHEMES or not rest.strip("/"):
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise UsageError(f"{text} is no address that can be used; those begin with {known}, and a name follows.")
    return Address(f"{scheme.lower()}://{rest}", allow_private)


def name_beside(song: Location) -> Location:
    """What lies beside the stems of `song` where no folder is named: a web server takes none, so that is here."""
    return Path(song.name) if isinstance(song, Address) and song.is_web else song
