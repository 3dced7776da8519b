"""audio-separator at work, for `benchmarks/others.py`: its networks with random weights, and its own separation.

    python benchmarks/audio_separator_peer.py make mel_band_roformer FOLDER   # a .ckpt and its .yaml
    python benchmarks/audio_separator_peer.py separate FOLDER/mel_band_roformer.ckpt song.wav out

In an environment with `audio-separator[cpu]==0.47.1`. The command `audio-separator` asks a server for its list of
models first; here its separators are called with what the list would tell them. The sizes are the published ones:
Kim's Mel-Band RoFormer, viperx's BS-RoFormer (ep_317) and MDX23C InstVoc HQ. A .onnx is an MDX-Net with the sizes of
Kim_Vocal_2 (`benchmarks/mdx_net.py` makes it).
"""

import logging
import sys
from pathlib import Path

import torch
import yaml
from audio_separator.separator.architectures.mdx_separator import MDXSeparator
from audio_separator.separator.architectures.mdxc_separator import MDXCSeparator
from audio_separator.separator.uvr_lib_v5.roformer.bs_roformer import BSRoformer
from audio_separator.separator.uvr_lib_v5.roformer.mel_band_roformer import MelBandRoformer
from audio_separator.separator.uvr_lib_v5.tfc_tdf_v3 import TFC_TDF_net
from ml_collections import ConfigDict

BANDS = (*[2] * 24, *[4] * 12, *[12] * 8, *[24] * 8, *[48] * 8, 128, 129)
ROFORMER = {
    "stereo": True, "num_stems": 1, "time_transformer_depth": 1, "freq_transformer_depth": 1, "dim_head": 64,
    "heads": 8, "attn_dropout": 0, "ff_dropout": 0, "flash_attn": True, "stft_n_fft": 2048, "stft_hop_length": 441,
    "stft_win_length": 2048, "stft_normalized": False, "mask_estimator_depth": 2,
}  # fmt: skip
MEL = {"dim": 384, "depth": 6, "num_bands": 60, "dim_freqs_in": 1025, "sample_rate": 44100, **ROFORMER}
BS = {"dim": 512, "depth": 12, "freqs_per_bands": BANDS, "dim_freqs_in": 1025, **ROFORMER}
TFC_TDF = {
    "act": "gelu", "bottleneck_factor": 4, "growth": 128, "norm": "InstanceNorm", "num_blocks_per_scale": 2,
    "num_channels": 128, "num_scales": 5, "num_subbands": 4, "scale": [2, 2],
}  # fmt: skip
SONG = {"chunk_size": 352800, "dim_t": 801, "hop_length": 441, "n_fft": 2048, "num_channels": 2, "sample_rate": 44100}
VOCALS = {"instruments": ["vocals", "other"], "target_instrument": "vocals"}
BOTH = {"instruments": ["Vocals", "Instrumental"], "target_instrument": None}
CONFIGS = {
    "mel_band_roformer": {"audio": SONG, "model": MEL, "training": VOCALS, "inference": {"dim_t": 801}},
    "bs_roformer": {"audio": SONG, "model": BS, "training": VOCALS, "inference": {"dim_t": 801}},
    "mdx23c": {
        "audio": {**SONG, "chunk_size": 261120, "dim_f": 4096, "dim_t": 256, "hop_length": 1024, "n_fft": 8192},
        "model": TFC_TDF,
        "training": BOTH,
        "inference": {"dim_t": 256},
    },
}
OVERLAP = 2  # chunks over each sample
NETWORKS = {
    "mel_band_roformer": lambda config: MelBandRoformer(**config["model"]),
    "bs_roformer": lambda config: BSRoformer(**config["model"]),
    "mdx23c": lambda config: TFC_TDF_net(ConfigDict(config), device="cpu"),
}
MDX_NET = {
    "compensate": 1.009, "mdx_dim_f_set": 3072, "mdx_dim_t_set": 8, "mdx_n_fft_scale_set": 7680,
    "primary_stem": "Vocals",
}  # fmt: skip


def make(family: str, folder: Path) -> None:
    """Write a checkpoint with random weights, and its YAML file."""
    torch.manual_seed(0)
    config = {**CONFIGS[family]}
    config["inference"] = {**config["inference"], "num_overlap": OVERLAP}
    torch.save(NETWORKS[family](config).state_dict(), folder / f"{family}.ckpt")
    (folder / f"{family}.yaml").write_text(yaml.dump(config))


def separate(path: Path, song: Path, out: Path) -> None:
    """Write the stems of `song` to `out`."""
    common = {
        "logger": logging.getLogger(), "log_level": logging.WARNING, "torch_device": torch.device("cpu"),
        "torch_device_cpu": torch.device("cpu"), "onnx_execution_provider": ["CPUExecutionProvider"],
        "model_name": path.stem, "model_path": str(path), "output_dir": str(out), "output_format": "WAV",
        "normalization_threshold": 0.9, "amplification_threshold": 0.0, "sample_rate": 44100, "use_soundfile": False,
    }  # fmt: skip
    if path.suffix == ".onnx":
        given = {"segment_size": 256, "overlap": 0.25, "batch_size": 1, "hop_length": 1024, "enable_denoise": False}
        MDXSeparator({**common, "model_data": MDX_NET}, given).separate(str(song))
    else:
        config = yaml.safe_load(path.with_suffix(".yaml").read_text())
        MDXCSeparator({**common, "model_data": config}, {"overlap": OVERLAP, "batch_size": 1}).separate(str(song))


def main() -> None:
    if sys.argv[1] == "make":
        make(sys.argv[2], Path(sys.argv[3]))
    else:
        separate(*map(Path, sys.argv[2:5]))


if __name__ == "__main__":
    main()
