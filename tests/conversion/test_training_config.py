"""YAML files from strangers: nothing is executed, nothing explodes, one sentence says why."""

import pytest

from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError


def written(tmp_path, text):
    (tmp_path / "model.yaml").write_text(text)
    return tmp_path / "model.yaml"


def one_sentence(error):
    return "\n" not in str(error.value) and str(error.value).endswith(".")


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
