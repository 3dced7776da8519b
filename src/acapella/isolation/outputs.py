"""The files that stems are written to: their names, and their bit depth."""

from collections.abc import Iterable
from pathlib import Path

from acapella.audio_files import FORMATS, BitDepth
from acapella.registry import choose


def output_paths(song: Path, out_dir: str | Path | None, stems: Iterable[str], format: str) -> dict[str, Path]:
    """The file of each stem: NAME_vocal.wav and so on, in `out_dir` or beside the song."""
    extension = choose(FORMATS, format, "format").extension
    folder = song.parent if out_dir is None else Path(out_dir)
    return {stem: folder / f"{song.stem}_{stem}{extension}" for stem in stems}


def default_bit_depth(subtype: str | None, format: str) -> BitDepth:
    """16, or the input's depth where it is higher and `format` can hold it.

    `subtype` is the input's, as `AudioInfo` has it: "PCM_16", "FLOAT", …; None: lossy.
    """
    if subtype in ("FLOAT", "DOUBLE"):
        return "32f" if format == "wav" else 24
    return 24 if subtype in ("PCM_24", "PCM_32") else 16
