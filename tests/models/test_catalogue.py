"""The table of known models, recognising their files, finding them by name, and the list of all."""

import hashlib
import sys
from pathlib import Path

import onnx
import pytest
import yaml
from tests.onnx_models import write_gain_model

from acapella.errors import ModelFileError, UsageError
from acapella.models.catalogue.folder import models_folder
from acapella.models.catalogue.known import get_known, known_models, recognise
from acapella.models.catalogue.listing import list_models
from acapella.models.catalogue.metadata import read_metadata
from acapella.models.mdx_net import KNOWN
from acapella.models.model_file import bundled_models, find_model

SCALES = {"Multisong", "MUSDB"}


@pytest.mark.parametrize("model", known_models().values(), ids=lambda model: model.name)
def test_the_table_is_sound(model):
    assert all(address.startswith("https://") and address.endswith(model.file) for address in model.addresses)
    assert model.licence
    assert model.credit
    assert {score.scale for score in model.vocals_sdr} <= SCALES
    assert model.sha256 is None or model.bytes  # what can be downloaded says how much it is
    assert model.config_file is None or isinstance(yaml.safe_load(model.config_file.read_text()), dict)


def test_names_digests_and_files_are_of_one_model_each():
    for values in zip(
        *((model.file, model.sha256 or model.name, model.tail_md5 or model.name) for model in known_models().values()),
        strict=True,
    ):
        assert len(set(values)) == len(values)


def test_tails_are_those_that_tell_the_parameters_of_mdx_nets():
    tails = {model.tail_md5: Path(model.file).stem for model in known_models().values() if model.family == "mdx_net"}
    assert tails == {tail: name for tail, (name, _) in KNOWN.items()}


def test_names_of_files_are_names_too():
    for name in ("Kim_Vocal_2.onnx", "kim_vocal_2", "KIM_VOCAL_2"):
        assert get_known(name).name == "kim_vocal_2"


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(ModelFileError, match=r"No model kimvocal2 is known: did you mean kim_vocal_2\?"):
        get_known("kimvocal2")
    with pytest.raises(ModelFileError, match=r"did you mean kim_vocal_2 or mel_band_roformer_kim\?"):
        get_known("kim")
    with pytest.raises(ModelFileError, match="No model zzz is known: `acapella models` lists all"):
        get_known("zzz")


@pytest.mark.parametrize("known_by", ["tail_md5", "sha256", "name"])
def test_a_published_file_is_recognised(tmp_path, make_known, content, known_by):
    digests = {"tail_md5": hashlib.md5(content).hexdigest()} if known_by == "tail_md5" else {}
    hidden = {"sha256": None, "bytes": None} if known_by == "name" else {}
    model = make_known(**digests, **hidden)
    renamed = tmp_path / (model.file if known_by == "name" else "renamed.onnx")
    renamed.write_bytes(content)
    assert recognise(renamed) == model
    renamed.with_name("other.onnx").write_bytes(bytes(len(content)))
    assert recognise(renamed.with_name("other.onnx")) is None


def test_metadata_is_read_without_the_graph(tmp_path):
    path = write_gain_model(tmp_path / "model.onnx")
    assert read_metadata(path) == {part.key: part.value for part in onnx.load(path).metadata_props}
    assert read_metadata(path)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(ModelFileError, match="not an ONNX file, or only a part"):
        read_metadata(path)
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(ModelFileError, match="not an ONNX file"):
        read_metadata(path)


def test_installed_models_are_found_by_name(models, make_known, content):
    models.mkdir()
    model = make_known()
    with pytest.raises(ModelFileError, match="tiny_model is not installed: get it with `acapella models get tiny_mod"):
        find_model("tiny_model")
    mine, tiny = models / "mine.onnx", models / model.file
    for path in (mine, tiny):
        path.write_bytes(b"")
    assert find_model("mine") == find_model("mine.onnx") == mine
    assert find_model("tiny_model") == find_model("Tiny-Model.onnx") == find_model("tiny-model") == tiny
    renamed = models / "renamed.onnx"
    tiny.unlink()
    renamed.write_bytes(content)
    assert find_model("tiny_model") == find_model("renamed") == renamed
    with pytest.raises(UsageError, match=r"There is no model tinymodel: did you mean tiny_model\?"):
        find_model("tinymodel")


def test_a_checkpoint_that_lies_there_is_to_be_converted(models, make_known):
    models.mkdir()
    model = make_known(file="Tiny-Model.ckpt")
    (models / model.file).write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"Tiny-Model.ckpt must be converted first: `acapella models get tiny_mod"):
        find_model("tiny_model")
    (models / "tiny_model.onnx").write_bytes(b"")
    assert find_model("tiny_model") == models / "tiny_model.onnx"


@pytest.mark.parametrize(
    ("name", "command"), [("a.ckpt", "models convert"), ("a.th", "models convert"), ("a.h5", "export")]
)
def test_weights_are_no_model(tmp_path, name, command):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelFileError, match=f"holds weights, not a model: turn it into one with `acapella {command} "):
        find_model(tmp_path / name)


def test_the_list(models, make_known, content):
    make_known(vocals_sdr=({"value": 9.7, "scale": "Multisong", "about": True},))
    assert [(model.name, model.state) for model in list_models()] == [("default", "bundled"), ("tiny_model", "known")]
    models.mkdir()
    write_gain_model(models / "half.onnx")
    (models / "broken.onnx").write_bytes(b"nothing")
    (models / "renamed.onnx").write_bytes(content)
    (models / ".hidden.onnx").write_bytes(content)
    listed = {model.name: model for model in list_models()}
    assert {name: model.state for name, model in listed.items()} == {
        "default": "bundled",
        "broken": "installed",
        "half": "installed",
        "tiny_model": "installed",
    }
    assert "not an ONNX file" in listed["broken"].problem
    assert listed["half"].licence == "CC0"
    assert listed["tiny_model"].path == models / "renamed.onnx"
    assert str(listed["tiny_model"].vocals_sdr[0]) == "≈ 9.7 (Multisong)"


def test_without_platformdirs_the_variable_still_names_the_folder(models, make_known, monkeypatch):
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert models_folder() == models
    monkeypatch.delenv("ACAPELLA_MODELS")
    make_known()
    assert [model.name for model in list_models()] == ["default", "tiny_model"]
    with pytest.raises(ModelFileError, match="tiny_model is not installed"):
        find_model("tiny_model")


def test_the_folder_among_the_users_data(monkeypatch):
    pytest.importorskip("platformdirs")
    monkeypatch.delenv("ACAPELLA_MODELS", raising=False)
    assert models_folder().parts[-2:] == ("acapella", "models")


def test_a_folder_that_cannot_be_read(models, make_known, monkeypatch):
    make_known()
    models.mkdir()

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ModelFileError, match=r"folder .*models cannot be read \(Permission denied\): change that"):
        find_model("tiny_model")
    assert find_model(None) == bundled_models()["default"]
