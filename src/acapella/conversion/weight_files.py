"""Files of weights: safetensors for our own networks, Keras' HDF5 for the original's (`conversion.keras_weights`)."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from acapella.conversion.keras_weights import load_keras_weights, save_keras_weights
from acapella.errors import ModelFileError
from acapella.networks import Network
from acapella.whole_files import atomic_write

SAFETENSORS = ".safetensors"
FLOATS = ("F64", "F32", "F16", "BF16")
COUNTER = "num_batches_tracked"  # of a batch normalization; nothing depends on it


def save_weights(network: nn.Module, path: Path) -> Path:
    """Write the weights; the file appears whole or not at all. Returns its path.

    That is `path`, or beside it with the suffix .safetensors where the network's weights are not kept in Keras' layout.
    """
    if path.suffix != SAFETENSORS and isinstance(network, Network) and network.keras_layout:
        save_keras_weights(network, path)
        return path
    path = path.with_suffix(SAFETENSORS)
    _save_safetensors(network, path)
    return path


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill `network` from a file of either kind; one that does not fit raises, and leaves the network as it was."""
    if not path.is_file():
        raise ModelFileError(f"The weight file {path} does not exist.")
    (_load_safetensors if path.suffix == SAFETENSORS else load_keras_weights)(network, path)


def _tensors_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(COUNTER)}


def _save_safetensors(network: nn.Module, path: Path) -> None:
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors_of(network).items()}
    try:
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(save(tensors))
    except OSError as error:
        raise ModelFileError(f"The weight file {path} cannot be written: {_reason(error)}.") from error


def _load_safetensors(network: nn.Module, path: Path) -> None:
    """Names and shapes are compared before any tensor is read, so that no file asks for more memory than it may."""
    wanted = _tensors_of(network)
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            _check_fit({name: file.get_slice(name) for name in names}, wanted, path)
            found = {name: file.get_tensor(name) for name in wanted}
    except (OSError, SafetensorError) as error:
        raise ModelFileError(f"{path} cannot be read as weights in safetensors: {_reason(error)}.") from error
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(found[name])


def _check_fit(stored: dict[str, Any], wanted: dict[str, Tensor], path: Path) -> None:
    """Raise unless `stored` are the tensors of a network, by name, of the shapes `wanted`, and floats."""
    stored = {name: part for name, part in stored.items() if not name.endswith(COUNTER)}
    missing = [name for name in wanted if name not in stored]
    if missing:
        raise _misfit(path, f"it lacks {missing[0]}")
    for name, part in stored.items():
        if name not in wanted:
            raise _misfit(path, f"it has {_shortened(name)}, which is not needed")
        shape, needed = part.get_shape(), list(wanted[name].shape)
        if shape != needed:
            raise _misfit(path, f"its {name} is {_describe(shape)} where {_describe(needed)} is needed")
        if part.get_dtype() not in FLOATS:
            raise _misfit(
                path, f"its {name} is of the type {part.get_dtype()} where one of {', '.join(FLOATS)} is needed"
            )


def _describe(shape: list[int]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _shortened(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:100]}…")


def _misfit(path: Path, difference: str) -> ModelFileError:
    return ModelFileError(f"{path} does not fit the network: {difference}; check MODEL and LEARN_PHASE.")


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
