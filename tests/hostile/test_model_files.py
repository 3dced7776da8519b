"""Model files that mean harm: each ends as one sentence that names the file, soon, and in little memory."""

import itertools
import json
import time

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tests.onnx_models import write_gain_model

from acapella import Isolator
from acapella.errors import ModelFileError
from acapella.isolation import limits
from acapella.models.description import FORMAT_KEY, MODEL_KEY
from acapella.models.model_file import read_description
from acapella.models.onnx_bytes import check_onnx_file

AXES = ["items", "channels", "bins", "frames"]
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]


def info(name, kind=TensorProto.FLOAT, shape=AXES):
    return helper.make_tensor_value_info(name, kind, shape)


def node(kind, inputs, output="target", **attributes):
    return helper.make_node(kind, inputs, [output], **attributes)


def numbers(name, values, kind=TensorProto.INT64):
    return helper.make_tensor(name, kind, np.shape(values), np.ravel(values).tolist())


def refusal(call, otherwise):
    """What the ModelFileError says that `call` raises, or `otherwise`; any other error fails the test."""
    try:
        call()
    except ModelFileError as error:
        return str(error)
    return otherwise


def graph_of(nodes, *constants, taken=None, given=None):
    return helper.make_graph(nodes, "made", [taken or info("mixture")], [given or info("target")], constants)


def write(path, graph, functions=()):
    """`graph` with the description of a model that multiplies."""
    write_gain_model(path)
    made = helper.make_model(graph, opset_imports=OPSETS, ir_version=10, functions=functions)
    helper.set_model_props(made, {prop.key: prop.value for prop in onnx.load(path).metadata_props})
    path.write_bytes(made.SerializeToString())
    return path


def external(location):
    tensor = TensorProto(name="gain", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": "0", "length": "4"}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def endless():
    body = helper.make_graph(
        [node("Identity", ["go"], "go_on"), node("Identity", ["value"], "next")], "body",
        [info("turn", TensorProto.INT64, []), info("go", TensorProto.BOOL, []), info("value")],
        [info("go_on", TensorProto.BOOL, []), info("next")],
    )  # fmt: skip
    return graph_of([node("Loop", ["", "true", "mixture"], body=body)], numbers("true", True, TensorProto.BOOL))


def bomb(floats):
    nodes = [
        node("ConstantOfShape", ["size"], "big"),
        node("ReduceSum", ["big"], "sum", keepdims=0),
        node("Add", ["mixture", "sum"]),
    ]
    return graph_of(nodes, numbers("size", [floats]))


GRAPHS = {
    "whole numbers in": (graph_of([node("Cast", ["mixture"], to=1)], taken=info("mixture", TensorProto.INT64)), "run"),
    "a fixed shape": (graph_of([node("Identity", ["mixture"])], taken=info("mixture", shape=[1, 1, 7, 7])), "run"),
    "one number out": (graph_of([node("ReduceSum", ["mixture"], keepdims=0)], given=info("target", shape=[])), "gives"),
    "frames and bins exchanged": (graph_of([node("Transpose", ["mixture"], perm=[0, 1, 3, 2])]), "gives"),
    "whole numbers out": (
        graph_of([node("Cast", ["mixture"], to=7)], given=info("target", TensorProto.INT64)),
        "other numbers",
    ),
    "no number": (
        graph_of([node("Mul", ["mixture", "nan"])], numbers("nan", [np.nan], TensorProto.FLOAT)),
        "no number",
    ),
    "a list out": (
        graph_of(
            [node("SequenceConstruct", ["mixture"])],
            given=helper.make_tensor_sequence_value_info("target", TensorProto.FLOAT, None),
        ),
        "gives",
    ),
    "a failing step": (graph_of([node("Reshape", ["mixture", "size"])], numbers("size", [3])), "run"),
    "a terabyte": (bomb(1 << 40), "more memory"),
    "data of a file": (graph_of([node("Mul", ["mixture", "gain"])], external("beside.bin")), "another file"),
    "data of a file in a node": (
        graph_of([node("Constant", [], "gain", value=external("beside.bin")), node("Mul", ["mixture", "gain"])]),
        "another file",
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_does_not_fit_is_one_sentence_with_the_name(tmp_path, rng, name):
    graph, reason = GRAPHS[name]
    (tmp_path / "beside.bin").write_bytes(b"\0" * 64)
    path = write(tmp_path / "hostile.onnx", graph)
    with pytest.raises(ModelFileError, match=rf"hostile\.onnx.*{reason}") as caught:
        Isolator.load(path).isolate(rng.uniform(-1, 1, (4000, 1)), 22050)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_an_endless_loop_is_stopped(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(limits, "BASE", 0.2)
    monkeypatch.setattr(limits, "FOR_A_MILLION", 0.0)
    isolator = Isolator.load(write(tmp_path / "endless.onnx", endless()))
    with pytest.raises(ModelFileError, match=r"endless\.onnx cannot be run: it was stopped after"):
        isolator.isolate(rng.uniform(-1, 1, (4000, 1)), 22050)


def test_functions_that_call_functions_are_not_copied_a_billion_times(tmp_path):
    functions = [helper.make_function("own", "f0", ["x"], ["y"], [node("Neg", ["x"], "y")], OPSETS)]
    for number in range(1, 10):
        names = ["x", *(f"t{step}" for step in range(9)), "y"]
        calls = [
            helper.make_node(f"f{number - 1}", [one], [other], domain="own") for one, other in itertools.pairwise(names)
        ]
        functions.append(helper.make_function("own", f"f{number}", ["x"], ["y"], calls, OPSETS))
    graph = graph_of([helper.make_node("f9", ["mixture"], ["target"], domain="own")])
    with pytest.raises(ModelFileError, match=r"laughs\.onnx holds functions"):
        Isolator.load(write(tmp_path / "laughs.onnx", graph, functions))


def test_time_that_others_take_does_not_count(monkeypatch):
    """The watch goes by the processor's time: a machine that sleeps stops nothing."""
    monkeypatch.setattr(limits, "LOOK_EVERY", 0.01)
    with limits.watched(0.5, lambda: None) as watch:
        time.sleep(0.8)
    assert not watch.expired


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), keep=st.integers(0, 400))
def test_any_bytes_are_walked_to_an_end(tmp_path, content, keep):
    whole = write_gain_model(tmp_path / "gain.onnx").read_bytes()
    (tmp_path / "any.onnx").write_bytes(whole[:keep] + content + whole[keep + len(content) :])
    assert "any.onnx" in refusal(lambda: check_onnx_file(tmp_path / "any.onnx"), "any.onnx")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
FIELDS = [
    ("front_end", name)
    for name in ("kind", "sample_rate", "channels", "window_length", "hop", "bins", "silent_bins", "percentile")
]
FIELDS += [("schedule", name) for name in ("kind", "context", "stride", "length", "step", "border", "latency")]
FIELDS += [("sources",), ("residual",), ("output", "gain"), ("training",), ("origin", "licence"), ("unknown",)]


@settings(max_examples=60, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON | st.integers(-(2**70), 2**70), max_size=3))
def test_any_metadata_are_understood_or_refused_with_the_name(changes):
    values = {
        "front_end": {"kind": "spectral"},
        "schedule": {"kind": "context", "context": 3},
        "output": {},
        "origin": {},
    }
    for (first, *rest), value in changes.items():
        if rest:
            values[first][rest[0]] = value
        else:
            values[first] = value
    metadata = {FORMAT_KEY: "3", MODEL_KEY: json.dumps(values)}
    said = refusal(lambda: read_description(metadata, "any.onnx", ["mixture"]), "any.onnx")
    assert said.startswith("any.onnx")
    assert len(said) < 1000


@pytest.mark.parametrize(
    "values",
    [
        {"front_end": {"kind": "spectral", "window_length": 1 << 17, "hop": 1}},
        {
            "front_end": {"kind": "spectral", "window_length": 1 << 17},
            "schedule": {"kind": "context", "context": 65536},
        },
        {
            "front_end": {"kind": "waveform"},
            "schedule": {"kind": "chunks", "length": 1 << 23, "step": 1},
            "output": {"kind": "waveform"},
        },
    ],
)
def test_numbers_that_would_fill_the_memory_together_are_refused(values):
    metadata = {FORMAT_KEY: "3", MODEL_KEY: json.dumps({"schedule": {"kind": "context", "context": 0}, **values})}
    with pytest.raises(ModelFileError, match=r"any\.onnx: in its metadata"):
        read_description(metadata, "any.onnx", ["mixture"])


def test_metadata_that_are_no_text_are_refused(tmp_path):
    path = write_gain_model(tmp_path / "bytes.onnx")
    path.write_bytes(path.read_bytes().replace(b"spectral", b"spectra\xe3"))
    with pytest.raises(ModelFileError, match=r"bytes\.onnx cannot be opened"):
        Isolator.load(path)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"acapella_format", b"acapella_forma\xff", "is an ONNX file, but not a model of Acapella"),
        (b"acapella_format", b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "is an ONNX file, but"),
        (b"\x0a\x0facapella_format", b"\x0b\x0facapella_format", "is not a model file that can be read"),
        (b"items", b"item\xff", "cannot be opened"),
    ],
)
def test_harmed_names_are_one_sentence(tmp_path, before, after, reason):
    path = write_gain_model(tmp_path / "harmed.onnx")
    assert before in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(before, after))
    with pytest.raises(ModelFileError, match=rf"harmed\.onnx.*({reason}|cannot be opened)"):
        Isolator.load(path)
