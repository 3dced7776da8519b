"""The files of songs: uploads, stems, and what is made of them. Their names are ours, never a client's."""

import secrets
import shutil
from collections.abc import Container
from pathlib import Path

from acapella.isolation.options import MIXTURE

UPLOAD = "upload"


class SongFiles:
    """DATA/incoming/… while an upload comes in; then DATA/songs/ID/upload, and DATA/songs/ID/ATTEMPT/STEM.wav.

    Each attempt to separate a song has a folder of its own: a process that outlives its server disturbs no other.
    """

    def __init__(self, data: Path) -> None:
        self._songs = data / "songs"
        self._incoming = data / "incoming"
        self.temporary = data / "temporary"

    def clear(self, attempts: Container[tuple[str, int]], songs: Container[str]) -> None:
        """Make the folders, and remove all but the uploads of `songs` and the results of `attempts`."""
        for folder in (self._incoming, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self._songs.mkdir(exist_ok=True)
        for folder in self._songs.iterdir():
            if folder.name not in songs:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for results in folder.iterdir():
                if results.is_dir() and (folder.name, int(results.name)) not in attempts:
                    shutil.rmtree(results, ignore_errors=True)

    def new_upload(self) -> Path:
        """Where an upload may be written."""
        return self._incoming / secrets.token_hex(8)

    def adopt(self, incoming: Path, song: str) -> None:
        """Make an upload that has come in that of a song."""
        self.upload(song).parent.mkdir(parents=True)
        incoming.rename(self.upload(song))

    def upload(self, song: str) -> Path:
        """A song's upload."""
        return self._songs / song / UPLOAD

    def results(self, song: str, attempt: int) -> Path:
        """The folder of what an attempt makes."""
        return self._songs / song / str(attempt)

    def outputs(self, song: str, attempt: int, stems: list[str]) -> dict[str, Path]:
        """The file of each stem, and of the mixture."""
        folder = self.results(song, attempt)
        return {stem: folder / f"{stem}.wav" for stem in (MIXTURE, *stems)}

    def remove_results(self, song: str, attempt: int) -> None:
        """Remove what an attempt has made."""
        shutil.rmtree(self.results(song, attempt), ignore_errors=True)

    def remove(self, song: str) -> None:
        """Remove all of a song."""
        shutil.rmtree(self._songs / song, ignore_errors=True)


def bytes_below(folder: Path) -> int:
    """Of all files in a folder."""
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
