"""Tiny checkpoints in published layouts, against what their own programs make of a song (../shared/golden/others)."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from acapella.conversion.chunk_graph import export_published
from acapella.conversion.families import read_published
from acapella.conversion.torch_runtime import TorchRuntime
from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model, open_model

GOLDEN = Path(__file__).parents[3] / "shared/golden/others"
NEEDED = {"mel_band_roformer": 50, "bs_roformer": 50, "mdx23c": 60}  # dB by which the error is below the reference

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the reference vectors are not here")


def published(name):
    return read_published(GOLDEN / f"{name}.ckpt", GOLDEN / f"{name}.yaml")


def signal_to_error(model, name):
    """Energy of the reference's vocals over that of the error, in dB."""
    mixture, sample_rate = soundfile.read(GOLDEN / "mixture.flac", dtype="float32")
    reference, _ = soundfile.read(GOLDEN / f"{name}.vocals.flac", dtype="float32")
    vocal = Isolator(model).isolate(mixture, sample_rate, stems=["vocal"])["vocal"]
    error = vocal.astype(np.float64) - reference
    return 10 * np.log10((reference.astype(np.float64) ** 2).sum() / (error**2).sum())


@pytest.mark.parametrize("name", NEEDED)
def test_the_checkpoint_makes_what_its_own_program_does(name):
    found = published(name)
    assert found.description.origin.family == name
    model = Model(found.description, TorchRuntime(found.network))
    assert signal_to_error(model, name) > NEEDED[name] + 30


@pytest.fixture(scope="module", params=NEEDED)
def model_file(request, tmp_path_factory):
    """Name of a family, and the model file of its checkpoint."""
    path = tmp_path_factory.mktemp("models") / "model.onnx"
    export_published(published(request.param), path)
    return request.param, path


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_the_model_file_does_too(model_file, runtime):
    name, path = model_file
    assert signal_to_error(open_model(path, runtime), name) > NEEDED[name] + 20


def test_stems_of_the_descriptions():
    assert published("bs_roformer").description.stems == ("vocal", "instrumental")
    assert published("mdx23c").description.sources == ("vocal", "other")
    assert published("mdx23c").description.residual == "residual"
