"""Tensors that other people's programs have stored (.th, .pth, .ckpt, .safetensors), with the values beside them.

Nothing is unpickled but tensors and plain values: torch's restricted unpickler (`weights_only`) refuses all else. For
the few harmless classes that published files name, it is given stand-ins, which do nothing.
"""

import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from acapella.errors import ModelFileError

Shapes = Mapping[str, tuple[int, ...]]  # of tensors, by name

WRAPPERS = ("state_dict", "state", "model_state_dict", "model", "best_state")  # keys that programs put around tensors
PREFIXES = ("module.", "_orig_mod.", "model.")  # that they put before names
FRACTION = re.compile(r"-?\d{1,12}(/\d{1,12})?")
UNKNOWN_CLASS = re.compile(r"GLOBAL (\S{1,200})")
SLACK = 1 << 20  # bytes that a file's content may be larger than the file
UNREADABLE = (
    *(pickle.UnpicklingError, zipfile.BadZipFile, struct.error, SafetensorError),
    *(OSError, EOFError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError),
    *(ArithmeticError, MemoryError),
)  # what reading damaged, foreign and malicious files was seen to raise


@dataclass(frozen=True)
class TorchFile:
    """What a file holds.

    Parameters
    ----------
    name: its path, for messages
    tensors: by name, on the CPU; floating-point numbers are float32
    values: what is stored beside them; classes are there by name
    """

    name: str
    tensors: dict[str, Tensor]
    values: Mapping[str, Any]

    @property
    def shapes(self) -> "Shapes":
        """The shape of each tensor."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}


def read_torch_file(path: Path) -> TorchFile:
    """The content of the file at `path`; a ModelFileError says in one sentence why it cannot be had."""
    if not path.is_file():
        raise ModelFileError(f"The checkpoint {path} does not exist.")
    try:
        content, values = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    except UNREADABLE as error:
        if unknown := UNKNOWN_CLASS.search(str(error)):
            raise ModelFileError(f"{path} holds {unknown[1]}, not tensors alone; such a file is not read.") from None
        raise ModelFileError(f"{path} cannot be read as a checkpoint: it is damaged, or something else.") from None
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    _check_plain(tensors, path)
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    tensors = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    return TorchFile(str(path), tensors, values)


def _safetensors(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 (no mapping)


def _torch(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What is in a file of torch's: the tensors, out of what a program saved around them, and the rest of it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > path.stat().st_size + SLACK:
                raise ValueError("compressed")  # torch does not compress
    with torch.serialization.safe_globals(list(STAND_INS)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions of pickle
        content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        return {}, {}
    for key in WRAPPERS:
        if isinstance(inner := content.get(key), Mapping):
            return inner, {str(name): _plain(value) for name, value in content.items() if name != key}
    return content, {}


def _check_plain(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise where there are no tensors, or some that are larger than what the file holds of them."""
    if not tensors:
        raise ModelFileError(f"{path} holds no tensors by name.")
    total = 0
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
            raise ModelFileError(f"{path}: the tensor {name[:80]} is not a plain one.")
        total += tensor.numel() * tensor.element_size()
    if total > path.stat().st_size + SLACK:
        raise ModelFileError(f"{path} is smaller than the tensors that it claims to hold.")


class _Forgotten:
    """Stands for what is of no use here."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


class _HTDemucs(_Forgotten):
    pass


class _HDemucs(_Forgotten):
    pass


class _Demucs(_Forgotten):
    pass


def _fraction(numerator: Any, denominator: Any = 1) -> Fraction:
    """Of two numbers or, as Python up to 3.11 stores it, of text; a short one, for long ones take forever."""
    text = numerator if isinstance(numerator, str) else f"{int(numerator):d}/{int(denominator):d}"
    if not FRACTION.fullmatch(text):
        raise ValueError("no fraction")
    return Fraction(text)


def _plain(value: Any) -> Any:
    """A class by name."""
    return CLASSES.get(value) if isinstance(value, type) else value


CLASSES: dict[Any, str] = {
    _HTDemucs: "demucs.htdemucs.HTDemucs",
    _HDemucs: "demucs.hdemucs.HDemucs",
    _Demucs: "demucs.demucs.Demucs",
}
STAND_INS: tuple[tuple[Any, str], ...] = (
    *CLASSES.items(),
    (_fraction, "fractions.Fraction"),
    (_Forgotten, "numpy.dtype"),
    (_Forgotten, "numpy.dtypes.Float64DType"),
    (_Forgotten, "numpy.core.multiarray.scalar"),  # the best score, say
    (_Forgotten, "numpy._core.multiarray.scalar"),
)
