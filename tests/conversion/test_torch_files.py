"""Checkpoints of other programs: what they hold, and what happens with files that are not what they should be."""

import io
import os
import shutil
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from acapella.conversion import htdemucs
from acapella.conversion.torch_files import read_torch_file
from acapella.errors import ModelFileError

WEIGHT = torch.arange(6, dtype=torch.float16).reshape(2, 3)


class Malicious:
    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def saved(tmp_path, content, name="file.ckpt"):
    torch.save(content, tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("wrap", [dict, lambda state: {"state_dict": state}, lambda state: {"state": state, "seed": 1}])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
def test_tensors_are_found_and_are_float32(tmp_path, wrap, prefix):
    path = saved(tmp_path, wrap({f"{prefix}conv.weight": WEIGHT, f"{prefix}steps": torch.tensor(3)}))
    file = read_torch_file(path)
    assert file.shapes == {"conv.weight": (2, 3), "steps": ()}
    assert file.tensors["conv.weight"].dtype == torch.float32
    assert file.tensors["steps"].dtype == torch.int64
    assert torch.equal(file.tensors["conv.weight"], WEIGHT.float())


def test_values_beside_the_tensors(tmp_path):
    content = {"state": {"weight": WEIGHT}, "kwargs": {"segment": Fraction(39, 5)}, "score": np.float64(8.2)}
    assert read_torch_file(saved(tmp_path, content)).values["kwargs"] == {"segment": Fraction(39, 5)}


def test_safetensors(tmp_path):
    save_file({"weight": WEIGHT}, tmp_path / "file.safetensors", metadata={"klass": "A"})
    file = read_torch_file(tmp_path / "file.safetensors")
    assert torch.equal(file.tensors["weight"], WEIGHT.float())
    assert file.values == {"klass": "A"}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("function", [os.mkdir, shutil.copytree])
def test_no_code_of_a_malicious_file_runs(tmp_path, function, protocol, zipped):
    content = {"state_dict": {"weight": WEIGHT}, "more": Malicious(function, str(tmp_path / "touched"))}
    path = tmp_path / "file.ckpt"
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelFileError, match=r"holds (posix|nt|shutil)\.\w+, not tensors|cannot be read") as raised:
        read_torch_file(path)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("text", ["1e999999999", "1" * 5000, "1/0", "x"])
def test_a_fraction_that_is_none_or_takes_forever(tmp_path, text):
    path = saved(tmp_path, {"state": {"weight": WEIGHT}, "segment": Malicious(Fraction, text)})
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_torch_file(path)


@pytest.mark.parametrize("name", ["file.ckpt", "file.safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x80", b"RIFF....WAVE", b"PK\x03\x04 something", bytes(1000)])
def test_foreign_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=r"^[^\n]*(cannot be read as a checkpoint|no tensors)[^\n]*$"):
        read_torch_file(tmp_path / name)


@pytest.mark.parametrize("name", ["file.ckpt", "file.safetensors"])
def test_a_truncated_file(tmp_path, name):
    tensors = {"weight": torch.zeros(1000)}
    save_file(tensors, tmp_path / name) if name.endswith("safetensors") else saved(tmp_path, tensors)
    whole = (tmp_path / name).read_bytes()
    for length in (1, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match="damaged"):
            read_torch_file(tmp_path / name)


def test_a_compressed_archive(tmp_path):
    path = saved(tmp_path, {"weight": torch.zeros(1 << 20)})
    squeezed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
    path.write_bytes(squeezed.getvalue())
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_torch_file(path)


def test_tensors_that_are_larger_than_the_file(tmp_path):
    path = saved(tmp_path, {"weight": torch.zeros(1).expand(1 << 40)})
    with pytest.raises(ModelFileError, match="smaller than the tensors"):
        read_torch_file(path)


def test_a_file_without_tensors(tmp_path):
    with pytest.raises(ModelFileError, match="no tensors"):
        read_torch_file(saved(tmp_path, [WEIGHT]))
    with pytest.raises(ModelFileError, match="does not exist"):
        read_torch_file(tmp_path / "none.ckpt")


def test_the_published_layouts_hold_the_same(golden):
    pickled, safe = (read_torch_file(golden / f"others/htdemucs.{suffix}") for suffix in ("th", "safetensors"))
    assert pickled.shapes == safe.shapes
    assert all(torch.equal(tensor, safe.tensors[name]) for name, tensor in pickled.tensors.items())
    assert pickled.values["klass"] == safe.values["klass"] == "demucs.htdemucs.HTDemucs"
    assert pickled.values["kwargs"]["segment"] == Fraction(39, 10)
    described = [htdemucs.read(each.tensors, htdemucs.stored_config(each), "htdemucs") for each in (pickled, safe)]
    assert described[0].description == described[1].description
