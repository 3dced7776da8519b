"""What a file says about its audio beside the samples: tags, cover picture, place on the timeline, loudspeakers."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

MADE_BY = "separated by Acapella"  # in the comment of each stem: how we know our own files
TAGS = ("title", "artist", "album", "album_artist", "composer", "track", "disc", "date", "genre", "comment")
OTHER_NAMES = {"author": "artist", "tracknumber": "track", "discnumber": "disc", "year": "date", "tyer": "date"}
IN_TEXT = {"vocal": "vocals"}
MAX_BROADCAST = 1 << 20  # bytes; what is longer is no history of coding
MAX_CHUNKS = 1000


@dataclass(frozen=True)
class Metadata:
    """What is not in the samples.

    | field | meaning |
    |---|---|
    | `tags` | by the names of `TAGS` |
    | `cover` | the cover picture, a PNG or JPEG file |
    | `broadcast` | the `bext` chunk of a Broadcast Wave file, with its place on the timeline (EBU Tech 3285) |
    | `channel_mask` | the loudspeakers of a multichannel wav file (WAVE_FORMAT_EXTENSIBLE) |
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    cover: bytes | None = None
    broadcast: bytes | None = None
    channel_mask: int | None = None

    def of_stem(self, stem: str, start: int = 0) -> "Metadata":
        """The metadata of a stem, made of the song from sample `start` on."""
        name = IN_TEXT.get(stem, stem)
        tags = {**self.tags, "comment": f"{name}, {MADE_BY}"}
        if "title" in tags:
            tags["title"] = f"{tags['title']} ({name})"
        broadcast = None if self.broadcast is None else _moved(self.broadcast, start)
        return replace(self, tags=tags, broadcast=broadcast)

    @property
    def is_ours(self) -> bool:
        """Whether this is of a stem that Acapella has written."""
        return MADE_BY in self.tags.get("comment", "")


def useful_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of `TAGS` that are there, under whatever name, and say something."""
    found: dict[str, str] = {}
    for key, text in tags.items():
        name = key.lower()
        name = OTHER_NAMES.get(name, name)
        cleaned = text.encode("utf-8", "replace").decode().replace("\0", "").strip()
        if name in TAGS and cleaned:
            found[name] = cleaned
    return found


def _moved(broadcast: bytes, samples: int) -> bytes:
    """A `bext` chunk whose audio begins so many samples later; what identifies and measures other audio is unset."""
    before, (time, version), history = broadcast[:338], struct.unpack_from("<QH", broadcast, 338), broadcast[602:]
    loudness = struct.pack("<5h", *5 * [0x7FFF if version >= 2 else 0])
    return before + struct.pack("<QH", time + samples, version) + bytes(64) + loudness + bytes(180) + history


def wav_metadata(file: BinaryIO) -> tuple[bytes | None, int | None]:
    """The `bext` chunk and the channel mask of a wav file, where it has them."""
    broadcast, mask = None, None
    for name, length in _chunks(file):
        if name == b"bext" and 602 <= length <= MAX_BROADCAST:
            body = file.read(length)
            broadcast = body if len(body) == length else None
        elif name == b"fmt " and 40 <= length <= MAX_BROADCAST:
            body = file.read(24)
            if body[:2] == b"\xfe\xff":  # WAVE_FORMAT_EXTENSIBLE
                mask = int.from_bytes(body[20:24], "little")
    return broadcast, mask


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and length of the chunks of a RIFF or RF64 file, whose bodies are to be read."""
    file.seek(0)
    if file.read(4) not in (b"RIFF", b"RF64"):
        return
    place = 12
    for _ in range(MAX_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"\xff" * 4:  # the samples of an RF64 file, behind all that we look for
            return
        name, length = struct.unpack("<4sI", header)
        yield name, length
        place += 8 + length + length % 2
