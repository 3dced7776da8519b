"""`--runtime auto`: the fastest runtime for a model's family."""

import pytest
from tests.onnx_models import write_identity

from acapella.isolation import runtimes
from acapella.models.description import ModelDescription, Origin, Output
from acapella.models.front_ends import WaveformFrontEnd
from acapella.models.onnx_bytes import read_metadata
from acapella.models.schedules import Chunks


def model_of(family, folder):
    description = ModelDescription(
        front_end=WaveformFrontEnd(),
        schedule=Chunks(length=100, step=50),
        output=Output(kind="waveform"),
        origin=Origin(family=family),
    )
    return write_identity(folder / "model.onnx", description, [1, 2, 100]), description


@pytest.fixture(autouse=True)
def without_gpu(monkeypatch):
    monkeypatch.setattr(runtimes, "_has_cuda", lambda: False)


@pytest.mark.parametrize(
    ("family", "installed", "expected"),
    [("htdemucs", True, "OpenVino"), ("htdemucs", False, "OnnxRuntime"), ("deep_unet", True, "OnnxRuntime")],
)
def test_the_family_decides_among_what_is_installed(family, installed, expected, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setattr(runtimes, "find_spec", lambda _: installed or None)
    path, _ = model_of(family, tmp_path)
    assert type(runtimes.open_runtime(path)).__name__ == expected


def test_metadata_without_reading_the_graph(tmp_path):
    path, description = model_of("htdemucs", tmp_path)
    assert read_metadata(path) == description.to_metadata()
