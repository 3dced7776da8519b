"""Published checkpoints: what is read from them, and what is refused by name."""

import pytest
import torch
from tests.conversion import made_checkpoints as made

from acapella.conversion import bs_roformer, mdx23c, mel_band_roformer
from acapella.conversion.families import FAMILIES, read_published
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.networks.mel_band_roformer import mel_bands


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def read_bs(tensors, **model):
    return bs_roformer.read(tensors, TrainingConfig(made.bs_config(**model), "model.yaml"), "model.ckpt")


def mel(**sizes):
    """Of 6 mel bands at 8 kHz, with 33 bins."""
    return made.roformer([4 * len(band) for band in mel_bands(8000, 33, 6)], mel=True, layers=3, **sizes)


def test_each_family_knows_its_own():
    found = {"mel_band_roformer": mel(), "bs_roformer": made.bs_roformer(), "mdx23c": made.mdx23c()}
    for name, tensors in found.items():
        shapes = {each: tuple(tensor.shape) for each, tensor in tensors.items()}
        assert [known for known, family in FAMILIES.items() if family.matches(shapes)] == [name]


def test_a_checkpoint_of_another_kind_is_refused(tmp_path):
    files = made.save(tmp_path, {"conv.weight": torch.ones(3)}, {})
    with pytest.raises(ModelFileError, match="of no family that is known; these are: mel_band_roformer, bs_roformer"):
        read_published(*files)


def test_a_bs_roformer_is_described(tmp_path):
    published = read_published(*made.save(tmp_path, made.bs_roformer(), made.bs_config()))
    description = published.description
    assert (description.sources, description.residual, description.output.kind) == (("vocal",), "instrumental", "mask")
    assert (description.front_end.bins, description.front_end.hop, description.front_end.channels) == (17, 8, 2)
    schedule = description.schedule
    assert (schedule.length, schedule.step, schedule.fade, schedule.border) == (320, 80, 32, 240)
    assert published.inputs["mixture"] == (1, 4, 17, 41)
    assert published.network(torch.randn(published.inputs["mixture"])).shape == published.inputs["mixture"]


@pytest.mark.parametrize(("inference", "normalizer"), [({}, "dummy"), ({"normalize": True}, "standard")])
def test_a_song_is_normalized_where_its_yaml_file_says_so(inference, normalizer):
    config = TrainingConfig({**made.mdx23c_config(), "inference": inference}, "model.yaml")
    assert mdx23c.read(made.mdx23c(), config, "model.ckpt").description.front_end.normalizer == normalizer


def test_the_chunk_of_inference_goes_first():
    config = made.bs_config()
    config["inference"] = {"chunk_size": 160, "num_overlap": 2}
    published = bs_roformer.read(made.bs_roformer(), TrainingConfig(config, "model.yaml"), "model.ckpt")
    assert (published.description.schedule.length, published.description.schedule.step) == (160, 80)


@pytest.mark.parametrize("sizes", [{"linear": True}, {"layers": 1}, {"layers": 3}, {"channels": 1}, {"heads": 1}])
def test_variations_are_read_from_the_tensors(sizes):
    stereo = sizes.get("channels", 2) == 2
    open_questions = dict.fromkeys(("mask_estimator_depth", "heads"))
    published = read_bs(made.bs_roformer(**sizes), stereo=stereo, **open_questions)
    assert published.network(torch.randn(published.inputs["mixture"])).isfinite().all()


def test_a_mel_band_roformer_with_several_sources():
    config = made.bs_config(num_stems=2, stft_n_fft=64, stft_win_length=64, num_bands=6, sample_rate=8000)
    del config["model"]["freqs_per_bands"]
    config["training"] = {"instruments": ["Vocals", "Drums"]}
    published = mel_band_roformer.read(mel(sources=2), TrainingConfig(config, "model.yaml"), "model.ckpt")
    assert published.description.sources == ("vocal", "drums")
    assert published.network(torch.randn(published.inputs["mixture"])).shape == (1, 8, 33, 41)


def test_an_mdx23c_is_described(tmp_path):
    published = read_published(*made.save(tmp_path, made.mdx23c(blocks=2), made.mdx23c_config()))
    description = published.description
    assert (description.sources, description.residual) == (("vocal", "instrumental"), "residual")
    assert (description.front_end.bins, description.output.kind) == (16, "spectrum")
    assert published.network(torch.randn(published.inputs["mixture"])).shape == (1, 8, 16, 16)


@pytest.mark.parametrize(
    ("key", "value", "tensor"),
    [
        ("dim", 16, "band_split.to_features.0.1.weight"),
        ("depth", 3, "layers"),
        ("heads", 4, "to_gates.weight"),
        ("dim_head", 8, "to_qkv.weight"),
        ("num_stems", 2, "mask_estimators"),
        ("mlp_expansion_factor", 2, "to_freqs.0.0.0.weight"),
        ("mask_estimator_depth", 4, "to_freqs.0.0.0.weight"),
        ("linear_transformer_depth", 1, "layers.0.0"),
        ("freqs_per_bands", [2, 3, 4, 8], "band_split.to_features.1.0.gamma"),
        ("stft_n_fft", 64, "32"),
    ],
)
def test_contradictions_name_both(key, value, tensor):
    with pytest.raises(ModelFileError) as error:
        read_bs(made.bs_roformer(), **{key: value})
    assert key in str(error.value)
    assert tensor in str(error.value)


@pytest.mark.parametrize(("key", "value"), [("growth", 4), ("num_subbands", 4), ("scale", [2, 1]), ("num_scales", 2)])
def test_contradictions_of_an_mdx23c_name_both(key, value):
    with pytest.raises(ModelFileError, match=rf"model\.{key}.*(first_conv|encoder_blocks)"):
        mdx23c.read(made.mdx23c(), TrainingConfig(made.mdx23c_config(**{key: value}), "model.yaml"), "model.ckpt")


def test_unknown_norms_and_activations_are_refused():
    for key, value, said in (("norm", "LayerNorm", "norm='LayerNorm'"), ("act", "swish", "activation='swish'")):
        with pytest.raises(ModelFileError, match=f"model.yaml, section model: {said}"):
            mdx23c.read(made.mdx23c(), TrainingConfig(made.mdx23c_config(**{key: value}), "model.yaml"), "model.ckpt")


def test_keys_that_are_not_known_are_refused_unless_they_are_off():
    with pytest.raises(ModelFileError, match=r"model\.use_pope is not known"):
        read_bs(made.bs_roformer(), use_pope=True)
    read_bs(made.bs_roformer(), use_pope=False)


def test_tensors_that_are_missing_left_over_or_of_another_shape_are_named():
    name = "layers.1.0.layers.0.0.to_out.0.weight"
    tensors = made.bs_roformer()
    with pytest.raises(ModelFileError, match=f"has no tensor {name}"):
        read_bs({other: tensor for other, tensor in tensors.items() if other != name})
    with pytest.raises(ModelFileError, match=rf"{name} has the shape \(3, 5\) where \(8, 8\) is needed"):
        read_bs(tensors | {name: torch.ones(3, 5)})
    with pytest.raises(ModelFileError, match=r"does not: layers\.0\.0\.layers\.0\.0\.to_value_residual_mix\.weight"):
        read_bs(tensors | {"layers.0.0.layers.0.0.to_value_residual_mix.weight": torch.ones(2)})


def test_rotary_embeddings_that_differ_from_block_to_block_are_refused():
    tensors = made.bs_roformer()
    tensors["layers.1.0.layers.0.0.rotary_embed.freqs"] += 1
    with pytest.raises(ModelFileError, match=r"rotary_embed\.freqs differs from block to block"):
        read_bs(tensors)


def test_attention_is_that_of_neighbouring_pairs():
    """Against the formula: complex pairs of neighbouring features, turned by frequency times position."""
    tensors = made.bs_roformer(depth=1)
    attention = read_bs(tensors, depth=1).network.blocks[0].time.attention[0]
    values = torch.randn(1, 7, 8)
    part = {name.removeprefix("layers.0.0.layers.0.0."): tensor for name, tensor in tensors.items()}
    normed = values / values.norm(dim=-1, keepdim=True) * 8**0.5 * part["norm.gamma"]
    query, key, value = (normed @ part["to_qkv.weight"].T).reshape(7, 3, 2, 4).permute(1, 2, 0, 3)
    turns = torch.polar(torch.ones(7, 2), torch.arange(7)[:, None] * part["rotary_embed.freqs"])
    query, key = (torch.view_as_complex(each.reshape(2, 7, 2, 2)) * turns for each in (query, key))
    scores = torch.einsum("hid,hjd->hij", query, key.conj()).real / 2
    gates = torch.sigmoid(normed[0] @ part["to_gates.weight"].T + part["to_gates.bias"])
    heads = scores.softmax(-1) @ value * gates.T[:, :, None]
    expected = heads.transpose(0, 1).reshape(7, 8) @ part["to_out.0.weight"].T
    network = read_bs(tensors, depth=1).network
    torch.testing.assert_close(attention(values, network.time_rotation.table(7))[0], expected)
