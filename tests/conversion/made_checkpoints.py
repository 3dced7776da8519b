"""Small checkpoints with random weights, in the layouts that are published."""

import torch
import yaml
from torch import Tensor

WIDTHS = (2, 2, 4, 9)  # bins of the bands of a BS-RoFormer: 17, of a window of 32 samples


def rand(*shape: int) -> Tensor:
    return torch.randn(*shape) * 0.3


def roformer(widths, *, mel=False, dim=8, depth=2, heads=2, dim_head=4, linear=False, layers=2, sources=1):
    """Tensors by name; `widths` are the real numbers that each band holds of a frame."""
    inner, hidden = heads * dim_head, 4 * dim
    tensors = {}
    frequencies = [rand(dim_head // 2), rand(dim_head // 2)]
    for block in range(depth):
        for place in range(2 + linear):
            name = f"layers.{block}.{place}.layers.0."
            tensors |= {f"{name}0.norm.gamma": rand(dim), f"{name}1.net.0.gamma": rand(dim)}
            tensors |= {f"{name}1.net.1.weight": rand(4 * dim, dim), f"{name}1.net.1.bias": rand(4 * dim)}
            tensors |= {f"{name}1.net.4.weight": rand(dim, 4 * dim), f"{name}1.net.4.bias": rand(dim)}
            if linear and place == 0:
                tensors |= {f"{name}0.temperature": rand(heads, 1, 1), f"{name}0.to_qkv.0.weight": rand(3 * inner, dim)}
                tensors |= {f"{name}0.to_out.1.weight": rand(dim, inner)}
            else:
                tensors |= {f"{name}0.rotary_embed.freqs": frequencies[place - linear].clone()}
                tensors |= {
                    f"{name}0.to_qkv.weight": rand(3 * inner, dim),
                    f"{name}0.to_out.0.weight": rand(dim, inner),
                }
                tensors |= {f"{name}0.to_gates.weight": rand(heads, dim), f"{name}0.to_gates.bias": rand(heads)}
            if mel:
                tensors[f"layers.{block}.{place}.norm.gamma"] = rand(dim)
    for band, width in enumerate(widths):
        name = f"band_split.to_features.{band}."
        tensors |= {f"{name}0.gamma": rand(width), f"{name}1.weight": rand(dim, width), f"{name}1.bias": rand(dim)}
        sizes = [dim, *[hidden] * (layers - 1), 2 * width]
        for source in range(sources):
            for layer in range(layers):
                name = f"mask_estimators.{source}.to_freqs.{band}.0.{2 * layer}."
                tensors |= {
                    f"{name}weight": rand(sizes[layer + 1], sizes[layer]),
                    f"{name}bias": rand(sizes[layer + 1]),
                }
    return tensors if mel else tensors | {"final_norm.gamma": rand(dim)}


def bs_roformer(*, channels=2, **sizes):
    return roformer([2 * channels * width for width in WIDTHS], **sizes)


def mdx23c(*, width=4, growth=2, subbands=2, band=8, sources=2, blocks=1):
    """Of depth 1 and stereo, with instance norms."""
    inputs, wide = 4 * subbands, width + growth
    tensors = {"first_conv.weight": rand(width, inputs, 1, 1)}

    def block(name, inside, outside, bins):
        few = bins // 4
        for norm, channels in (("tfc1.0", inside), ("tdf.0", outside), ("tdf.3", outside), ("tfc2.0", outside)):
            tensors[f"{name}.{norm}.weight"], tensors[f"{name}.{norm}.bias"] = rand(channels), rand(channels)
        tensors[f"{name}.tfc1.2.weight"] = rand(outside, inside, 3, 3)
        tensors[f"{name}.tfc2.2.weight"] = rand(outside, outside, 3, 3)
        tensors[f"{name}.tdf.2.weight"], tensors[f"{name}.tdf.5.weight"] = rand(few, bins), rand(bins, few)
        tensors[f"{name}.shortcut.weight"] = rand(outside, inside, 1, 1)

    for number in range(blocks):
        block(f"encoder_blocks.0.tfc_tdf.blocks.{number}", width, width, band)
        block(f"bottleneck_block.blocks.{number}", wide, wide, band // 2)
        block(f"decoder_blocks.0.tfc_tdf.blocks.{number}", width if number else 2 * width, width, band)
    for name, inside, shape in (
        ("encoder_blocks.0.downscale", width, (wide, width, 2, 2)),
        ("decoder_blocks.0.upscale", wide, (wide, width, 2, 2)),
    ):
        tensors[f"{name}.conv.0.weight"], tensors[f"{name}.conv.0.bias"] = rand(inside), rand(inside)
        tensors[f"{name}.conv.2.weight"] = rand(*shape)
    tensors["final_conv.0.weight"] = rand(width, inputs + width, 1, 1)
    tensors["final_conv.2.weight"] = rand(sources * inputs, width, 1, 1)
    return tensors


def bs_config(**model):
    """Sections of a YAML file for `bs_roformer()`."""
    return {
        "audio": {"chunk_size": 320, "sample_rate": 8000},
        "inference": {"num_overlap": 4},
        "model": {
            "dim": 8, "depth": 2, "stereo": True, "num_stems": 1, "dim_head": 4, "heads": 2, "stft_n_fft": 32,
            "stft_win_length": 32, "stft_hop_length": 8, "freqs_per_bands": list(WIDTHS), "mask_estimator_depth": 2,
            "time_transformer_depth": 1, "freq_transformer_depth": 1, "flash_attn": True, **model,
        },
        "training": {"instruments": ["vocals", "other"], "target_instrument": "vocals"},
    }  # fmt: skip


def mdx23c_config(**model):
    """Sections of a YAML file for `mdx23c()`."""
    return {
        "audio": {
            "chunk_size": 240,
            "sample_rate": 8000,
            "n_fft": 64,
            "hop_length": 16,
            "dim_f": 16,
            "num_channels": 2,
        },
        "model": {"act": "gelu", "norm": "InstanceNorm", "num_subbands": 2, "growth": 2, "scale": [2, 2], **model},
        "training": {"instruments": ["Vocals", "Instrumental"]},
    }


def save(folder, tensors, config):
    """A checkpoint and its YAML file in the `folder`."""
    torch.save(tensors, folder / "model.ckpt")
    (folder / "model.yaml").write_text(yaml.safe_dump(config))
    return folder / "model.ckpt", folder / "model.yaml"
