"""The result of an analysis: a table for the screen, and files to keep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from acapella import pictures
from acapella.errors import MissingExtraError, printable
from acapella.models.front_ends import SpectralFrontEnd
from acapella.whole_files import atomic_write


@dataclass(frozen=True)
class Dataset:
    """Values to keep, with their unit ('1' for ratios and counts) or, for names, none."""

    values: np.ndarray | np.float64 | Sequence[str]
    unit: str | None = None


@dataclass(frozen=True)
class Part:
    """Files to keep for one `source`, a stem or a song: numbers, and a picture (.png) that `plot` draws."""

    source: str
    datasets: Mapping[str, Dataset]
    plot: Callable[[Path], None]


@dataclass(frozen=True)
class Report:
    """A table, and the parts to keep; `front_end` is what spectrograms were made with."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    front_end: SpectralFrontEnd
    parts: Sequence[Part]
    attributes: Mapping[str, str | float] = field(default_factory=dict)

    def table(self) -> str:
        """Header and rows as aligned columns: text to the left, numbers to the right."""
        lines = [self.header, *self.rows]
        columns = list(zip(*lines, strict=True))
        widths = [max(map(len, column)) for column in columns]
        numeric = [all(_is_number(text) for text in column[1:]) for column in columns]
        return "\n".join(
            "  ".join(
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in lines
        )

    def save(
        self, folder: Path, analysis: str, attributes: Mapping[str, str | float], model: str | None = None
    ) -> list[Path]:
        """Write ANALYSIS_SOURCE_REPRESENTATION.h5 and .png for each part; returns their paths.

        ANALYSIS_SOURCE_MODEL_REPRESENTATION, where the numbers are those of a `model`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for part in self.parts:
            parts = [analysis, part.source, *([model] if model else []), self.front_end.representation]
            name = "_".join(parts)
            numbers, picture = folder / f"{name}.h5", folder / f"{name}.png"
            about = {"analysis": analysis, "source": part.source, "front_end": self.front_end.model_dump_json()}
            write_hdf5(numbers, part.datasets, {**about, **self.attributes, **attributes})
            part.plot(picture)
            written += [numbers, picture]
        return written


def check_installed() -> None:
    """MissingExtraError if packages for saving are missing; call it before the work."""
    pictures.check_installed()
    try:
        import h5py  # noqa: F401
    except ImportError:
        raise MissingExtraError("Saving numbers in HDF5", "analysis") from None


def write_hdf5(path: Path, datasets: Mapping[str, Dataset], attributes: Mapping[str, str | float]) -> None:
    """Write an HDF5 file whole or not at all; each dataset has its unit as attribute `unit`."""
    import h5py

    with atomic_write(path) as unfinished, h5py.File(unfinished, "w") as file:
        file.attrs.update({name: _as_text(value) for name, value in attributes.items()})
        for name, dataset in datasets.items():
            values = dataset.values
            kept = [_as_text(value) for value in values] if isinstance(values, Sequence) else values
            written = file.create_dataset(name, data=kept)
            if dataset.unit is not None:
                written.attrs["unit"] = dataset.unit


def _as_text(value: str | float) -> str | float:
    """Names of files as text, which they need not be, and HDF5 takes no other."""
    return printable(value) if isinstance(value, str) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text
    return True
