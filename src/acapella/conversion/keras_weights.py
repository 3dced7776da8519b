"""Weights in Keras' HDF5 layout, read and written: they go back and forth between the original and us.

The layout (Keras 2, `save_weights`): the file's attribute `layer_names` lists the layers in order; each is a
group whose attribute `weight_names` lists its arrays, which lie in the group under these names. The names
differ from file to file (`conv2d_7`, `conv2d_8`; `kernel`, `kernel:0`), so on reading, layers are told apart
by their arrays and matched in order:

    convolution           kernel (height, width, in, out), and bias (out) unless it has none;
                          of a transposed one (height, width, out, in)
    batch normalization   gamma, beta, moving mean, moving variance, each (channels)
"""

from collections import Counter
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acapella.errors import QUOTED, ModelFileError
from acapella.whole_files import atomic_write

KERAS_VERSION = b"2.12.0"  # whose layout we write; every Keras 2 reads it

CONVOLUTION = "convolution"
NORMALIZATION = "batch normalization"

MOST_IN_A_CHUNK = 1 << 22  # numbers that HDF5 unpacks at once, unless an array has more
_KERAS_NAMES = {  # of a layer, and of its arrays in order
    CONVOLUTION: ("conv2d", ("kernel:0", "bias:0")),
    NORMALIZATION: ("batch_normalization", ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")),
}


Layer = tuple[str, list[Tensor]]  # kind, and tensors in Keras' order
Layers = list[Layer]


def load_keras_weights(network: nn.Module, path: Path) -> None:
    """Fill `network` from the file; one that does not fit raises, and leaves the network as it was."""
    layers = list(_layers_of(network))
    try:
        with h5py.File(path, "r") as file:
            arrays = _read_fitting(layers, file, path)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelFileError(f"{path} cannot be read as Keras weights in HDF5: {_first_line(error)}.") from error
    tensors = (tensor for _, layer in layers for tensor in layer)
    with torch.no_grad():
        for tensor, array in zip(tensors, arrays, strict=True):
            tensor.copy_(torch.from_numpy(array))


def save_keras_weights(network: nn.Module, path: Path) -> None:
    """Write the weights as Keras 2 names and orders them; the file appears whole or not at all."""
    layers = list(_layers_of(network))
    try:
        with atomic_write(path) as unfinished, h5py.File(unfinished, "w") as file:
            _write(layers, file)
    except OSError as error:
        raise ModelFileError(f"The weight file {path} cannot be written: {_first_line(error)}.") from error


def _layers_of(network: nn.Module) -> Iterator[Layer]:
    """Kind and tensors, in Keras' order, of each layer; modules are registered in the order of execution.

    A layer for which the layout has no place is a ModelFileError.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            yield CONVOLUTION, [tensor for tensor in (module.weight, module.bias) if tensor is not None]
        elif isinstance(module, nn.BatchNorm2d) and module.affine and module.track_running_stats:
            assert module.running_mean is not None
            assert module.running_var is not None
            yield NORMALIZATION, [module.weight, module.bias, module.running_mean, module.running_var]
        elif any("." not in name for name in module.state_dict()):
            raise ModelFileError(
                f"Keras' layout has no place for a layer of the kind {type(module).__name__}: "
                "keep the weights of this network in a file that ends in .safetensors."
            )


def _write(layers: Layers, file: Any) -> None:
    """Attributes are bytes of fixed length, as Keras wrote them: its early versions read nothing else."""
    seen: Counter[str] = Counter()
    names = []
    for kind, tensors in layers:
        name, weights = _KERAS_NAMES[kind]
        seen[kind] += 1
        if seen[kind] > 1:
            name = f"{name}_{seen[kind] - 1}"
        names.append(name)
        paths = [f"{name}/{weight}" for weight, _ in zip(weights, tensors, strict=False)]
        group = file.create_group(name)
        group.attrs["weight_names"] = np.array(paths, dtype="S")
        for path, tensor in zip(paths, tensors, strict=True):
            group[path] = _to_keras(tensor.detach().cpu().numpy())
    file.attrs["layer_names"] = np.array(names, dtype="S")
    file.attrs["backend"] = np.bytes_(b"tensorflow")
    file.attrs["keras_version"] = np.bytes_(KERAS_VERSION)


def _read_fitting(layers: Layers, file: Any, path: Path) -> list[NDArray[np.float32]]:
    """One array for each tensor of `layers`, shaped like it. Shapes are compared before anything is read."""
    group = _inside(file, "model_weights") if "model_weights" in file else file
    stored = _stored_layers(group, path)
    for kind, found in stored.items():
        _check_fit(kind, found, [tensors for other, tensors in layers if other == kind], path)
    flipped = _text(group.attrs.get("backend", file.attrs.get("backend", ""))) == "theano"
    queues = {kind: iter(found) for kind, found in stored.items()}
    return [_from_keras(array, flipped) for kind, _ in layers for array in next(queues[kind])]


def _check_fit(kind: str, found: list[list[Any]], wanted: list[list[Tensor]], path: Path) -> None:
    """Raise unless the layers of one kind are as many, and shaped, as the network's."""
    if len(found) != len(wanted):
        raise _misfit(path, f"it has {len(found)} {kind} layers where {len(wanted)} are needed")
    for number, (arrays, tensors) in enumerate(zip(found, wanted, strict=True), start=1):
        has, needs = [array.shape for array in arrays], [_keras_shape(tensor) for tensor in tensors]
        if has != needs:
            raise _misfit(path, f"its {kind} {number} is {_describe(has)} where {_describe(needs)} is needed")


def _stored_layers(group: Any, path: Path) -> dict[str, list[list[Any]]]:
    """The HDF5 data sets of each layer with weights, by kind, in order."""
    names = _names(group, "layer_names")
    if names is None:
        raise ModelFileError(f"{path} holds no weights in Keras' layout: it has no list of layers.")
    stored: dict[str, list[list[Any]]] = {CONVOLUTION: [], NORMALIZATION: []}
    for name in names:
        layer = _inside(group, name)
        arrays = [_array(layer, weight) for weight in _names(layer, "weight_names") or []]
        ranks = [len(array.shape) for array in arrays]
        if ranks in ([4], [4, 1]):
            stored[CONVOLUTION].append(arrays)
        elif ranks == [1, 1, 1, 1]:
            stored[NORMALIZATION].append(arrays)
        elif ranks:
            raise _misfit(path, f"its layer {name[:QUOTED]!r} is neither a convolution nor a batch normalization")
    return stored


def _inside(group: Any, path: str) -> Any:
    """What lies at `path` below `group`; no link is followed, for it may lead into another file."""
    found = group
    for part in filter(None, path.split("/")):
        if not isinstance(found, h5py.Group):
            raise TypeError(f"{part[:QUOTED]!r} lies in what is no group")
        if not isinstance(found.get(part, getlink=True), h5py.HardLink):
            raise TypeError(f"{part[:QUOTED]!r} is a link")
        found = found[part]
    return found


def _array(layer: Any, name: str) -> Any:
    """The data set `name`, which must be numbers that lie in this very file."""
    array = _inside(layer, name)
    if not isinstance(array, h5py.Dataset):
        raise TypeError(f"the entry {name[:QUOTED]!r} is no array")
    if array.external or array.is_virtual:
        raise TypeError(f"the numbers of {name[:QUOTED]!r} lie in another file")
    if array.dtype.kind != "f" or array.shape is None:
        raise TypeError(f"{name[:QUOTED]!r} does not hold real numbers")
    if array.chunks and prod(array.chunks) > max(MOST_IN_A_CHUNK, prod(array.shape)):
        raise TypeError(f"{name[:QUOTED]!r} is packed in larger parts than it has numbers")
    return array


def _names(group: Any, attribute: str) -> list[str] | None:
    """A list of names; Keras splits one of over 64 kB into `attribute`0, `attribute`1, …"""
    if attribute in group.attrs:
        return [_text(name) for name in group.attrs[attribute]]
    names: list[str] = []
    part = 0
    while f"{attribute}{part}" in group.attrs:
        names += [_text(name) for name in group.attrs[f"{attribute}{part}"]]
        part += 1
    return names if part else None


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _from_keras(dataset: Any, flipped: bool) -> NDArray[np.float32]:
    """(height, width, in, out) to (out, in, height, width); vectors stay.

    Theano convolved where others correlate: its kernels are `flipped` along both axes.
    """
    array = np.asarray(dataset[()], dtype=np.float32)
    if array.ndim != 4:
        return array
    if flipped:
        array = array[::-1, ::-1]
    return np.ascontiguousarray(array.transpose(3, 2, 0, 1))


def _to_keras(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """(out, in, height, width) to (height, width, in, out); vectors stay."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _keras_shape(tensor: Tensor) -> tuple[int, ...]:
    shape = tuple(tensor.shape)
    return (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape


def _describe(shapes: list[tuple[int, ...]]) -> str:
    return " + ".join("×".join(map(str, shape)) for shape in shapes)


def _misfit(path: Path, difference: str) -> ModelFileError:
    return ModelFileError(f"{path} does not fit the network: {difference}; check MODEL and LEARN_PHASE.")


def _first_line(error: Exception) -> str:
    return (str(error).strip("'\" \n").splitlines() or [type(error).__name__])[0][: 2 * QUOTED].rstrip(".")
