"""Cut the vectors of the original implementation down to what the tests need.

python tests/golden/trim.py ../shared/golden
"""

import sys
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
STEP = 0.5  # to which the target of the choppers is rounded
DECIMALS = 3  # to which kernels are rounded


def trim_normalizers(source: Path) -> None:
    """Whole mixtures, for the percentiles are theirs; of everything else every eighth bin."""
    kept = {}
    with np.load(source / "normalizers.npz") as vectors:
        for name in vectors.files:
            if name.endswith(("_input_mix", "_norm")):
                kept[name] = vectors[name]
            elif "_95_" not in name and "ri_dummy" not in name:
                kept[name] = vectors[name][::8]
    np.savez_compressed(HERE / "normalizers.npz", **kept)


def trim_choppers(source: Path) -> None:
    """The place of each slice, found by its first value, instead of sums of slices; the target in a byte a value."""
    with np.load(source / "choppers.npz") as vectors:
        mixture, rows = vectors["mixture"], [vectors[f"chop{case}_mix"] for case in range(len(vectors["cases"]))]
        target = np.rint(vectors["vocals"] / STEP).astype(np.int8)
        places = {f"rectangles{case}": rectangles(slices, mixture) for case, slices in enumerate(rows)}
        np.savez_compressed(HERE / "choppers.npz", cases=vectors["cases"], target=target, step=STEP, **places)


def rectangles(slices: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """(slices, 4): lowest bin, bin behind the highest, first frame, frame behind the last."""
    found = []
    for _, first, _, bins, frames, _ in slices:
        ((low, start, _),) = np.argwhere(mixture == np.float32(first))
        found.append((low, low + bins, start, start + frames))
    return np.array(found, np.int16)


def trim_weights(source: Path) -> None:
    """Kernels rounded to DECIMALS, which HDF5 packs into 8 bits; of the vectors the first example."""
    name = "leaky_dropout_lps"
    with h5py.File(source / f"{name}.h5") as whole, h5py.File(HERE / f"{name}.h5", "w") as file:
        file.attrs.update(whole.attrs)
        for layer, group in whole.items():
            file.create_group(layer).attrs.update(group.attrs)
            group.visititems(lambda path, item, to=file[layer]: copy(path, item, to))
    with np.load(source / f"{name}.npz") as vectors:
        np.savez_compressed(HERE / f"{name}.npz", **{key: vectors[key][:1] for key in ("input", "output")})


def copy(path: str, item: h5py.Dataset | h5py.Group, group: h5py.Group) -> None:
    """A dataset, packed where it is a kernel."""
    if isinstance(item, h5py.Dataset):
        packing = {"chunks": item.shape, "scaleoffset": DECIMALS, "compression": "gzip"} if item.ndim == 4 else {}
        group.create_dataset(path, data=item[()], **packing)


if __name__ == "__main__":
    golden = Path(sys.argv[1])
    trim_normalizers(golden)
    trim_choppers(golden)
    trim_weights(golden)
