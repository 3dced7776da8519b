"""Checkpoints of SCNet and Open-Unmix for `benchmarks/others.py`, in the published sizes, with random weights.

    python benchmarks/own_networks.py others
    acapella models convert others/scnet.ckpt --config others/scnet.yaml -o others/scnet.onnx
    acapella models convert others/vocals.pth -o others/open_unmix.onnx

Their programs cannot be installed beside PyTorch for CPUs (both need torchaudio), so the networks are Acapella's own.
"""

import sys
from pathlib import Path

import torch
import yaml

from acapella.networks.open_unmix import OpenUnmix
from acapella.networks.scnet import SCNet

SCNET = {
    "audio": {"chunk_size": 485100, "num_channels": 2, "sample_rate": 44100},
    "inference": {"normalize": True, "num_overlap": 4},
    "model": {
        "band_SR": [0.175, 0.392, 0.433], "band_kernel": [3, 4, 16], "band_stride": [1, 4, 16],
        "compress": 4, "conv_depths": [3, 2, 1], "hop_size": 1024, "nfft": 4096,
    },
    "training": {"instruments": ["drums", "bass", "other", "vocals"], "target_instrument": None},
}  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1])
    torch.manual_seed(0)
    torch.save(SCNet().state_dict(), folder / "scnet.ckpt")
    (folder / "scnet.yaml").write_text(yaml.safe_dump(SCNET))
    torch.save(OpenUnmix().state_dict(), folder / "vocals.pth")


if __name__ == "__main__":
    main()
