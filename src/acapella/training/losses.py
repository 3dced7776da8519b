"""What training minimizes, by the names of LOSS, and what else it reports, by those of METRICS.

Each takes prediction and target, tensors of one shape, and returns one number. `LOSSES` compare whatever the network
predicts (`training.domains`), `WAVEFORM_LOSSES` waveforms (batch, sources * channels, samples), whatever the network.
One's own loss, LOSS=package.module:function, compares waveforms where it is marked `on_waveforms`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from acapella.registry import choose, import_own, is_own

Loss = Callable[[Tensor, Tensor], Tensor]
RESOLUTIONS = (4096, 2048, 1024, 512, 256)  # window lengths, in samples
SMALLEST = 1e-7  # Keras' epsilon: the logarithmic loss takes smaller values, negative ones too, for this one


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of (prediction - target)²."""
    return F.mse_loss(prediction, target)


def mean_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of |prediction - target|."""
    return F.l1_loss(prediction, target)


def mean_squared_log_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of (log(1 + prediction) - log(1 + target))², both at least `SMALLEST`."""
    return F.mse_loss(_log(prediction), _log(target))


def _log(values: Tensor) -> Tensor:
    return torch.log1p(values.clamp(min=SMALLEST))


LOSSES: dict[str, Loss] = {
    "mean_squared_error": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mean_squared_log_error": mean_squared_log_error,
}


def waveform_l1(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of |prediction - target| over all samples.

    Source: A. Défossez et al., "Music source separation in the waveform domain", 2019.
    """
    return F.l1_loss(prediction, target)


def multi_resolution_stft(prediction: Tensor, target: Tensor) -> Tensor:
    """`waveform_l1`, and for each of `RESOLUTIONS` the mean of |STFT(prediction) - STFT(target)|, complex.

    The transforms keep energy, so that all parts have the waveform's scale; the hop is a quarter of the window. Windows
    that are longer than the waveforms are left out.

    Source: W.-T. Lu, J.-C. Wang, Q. Kong and Y.-N. Hung, "Music source separation with band-split RoPE transformer",
    ICASSP 2024.
    """
    error = (prediction - target).flatten(0, -2)
    loss = error.abs().mean()
    for length in RESOLUTIONS:
        if length <= error.shape[-1]:
            window = torch.hann_window(length, device=error.device)
            spectrum = torch.stft(
                error, length, window=window, pad_mode="constant", normalized=True, return_complex=True
            )  # fmt: skip
            loss = loss + spectrum.abs().mean()
    return loss


WAVEFORM_LOSSES: dict[str, Loss] = {
    "waveform_l1": waveform_l1,
    "multi_resolution_stft": multi_resolution_stft,
}


def on_waveforms(loss: Loss) -> Loss:
    """Mark one's own `loss` as one of waveforms; a decorator."""
    vars(loss)["on_waveforms"] = True
    return loss


def choose_loss(name: str) -> Loss:
    """The loss that LOSS names, own ones too."""
    loss: Loss = import_own(name, "LOSS") if is_own(name) else choose({**LOSSES, **WAVEFORM_LOSSES}, name, "LOSS")
    return loss


def compares_waveforms(name: str) -> bool:
    """Whether the loss that LOSS names is one of waveforms, whatever the network."""
    return name in WAVEFORM_LOSSES or getattr(choose_loss(name), "on_waveforms", False) is True


def mean_pred(prediction: Tensor, _: Tensor) -> Tensor:
    """Mean of the prediction; 0 shows a network that has died, which the loss alone does not."""
    return prediction.mean()


def max_pred(prediction: Tensor, _: Tensor) -> Tensor:
    """Largest value of the prediction."""
    return prediction.max()


METRICS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean_pred": mean_pred,
    "max_pred": max_pred,
}
LARGEST = ("max_pred",)  # of parts of a batch the largest counts; of the others the mean
