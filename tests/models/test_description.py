import json

import pytest

from acapella.errors import ModelFileError
from acapella.models.description import ModelDescription, Origin, Output
from acapella.models.front_ends import SpectralFrontEnd, WaveformFrontEnd
from acapella.models.model_file import read_description
from acapella.models.schedules import Chunks, Context, Stateful

CONTEXT = Context(context=5, stride=4)
MODELS = {
    "context": ModelDescription(front_end=SpectralFrontEnd(), schedule=CONTEXT),
    "stateful": ModelDescription(
        front_end=SpectralFrontEnd(window_length=4096, bins=960, representation="amplitude", channels=2),
        schedule=Stateful(latency=0, stride=64, states=("one", "two"), frame_mask="valid"),
        sources=("instrumental",),
        residual="vocal",
        training={"epochs": 3, "scores": {"uSDR": 7.5}},
    ),
    "chunks": ModelDescription(
        front_end=WaveformFrontEnd(normalizer="standard"),
        schedule=Chunks(length=343_980, step=257_985, window="triangular", tail="centred"),
        sources=("drums", "bass", "other", "vocal"),
        residual=None,
        output=Output(kind="waveform", gain=1.5),
        origin=Origin(family="made up", licence="CC0", credit="nobody", sha256="00"),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_metadata_brings_a_description_back(name):
    assert read_description(MODELS[name].to_metadata(), "file", ["mixture"]) == MODELS[name]


def test_what_a_window_leaves_open_follows_from_it():
    front_end = SpectralFrontEnd(window_length=2048)
    assert (front_end.hop, front_end.bins) == (512, 1025)
    assert SpectralFrontEnd(window_length=2048, hop=441).hop == 441


def test_stems():
    assert MODELS["context"].stems == MODELS["stateful"].stems == ("vocal", "instrumental")
    four = MODELS["chunks"]
    assert four.stems == ("drums", "bass", "other", "vocal", "instrumental")
    assert four.default_stems == ("vocal", "instrumental")
    assert four.summing_stems == ("drums", "bass", "other", "vocal")
    lead = ModelDescription(front_end=SpectralFrontEnd(), schedule=CONTEXT, sources=("lead",), residual="backing")
    assert lead.stems == lead.default_stems == ("lead", "backing")


def changed(name, path, value):
    """Metadata of a model with one field changed; a value of None takes the field away."""
    values = json.loads(MODELS[name].model_dump_json())
    *parents, last = path.split(".")
    part = values
    for parent in parents:
        part = part[parent]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return {"acapella_format": "3", "acapella_model": json.dumps(values)}


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        ("context", "front_end.sample_rate", 10**30, "front_end.spectral.sample_rate"),
        ("context", "front_end.sample_rate", float("nan"), "front_end.spectral.sample_rate"),
        ("context", "front_end.sample_rate", "fast", "front_end.spectral.sample_rate"),
        ("context", "front_end.channels", 3, "front_end.spectral.channels"),
        ("context", "front_end.window_length", 1 << 40, "front_end.spectral.window_length"),
        ("context", "front_end.window_length", 1535, "front_end.spectral.window_length"),
        ("context", "front_end.hop", -1, "front_end.spectral.hop"),
        ("context", "front_end.hop", 1500, "hop must be at most half of window_length"),
        ("context", "front_end.bins", 5000, "bins must be at most 769"),
        ("context", "front_end.representation", "mel", "front_end.spectral.representation"),
        ("context", "front_end.percentile", float("nan"), "front_end.spectral.percentile"),
        ("context", "front_end.colour", 1, "front_end.spectral.colour"),
        ("context", "front_end.kind", "smell", "front_end"),
        ("context", "front_end", None, "front_end"),
        ("context", "schedule.context", -5, "schedule.context.context"),
        ("context", "schedule.stride", 0, "schedule.context.stride"),
        ("stateful", "schedule.latency", 1 << 40, "schedule.stateful.latency"),
        ("stateful", "schedule.states", "one", "schedule.stateful.states"),
        ("chunks", "schedule.length", 10**12, "schedule.chunks.length"),
        ("chunks", "schedule.step", 0, "schedule.chunks.step"),
        ("chunks", "schedule.step", 400_000, "step must be at most length"),
        ("chunks", "schedule.fade", 300_000, "fade must be at most half of length"),
        ("chunks", "schedule", {"kind": "context", "context": 1}, "a waveform front end needs chunks"),
        ("chunks", "sources", [], "sources"),
        ("chunks", "sources", ["../../etc/passwd"], "sources.0"),
        ("chunks", "sources", ["vocal", "vocal"], "different names"),
        ("chunks", "output.kind", "mask", "does not go with a waveform front end"),
        ("chunks", "output.gain", 0, "output.gain"),
    ],
)
def test_a_wrong_field_is_named(name, path, value, message):
    with pytest.raises(ModelFileError, match=r"^song\.onnx: ") as error:
        read_description(changed(name, path, value), "song.onnx", ["mixture"])
    assert message in str(error.value)
    assert len(str(error.value)) < 700


@pytest.mark.parametrize(
    "text", ["", "[]", "nothing", "{" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "1" * (2 << 20)]
)
def test_what_is_no_description_is_one_sentence(text):
    with pytest.raises(ModelFileError, match=r"song\.onnx: ") as error:
        read_description({"acapella_format": "3", "acapella_model": text}, "song.onnx", ["mixture"])
    assert len(str(error.value)) < 700


CODEC = {
    "sample_rate": 44100,
    "channels": 2,
    "window_length": 4096,
    "representation": "amplitude",
    "normalizer": "dummy",
    "percentile": 99.0,
    "target": "vocal",
    "lowest": 960,
}
NETWORK = {"name": "deep_unet", "reach": 319, "stride": 64, "delay": 321}


def legacy(version="2", **texts):
    return {
        "acapella_format": version,
        "acapella_codec": json.dumps(CODEC),
        "acapella_network": json.dumps(NETWORK),
        "acapella_licence": "free",
        "acapella_training": '{"scores": {"uSDR": 7.5}}',
    } | texts


def test_format_2_is_read():
    found = read_description(legacy(), "old.onnx", ["mixture", "exists", "memory0", "memory1"])
    assert found.front_end == SpectralFrontEnd(
        sample_rate=44100, channels=2, window_length=4096, bins=960, representation="amplitude"
    )
    assert found.schedule == Stateful(latency=321, stride=64, frame_mask="exists", states=("memory0", "memory1"))
    assert found.origin == Origin(family="deep_unet", licence="free")
    assert found.training == {"scores": {"uSDR": 7.5}}


def test_format_1_is_read():
    network = {"name": "leaky_dropout", "reach": 25, "stride": 4}
    codec = {**CODEC, "target": "instrumental"}
    del codec["lowest"]
    texts = legacy("1", acapella_network=json.dumps(network), acapella_codec=json.dumps(codec))
    found = read_description(texts, "old.onnx", ["mixture"])
    assert found.schedule == Context(context=25, stride=4)
    assert (found.sources, found.residual) == (("instrumental",), "vocal")
    assert found.front_end.bins == 2049


@pytest.mark.parametrize("key", ["acapella_codec", "acapella_network", "acapella_training"])
@pytest.mark.parametrize("text", ["", "[]", "null", '{"reach": NaN', "[" * 100_000])
def test_damaged_metadata_of_older_formats_is_one_sentence(key, text):
    with pytest.raises(ModelFileError, match=r"old\.onnx: "):
        read_description(legacy(**{key: text}), "old.onnx", ["mixture", "exists"])


def test_other_formats_and_other_files_are_refused():
    with pytest.raises(ModelFileError, match="reads formats 1, 2, 3"):
        read_description({"acapella_format": "99"}, "new.onnx", [])
