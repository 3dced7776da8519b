"""Published checkpoints become model files."""

import shutil

import pytest
from tests.conversion.published import error_db

from acapella import Isolator
from acapella.conversion.convert import convert
from acapella.errors import ModelFileError

WITHIN = {"mel_band_roformer": -70, "bs_roformer": -70, "mdx23c": -80, "scnet": -80}  # dB, of the reference's energy


@pytest.mark.slow
@pytest.mark.parametrize("name", WITHIN)
def test_a_checkpoint_with_its_yaml_beside_it(golden, tmp_path, name):
    for suffix in (".ckpt", ".yaml"):
        shutil.copy(golden / f"others/{name}{suffix}", tmp_path)
    model = convert(tmp_path / f"{name}.ckpt")
    assert model == tmp_path / f"{name}.onnx"
    assert error_db(Isolator.load(model), golden / "others", name) < WITHIN[name]


@pytest.mark.slow
def test_a_checkpoint_that_says_all_itself(golden, tmp_path):
    shutil.copy(golden / "others/htdemucs.th", tmp_path)
    assert error_db(Isolator.load(convert(tmp_path / "htdemucs.th")), golden / "others", "htdemucs") < -80


@pytest.mark.slow
def test_an_mdx_net_gets_its_description(golden, tmp_path):
    for suffix in (".onnx", ".json"):
        shutil.copy(golden / f"others/mdx_net{suffix}", tmp_path)
    model = convert(tmp_path / "mdx_net.onnx", output=tmp_path / "mine.onnx")
    isolator = Isolator.load(model)
    assert isolator.description.origin.family == "mdx_net"
    assert error_db(isolator, golden / "others", "mdx_net", gain=isolator.description.output.gain) < -60
    with pytest.raises(ModelFileError, match="is a model file already"):
        convert(model, output=tmp_path / "again.onnx")
    with pytest.raises(ModelFileError, match="would be overwritten"):
        convert(model)


def test_what_is_missing_is_said(golden, tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no checkpoint .*nothing\.ckpt"):
        convert(tmp_path / "nothing.ckpt")
    shutil.copy(golden / "others/mdx23c.ckpt", tmp_path)
    with pytest.raises(ModelFileError, match="is a mdx23c; its YAML file is needed too"):
        convert(tmp_path / "mdx23c.ckpt")
