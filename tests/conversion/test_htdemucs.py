"""Checkpoints of HT-Demucs: Demucs' own layouts and a YAML file's, and those that contradict themselves."""

import json

import pytest
import torch
from safetensors.torch import save_file

from acapella.conversion import htdemucs
from acapella.conversion.torch_files import read_torch_file
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.networks.htdemucs import HTDemucs
from acapella.networks.htdemucs_convolutions import LayerSizes
from acapella.networks.htdemucs_transformer import TransformerSizes

ARGUMENTS = {
    "sources": ["drums", "vocals"],
    "audio_channels": 2,
    "channels": 8,
    "depth": 3,
    "nfft": 512,
    "bottom_channels": 16,
    "t_layers": 2,
    "t_heads": 2,
    "segment": {"_type": "fraction", "numerator": 1, "denominator": 8},
    "samplerate": 8000,
}


def tiny(**changes):
    torch.manual_seed(0)
    sizes = {"samples": 1000, "window_length": 512, "channels": 8, "depth": 3, "bottom_channels": 16}
    transformer = TransformerSizes(layers=2, heads=2)
    return HTDemucs(2, **{**sizes, "transformer": transformer, **changes})


def stored(tmp_path, network, klass="demucs.htdemucs.HTDemucs", **changes):
    """As Demucs 4.1 publishes it."""
    path = tmp_path / "tiny.safetensors"
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata={"klass": klass, "args": "[]", "kwargs": json.dumps({**ARGUMENTS, **changes})})
    return path


def read(path):
    file = read_torch_file(path)
    assert htdemucs.matches(file.shapes)
    return htdemucs.read(file.tensors, htdemucs.stored_config(file), path.name)


@pytest.mark.parametrize(
    ("changes", "arguments"),
    [
        ({}, {}),
        ({"growth": 1.5, "frequency_weight": 0.0}, {"growth": 1.5, "freq_emb": 0}),
        ({"layers": LayerSizes(normalized_from=1)}, {"norm_starts": 1}),
        ({"layers": LayerSizes(rewrite=False, residual_encoder=False)}, {"rewrite": False, "dconv_mode": 2}),
        ({"layers": LayerSizes(encoder_context=1, residual_compression=4)}, {"context_enc": 1, "dconv_comp": 4}),
        ({"transformer": TransformerSizes(2, 2, layer_scale=False, cross_first=True)}, {"t_cross_first": True}),
    ],
)
@torch.inference_mode()
def test_the_network_is_the_one_that_was_stored(tmp_path, changes, arguments):
    original = tiny(**changes).eval()
    original.load_state_dict({name: tensor.half().float() for name, tensor in original.state_dict().items()})
    published = read(stored(tmp_path, original, **arguments))
    inputs = torch.randn(1, 2, 1000), torch.randn(1, 4, 256, 8)
    for ours, theirs in zip(published.network.eval()(*inputs), original(*inputs), strict=True):
        assert torch.equal(ours, theirs)


def test_the_description(tmp_path):
    description = read(stored(tmp_path, tiny())).description
    front_end, schedule = description.front_end, description.schedule
    assert (front_end.kind, front_end.sample_rate, front_end.window_length) == ("hybrid", 8000, 512)
    assert front_end.normalizer == "standard"
    assert (schedule.length, schedule.step, schedule.window, schedule.tail) == (1000, 750, "triangular", "centred")
    assert description.sources == ("drums", "vocal")
    assert description.residual == "residual"


def test_a_checkpoint_with_a_yaml_file():
    sections = {
        "htdemucs": {key: value for key, value in ARGUMENTS.items() if key not in ("sources", "segment", "samplerate")},
        "training": {"instruments": ["vocals", "other"], "segment": 0.125, "samplerate": 8000, "channels": 2},
        "inference": {"num_overlap": 2},
    }
    sections["htdemucs"] |= {"channels_time": None, "multi_freqs": [], "wiener_iters": 0, "t_sparse_self_attn": False}
    config = TrainingConfig(sections, "tiny.yaml")
    description = htdemucs.read(tiny().state_dict(), config, "tiny.ckpt").description
    assert description.sources == ("vocal", "other")
    assert (description.schedule.length, description.schedule.step) == (1000, 500)
    assert description.front_end.normalizer == "dummy"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t_sparse_self_attn": True}, "t_sparse_self_attn is not known"),
        ({"channels_time": 4}, "channels_time is not known"),
        ({"multi_freqs": [0.5]}, "multi_freqs is not known"),
        ({"something_new": 1}, "something_new is not known"),
        ({"cac": False}, "cac: False is not known"),
        ({"t_emb": "cape"}, "t_emb: cape is not known"),
        ({"channels": 16}, "channels: 16, but the tensor encoder.0.conv.weight of .* says 8"),
        ({"t_layers": 5}, "t_layers: 5, but the tensor"),
        ({"t_heads": 3}, "t_heads: 3 does not divide"),
        ({"t_hidden_scale": 2.0}, "t_hidden_scale: 2.0, but the tensor .* says 4"),
        ({"nfft": 1024}, "nfft: 1024 and stride: 4, but the tensor"),
        ({"dconv_comp": 4}, "dconv.* has the shape"),
        ({"sources": ["vocals"]}, "says training.instruments: vocals, but the tensor .* says 2 sources"),
        ({"segment": 1e9}, "segment must be a number|length"),
        ({"segment": 1100}, "schedule.chunks.length"),
        ({"samplerate": "x"}, "samplerate must be"),
    ],
)
def test_what_is_not_known_or_contradicts_itself(tmp_path, arguments, message):
    path = stored(tmp_path, tiny(), **arguments)
    with pytest.raises(ModelFileError, match=message):
        read(path)


def test_tensors_that_are_missing_or_left_over(tmp_path):
    state = tiny().state_dict()
    config = htdemucs.stored_config(read_torch_file(stored(tmp_path, tiny())))
    without = {name: tensor for name, tensor in state.items() if name != "decoder.1.rewrite.bias"}
    with pytest.raises(ModelFileError, match=r"no tensor decoder\.1\.rewrite\.bias"):
        htdemucs.read(without, config, "tiny")
    with pytest.raises(ModelFileError, match="does not: more"):
        htdemucs.read({**state, "more": torch.zeros(1)}, config, "tiny")


@pytest.mark.parametrize(("klass", "kwargs"), [("demucs.hdemucs.HDemucs", "{}"), ("demucs.htdemucs.HTDemucs", "{")])
def test_arguments_that_are_those_of_another_network_or_damaged(tmp_path, klass, kwargs):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, path, metadata={"klass": klass, "kwargs": kwargs})
    with pytest.raises(ModelFileError, match=r"does not say|cannot be read"):
        htdemucs.stored_config(read_torch_file(path))
