"""Checkpoints and YAML files from strangers: nothing is executed, nothing explodes, one sentence says why."""

import pickle

import pytest
import torch

from acapella.conversion.checkpoints import read_checkpoint
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def written(tmp_path, text):
    (tmp_path / "model.yaml").write_text(text)
    return tmp_path / "model.yaml"


def one_sentence(error):
    return "\n" not in str(error.value) and str(error.value).endswith(".")


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_malicious_pickle_does_nothing(tmp_path, how):
    content = {"weight": torch.ones(2), "more": Malicious(tmp_path / "harm")}
    path = tmp_path / "model.ckpt"
    torch.save(content, path) if how == "torch" else path.write_bytes(pickle.dumps(content))
    with pytest.raises(ModelFileError, match="is no checkpoint of plain tensors") as error:
        read_checkpoint(path)
    assert one_sentence(error)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello", b"\x80\x02."])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "model.ckpt").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.ckpt") as error:
        read_checkpoint(tmp_path / "model.ckpt")
    assert one_sentence(error)
    with pytest.raises(ModelFileError, match="does not exist"):
        read_checkpoint(tmp_path / "none.ckpt")


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: {"state_dict": t, "epoch": 3}, lambda t: {"state": t}])
@pytest.mark.parametrize("prefix", ["", "module.", "model."])
def test_wrappers_prefixes_and_half_precision_are_undone(tmp_path, wrap, prefix):
    tensors = {f"{prefix}a.weight": torch.ones(2, dtype=torch.float16), f"{prefix}steps": torch.tensor(5)}
    torch.save(wrap(tensors), tmp_path / "model.ckpt")
    found = read_checkpoint(tmp_path / "model.ckpt")
    assert list(found) == ["a.weight", "steps"]
    assert found["a.weight"].dtype == torch.float32
    assert found["steps"].dtype == torch.int64


def test_a_checkpoint_without_tensors_is_refused(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "model.ckpt")
    with pytest.raises(ModelFileError, match="holds no tensors by name"):
        read_checkpoint(tmp_path / "model.ckpt")


def test_tuples_are_read(tmp_path):
    config = TrainingConfig.read(written(tmp_path, "model:\n  bands: !!python/tuple [2, 4]\n  dim: 8\n"))
    assert config.integers("model.bands") == (2, 4)
    assert config.integer("model.dim") == 8
    assert config.integer("model.depth", 6) == 6


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['true']",
        "a: !!python/name:os.system",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "a: [",
        "just words",
        "[" * 5000,
        "a: " + "x" * (1 << 20),
    ],
)
def test_other_tags_aliases_and_bombs_are_refused(tmp_path, text):
    with pytest.raises(ModelFileError, match=r"model\.yaml") as error:
        TrainingConfig.read(written(tmp_path, text))
    assert one_sentence(error)


@pytest.mark.parametrize("value", ["-1", "0", "1.5", "yes", "99999999999", "[1]", "many", "{a: 1}"])
def test_values_that_are_no_sizes_name_the_key(tmp_path, value):
    config = TrainingConfig.read(written(tmp_path, f"model:\n  dim: {value}\n"))
    with pytest.raises(ModelFileError, match=r"model\.yaml: model\.dim must be a whole number") as error:
        config.integer("model.dim")
    assert one_sentence(error)


def test_what_is_missing_is_named(tmp_path):
    config = TrainingConfig.read(written(tmp_path, "model: {}\naudio: 5\n"))
    with pytest.raises(ModelFileError, match=r"model\.dim is missing"):
        config.integer("model.dim")
    with pytest.raises(ModelFileError, match=r"training\.instruments is missing"):
        config.texts("training.instruments")
    with pytest.raises(ModelFileError, match="audio is not a section"):
        config.integer("audio.n_fft")
