"""Other people's checkpoints (.ckpt, .pth): their tensors by name, without unpickling anything else."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acapella.errors import ModelFileError

WRAPPERS = ("state_dict", "state", "model_state_dict", "model", "best_state")  # keys that trainers put around tensors
PREFIXES = ("module.", "_orig_mod.", "model.")  # that trainers put before names

Tensors = Mapping[str, Tensor]
Shapes = Mapping[str, tuple[int, ...]]


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, in float32 where they are floating point."""
    tensors = {name: value for name, value in _unwrap(_load(path)).items() if isinstance(value, Tensor)}
    if not tensors:
        raise ModelFileError(f"{path} holds no tensors by name.")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def shapes(tensors: Tensors) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _load(path: Path) -> Any:
    if not path.is_file():
        raise ModelFileError(f"The checkpoint {path} does not exist.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError, KeyError, AttributeError) as error:
        raise ModelFileError(f"{path} is no checkpoint of plain tensors: {_first_sentence(error)}.") from error


def _unwrap(content: Any) -> Mapping[str, Any]:
    """The mapping that holds the tensors, from within what a trainer saved around it."""
    if not isinstance(content, Mapping):
        return {}
    for key in WRAPPERS:
        if isinstance(inner := content.get(key), Mapping):
            return inner
    return content


def _first_sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].split(". ")[0].rstrip(".")
