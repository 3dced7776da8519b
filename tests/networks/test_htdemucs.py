"""HT-Demucs: shapes, variants, and what the layers must do, on tiny networks."""

import pytest
import torch

from acapella.networks.htdemucs import HTDemucs
from acapella.networks.htdemucs_convolutions import LayerSizes
from acapella.networks.htdemucs_transformer import (
    Attention,
    TransformerSizes,
    line_positions,
    plane_positions,
)

SMALL = {"samples": 5000, "window_length": 512, "channels": 8, "depth": 3, "bottom_channels": 16}
TRANSFORMER = TransformerSizes(layers=3, heads=2)


def network(**changes):
    torch.manual_seed(0)
    return HTDemucs(**{**SMALL, "transformer": TRANSFORMER, **changes}).eval()


def inputs(model, batch=2):
    mixture = torch.randn(batch, model.audio_channels, model.samples)
    return mixture, torch.randn(batch, 2 * model.audio_channels, model.bins, model.frames)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sources": 2, "audio_channels": 1},
        {"samples": 4999, "growth": 1.5},
        {"bottom_channels": 0},
        {"frequency_weight": 0.0},
        {"layers": LayerSizes(normalized_from=1, groups=2)},
        {"layers": LayerSizes(rewrite=False, residual_decoder=False)},
        {"layers": LayerSizes(encoder_context=1, decoder_context=0, residual_depth=1)},
        {"transformer": TransformerSizes(layers=2, heads=2, norm_first=False, layer_scale=False, gelu=False)},
        {"transformer": TransformerSizes(layers=2, heads=2, cross_first=True, norm_in=False, norm_out=False)},
    ],
)
@torch.inference_mode()
def test_shapes(changes):
    model = network(**changes)
    mixture, spectrum = inputs(model)
    spectra, waveforms = model(mixture, spectrum)
    assert spectra.shape == (2, model.sources * spectrum.shape[1], *spectrum.shape[2:])
    assert waveforms.shape == (2, model.sources * model.audio_channels, model.samples)
    assert spectra.isfinite().all()
    assert waveforms.isfinite().all()


@torch.inference_mode()
def test_a_louder_song_gives_louder_sources():
    model = network()
    mixture, spectrum = inputs(model)
    for quiet, loud in zip(model(mixture, spectrum), model(8 * mixture, 8 * spectrum), strict=True):
        torch.testing.assert_close(loud, 8 * quiet, rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_items_of_a_batch_do_not_see_each_other():
    model = network()
    mixture, spectrum = inputs(model)
    for both, first in zip(model(mixture, spectrum), model(mixture[:1], spectrum[:1]), strict=True):
        torch.testing.assert_close(both[:1], first, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("layers", "crossed"), [(1, False), (2, True)])
@torch.inference_mode()
def test_the_branches_see_each_other_through_cross_attention_alone(layers, crossed):
    model = network(transformer=TransformerSizes(layers=layers, heads=2, layer_scale=False))
    mixture, spectrum = inputs(model)
    spectra, waveforms = model(mixture, spectrum)
    other_mixture, other_spectrum = inputs(model)
    assert torch.equal(model(other_mixture, spectrum)[0], spectra) != crossed
    assert torch.equal(model(mixture, other_spectrum)[1], waveforms) != crossed


def test_all_weights_learn():
    model = network().train()
    spectra, waveforms = model(*inputs(model))
    (spectra.square().mean() + waveforms.square().mean()).backward()
    without = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    # softmax does not change where all keys move by the same
    assert [name for name in without if "in_proj_bias" not in name] == []


@torch.inference_mode()
def test_attention_is_that_of_torch():
    ours, reference = Attention(16, 4), torch.nn.MultiheadAttention(16, 4, batch_first=True)
    reference.load_state_dict(ours.state_dict())
    asking, answering = torch.randn(2, 7, 16), torch.randn(2, 5, 16)
    expected, _ = reference(asking, answering, answering)
    torch.testing.assert_close(ours(asking, answering), expected)


def test_positions_tell_all_places_apart():
    line, plane = line_positions(16, 50, 1e4), plane_positions(16, 4, 30, 1e4)
    assert line.shape == (50, 16)
    assert plane.shape == (30, 4, 16)
    for positions in (line, plane.flatten(0, 1)):
        distances = torch.cdist(positions, positions) + 10 * torch.eye(len(positions))
        assert distances.min() > 0.1
    # one half of the features says the frame, the other half the bin
    assert torch.equal(plane[3, 0, :8], plane[3, 2, :8])
    assert torch.equal(plane[3, 2, 8:], plane[7, 2, 8:])
