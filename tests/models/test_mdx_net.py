"""UVR's MDX-Net files run as they are."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from acapella import Isolator
from acapella.errors import ModelFileError
from acapella.models import mdx_net

PARAMETERS = {
    "compensate": 2.0,
    "mdx_dim_f_set": 256,
    "mdx_dim_t_set": 3,
    "mdx_n_fft_scale_set": 2048,
    "primary_stem": "Vocals",
    "is_karaoke": False,
}


@pytest.fixture
def foreign(tmp_path):
    """An ONNX file without metadata whose network returns half of what it takes."""
    axes = ["batch_size", 4, 256, 8]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["input", "half"], ["output"])],
        "foreign",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, axes)],
        [helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "a.onnx")
    return tmp_path / "a.onnx"


def low_tone(samples):
    time = np.arange(samples) / 44100
    return np.stack([0.3 * np.sin(2 * np.pi * 2000 * time)] * 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_parameters_lie_beside_the_file(foreign, suffix):
    foreign.with_suffix(suffix).write_text(json.dumps(PARAMETERS))  # which is YAML, too
    isolator = Isolator.load(foreign)
    assert isolator.description.origin.family == "mdx_net"
    assert isolator.stems == ("vocal", "instrumental")
    audio = low_tone(30_000)
    stems = isolator.isolate(audio, 44100)
    np.testing.assert_allclose(stems["vocal"][500:-500], audio[500:-500], atol=2e-3)  # half, compensated
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], audio, atol=1e-6)


def test_parameters_are_known_by_the_hash_of_the_tail(foreign, monkeypatch):
    known = ("Known", mdx_net.MDXParameters(**(PARAMETERS | {"primary_stem": "Instrumental"})))
    monkeypatch.setitem(mdx_net.KNOWN, mdx_net.tail_md5(foreign), known)
    isolator = Isolator.load(foreign)
    assert isolator.description.origin.checkpoint == "Known"
    assert isolator.description.sources == ("instrumental",)
    assert isolator.stems == ("vocal", "instrumental")


def test_the_tail_is_hashed_as_uvr_does(tmp_path):
    import hashlib

    content = np.random.default_rng(0).bytes(mdx_net.TAIL + 1000)
    (tmp_path / "long").write_bytes(content)
    (tmp_path / "short").write_bytes(content[:50])
    assert mdx_net.tail_md5(tmp_path / "long") == hashlib.md5(content[1000:]).hexdigest()
    assert mdx_net.tail_md5(tmp_path / "short") == hashlib.md5(content[:50]).hexdigest()


def test_a_file_of_which_nothing_is_known_is_one_sentence(foreign):
    with pytest.raises(ModelFileError, match=r"a\.onnx is an ONNX file, but not a model.*a\.json"):
        Isolator.load(foreign)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "JSON"),
        ("[1]", "the description"),
        (json.dumps(PARAMETERS | {"mdx_dim_f_set": 10**9}), "mdx_dim_f_set"),
        (json.dumps(PARAMETERS | {"mdx_n_fft_scale_set": 60_000}), "longer than a chunk"),
        (json.dumps(PARAMETERS | {"mdx_dim_f_set": 2000}), "bins must be at most 1025"),
        (json.dumps(PARAMETERS | {"compensate": float("nan")}), "compensate"),
        ("{" * 70_000, "JSON"),
    ],
)
def test_wrong_parameters_are_named(foreign, text, message):
    foreign.with_suffix(".json").write_text(text)
    with pytest.raises(ModelFileError, match=message):
        Isolator.load(foreign)


@pytest.mark.parametrize("stem", ["Bass", "../../etc", "No Reverb!", ""])
def test_any_primary_stem_has_a_name_that_files_can_bear(foreign, stem):
    foreign.with_suffix(".json").write_text(json.dumps(PARAMETERS | {"primary_stem": stem}))
    assert len(Isolator.load(foreign).stems) == 2
