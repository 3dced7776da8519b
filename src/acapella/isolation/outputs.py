"""The files that stems are written to: their names, and their bit depth."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from string import Formatter

from acapella.audio_files import FORMATS, BitDepth, open_audio
from acapella.audio_files.metadata import MADE_BY
from acapella.errors import AudioFileError, UsageError
from acapella.registry import choose
from acapella.storage.address import Location, location, name_beside

NAME = "{song}_{stem}"
FIELDS = ("song", "stem", "model")
COMMENT_WITHIN = 4096  # bytes of a picture


def output_paths(
    song: Location,
    out_dir: str | Location | None,
    stems: Sequence[str],
    format: str,
    name: str = NAME,
    model: str = "",
) -> dict[str, Location]:
    """The file of each stem, in `out_dir` or beside the song.

    `name` is a template with the fields {song}, {stem} and {model}; a / in it makes folders.
    """
    extension = choose(FORMATS, format, "format").extension
    check_name(name, stems)
    folder = name_beside(song).parent if out_dir is None else location(out_dir)
    values = {"song": song.stem, "model": model}
    return {stem: folder / f"{_fill(name, {**values, 'stem': stem})}{extension}" for stem in stems}


def check_name(name: str, stems: Sequence[str] = ()) -> None:
    """UsageError where `name` is no template for the names of these stems."""
    fields = _fields(name)
    if unknown := [field for field in fields if field not in FIELDS]:
        known = ", ".join(f"{{{field}}}" for field in FIELDS)
        raise UsageError(f"name={name!r} has a field {{{unknown[0]}}}, which is not one of: {known}.", "name")
    if "stem" not in fields and len(stems) > 1:
        raise UsageError(f"name={name!r} needs {{stem}}: otherwise all stems would be written to one file.", "name")
    _fill(name, dict.fromkeys(FIELDS, "x"), portable=True)  # while songs may be named as they like


def _fields(name: str) -> list[str]:
    """The fields of a template, in order."""
    try:
        parts = [part for part in Formatter().parse(name) if part[1] is not None]
    except ValueError as error:
        raise UsageError(f"name={name!r} cannot be read ({error}).", "name") from None
    for _, field, form, conversion in parts:
        if form or conversion:
            raise UsageError(f"name={name!r} has more than a field in the brackets of {{{field}}}.", "name")
    return [str(part[1]) for part in parts]


def _fill(name: str, values: Mapping[str, str], *, portable: bool = False) -> str:
    """The template with its values, a path below some folder of this system, or of any if it is `portable`."""
    filled = name.format(**values)
    for system in (PurePosixPath, PureWindowsPath) if portable else (PurePath,):
        path = system(filled)
        if path.is_absolute() or path.anchor or ".." in path.parts:
            raise UsageError(f"name={name!r} leaves the folder for the stems, as {filled!r}.", "name")
    if not filled.rpartition("/")[2].strip(" ."):
        raise UsageError(f"name={name!r} names a folder, and no file.", "name")
    return filled


def check_overwrites(paths: Iterable[Path]) -> None:
    """UsageError where a file is there already that Acapella has not made."""
    foreign = [path for path in paths if path.exists() and not is_ours(path)]
    if foreign:
        others = f", and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        remedy = "say overwrite, or choose another out_dir or name"
        message = f"{foreign[0]} is there and was not made by Acapella{others}: {remedy}."
        raise UsageError(message, "overwrite", "out_dir", "name")


def is_ours(path: Path) -> bool:
    """Whether Acapella has made this file, by its comment: a stem or a picture of one."""
    if path.suffix == ".png":
        with path.open("rb") as file:
            return MADE_BY.encode() in file.read(COMMENT_WITHIN)
    if path.stat().st_size and path.is_file():
        with suppress(AudioFileError), open_audio(path) as reader:
            return reader.info.metadata.is_ours
    return False


def default_bit_depth(subtype: str | None, format: str) -> BitDepth:
    """16, or the input's depth where it is higher and `format` can hold it.

    `subtype` is the input's, as `AudioInfo` has it: "PCM_16", "FLOAT", …; None: lossy.
    """
    if subtype in ("FLOAT", "DOUBLE"):
        return "32f" if format == "wav" else 24
    return 24 if subtype in ("PCM_24", "PCM_32") else 16
