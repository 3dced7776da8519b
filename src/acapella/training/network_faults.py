"""What is wrong with a network, the rest of a sentence each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from acapella.conversion.export import export
from acapella.conversion.own_model import reason
from acapella.conversion.torch_model import TorchModel
from acapella.dsp.choppers import CHOPPERS
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Chunks
from acapella.networks import Network
from acapella.settings import Settings
from acapella.training.domains import choose_domain

TOLERANCE = 1e-4  # of the largest output
NAMED = 3  # weights in a sentence
BINS = 37  # a number of no meaning
REGISTERED = ("_modules", "_parameters", "_buffers")  # attributes of a module in which torch keeps what it knows of


def network_faults(model: TorchModel, settings: Settings) -> Iterator[str]:
    """Try the freshly initialized network of a `model`: structure, values, gradients, context, export."""
    network = model.network
    trial = _chunk_trial(model, settings) if isinstance(model.description.schedule, Chunks) else _slices(model)
    sizes = [trial] if isinstance(model.description.schedule, Chunks) else [trial, *_other_sizes(model, settings)]
    found = [*_unlearnable(network)]
    with torch.random.fork_rng():
        if not found:
            found += islice((fault for size in sizes for fault in _wrong_values(network, size)), 1)
        if not found:
            found += [*_without_gradients(network, trial), *_not_on_its_own(network, trial)]
        if not found and isinstance(network, Network):
            found += [*_wrong_context(network, trial)]
        if not found:
            found += [*_not_exported(model)]
    network.zero_grad()
    yield from found


@dataclass(frozen=True)
class Trial:
    """How to make a prediction: its mixture's shape without the axis of the batch, and that of the prediction."""

    predict: Callable[[Tensor], Tensor]
    shape: tuple[int, ...]
    expected: tuple[int, ...]
    is_signed: bool = True

    def noise(self, items: int, frames: int | None = None) -> Tensor:
        """A mixture, the same each time; of so many `frames`."""
        shape = (*self.shape[:-1], frames or self.shape[-1])
        mixture = torch.randn(items, *shape, generator=torch.Generator().manual_seed(1))
        return mixture if self.is_signed else mixture.abs()


def _slices(model: TorchModel, bins: int | None = None, frames: int | None = None) -> Trial:
    front_end, network = model.description.front_end, model.network
    assert isinstance(front_end, SpectralFrontEnd)
    assert isinstance(network, Network)
    around = -(-network.context // network.stride) * network.stride
    shape = (
        front_end.tensor_channels,
        bins or network.bins or front_end.bins,
        frames or 2 * around + 4 * network.stride,
    )
    return Trial(network, shape, shape, front_end.signed)


def _other_sizes(model: TorchModel, settings: Settings) -> Iterator[Trial]:
    """An odd one, and a slice as training cuts it."""
    front_end, network = model.description.front_end, model.network
    assert isinstance(front_end, SpectralFrontEnd)
    assert isinstance(network, Network)
    yield _slices(model, network.bins or BINS, 7)
    is_full = "full" in settings.chopname or settings.batch_generator == "remix"
    chopper, scale = CHOPPERS["full" if is_full else "tile"], settings.chopparams.scale
    for low, high, start, stop in chopper((front_end.bins, scale), settings.chopparams)[:1]:
        yield _slices(model, high - low, stop - start)


def _chunk_trial(model: TorchModel, settings: Settings) -> Trial:
    description, domain = model.description, choose_domain(model, settings)
    assert isinstance(description.schedule, Chunks)
    channels, length = description.front_end.channels, description.schedule.length
    expected = (len(description.sources) * channels, length)
    return Trial(lambda mixture: domain.predict(model.network, mixture), (channels, length), expected)


def _unlearnable(network: nn.Module) -> Iterator[str]:
    """Weights that an optimizer does not see, or that are no numbers."""
    known = {id(module) for module in network.modules()}
    for path, module in network.named_modules():
        for name, value in vars(module).items():
            where = ".".join(filter(None, ("self", path, name)))
            for part in _parts(value) if name not in REGISTERED else ():
                if isinstance(part, nn.Module) and id(part) not in known:
                    kind = type(value).__name__
                    yield f"{where} holds layers in a {kind}, so they are not trained: use nn.ModuleList or ModuleDict"
                    break
                if isinstance(part, Tensor) and part.requires_grad and not isinstance(part, nn.Parameter):
                    yield f"{where} holds weights that are no nn.Parameter, so they are not trained"
                    break
    if not any(parameter.requires_grad for parameter in network.parameters()):
        yield "it has no parameters that can be trained"
    broken = [name for name, tensor in network.named_parameters() if not tensor.isfinite().all()]
    if broken:
        yield f"its fresh weights {_few(broken)} are no numbers"


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple | set) else [value]


def _wrong_values(network: nn.Module, trial: Trial) -> Iterator[str]:
    """Shape, type and values of a prediction for two items, and for silence."""
    network.eval()
    mixture = trial.noise(2)
    shape, expected = tuple(mixture.shape), (2, *trial.expected)
    try:
        with torch.no_grad():
            prediction, silent = trial.predict(mixture), trial.predict(0 * mixture)
    except Exception as error:  # noqa: BLE001  whatever it is, it is to be told
        yield f"given a mixture of the shape {shape} it fails: {reason(error)}"
        return
    if not isinstance(prediction, Tensor):
        yield f"it must return a tensor, not {type(prediction).__name__}"
    elif tuple(prediction.shape) != expected:
        yield f"given a mixture of the shape {shape} it returns {tuple(prediction.shape)}, not {expected}"
    elif prediction.dtype != torch.float32:
        yield f"it returns {prediction.dtype}, not torch.float32"
    elif not prediction.isfinite().all():
        yield "its prediction has values that are no numbers"
    elif not silent.isfinite().all():
        yield "its prediction for silence has values that are no numbers"


def _without_gradients(network: nn.Module, trial: Trial) -> Iterator[str]:
    """Weights that training would leave as they are."""
    network.train()
    network.zero_grad()
    prediction = trial.predict(trial.noise(2))
    if not prediction.requires_grad:
        yield "it is not differentiable: no gradient leads from its prediction to its weights (no_grad, detach, numpy?)"
        return
    prediction.square().mean().backward()  # type: ignore[no-untyped-call]
    trained = {name: weights for name, weights in network.named_parameters() if weights.requires_grad}
    unused = [name for name, weights in trained.items() if weights.grad is None]
    if unused:
        yield f"its weights {_few(unused)} take no part in the prediction: remove them, or call requires_grad_(False)"
    broken = [
        name for name, weights in trained.items() if weights.grad is not None and not weights.grad.isfinite().all()
    ]
    if broken:
        yield f"the gradients of its weights {_few(broken)} are no numbers"


def _not_on_its_own(network: nn.Module, trial: Trial) -> Iterator[str]:
    """A prediction must follow from the mixture alone."""
    network.eval()
    mixture = trial.noise(2)
    with torch.no_grad():
        both, again, second = trial.predict(mixture), trial.predict(mixture), trial.predict(mixture[1:])
    if not torch.equal(both, again):
        yield "in evaluation mode it makes another prediction each time: is dropout still on?"
    elif _differ(both[1:], second):
        yield "its prediction for a mixture depends on the others in its batch"


def _wrong_context(network: Network, trial: Trial) -> Iterator[str]:
    """What lies beyond the context must not matter, nor where a block begins, on the grid of the stride."""
    around, stride = -(-network.context // network.stride) * network.stride, network.stride
    frames = 2 * around + 4 * stride
    mixture = trial.noise(1, frames).requires_grad_()
    block = range(around + stride, around + 2 * stride)
    network(mixture)[..., block.start : block.stop].abs().sum().backward()
    assert mixture.grad is not None
    influence = mixture.grad.abs().sum((0, 1, 2)).nonzero()
    if len(influence) and (beyond := max(block[0] - int(influence.min()), int(influence.max()) - block[-1])) > around:
        yield f"its context is {network.context}, but frames {beyond} away matter to a block of {stride}"
        return
    with torch.no_grad():
        whole, part = network(mixture)[..., around + stride :], network(mixture[..., stride:])[..., around:]
    if _differ(whole, part):
        yield f"its stride is {stride}, but a mixture that begins {stride} frames later gives other values"


def _not_exported(model: TorchModel) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        try:
            export(model, Path(folder) / "model.onnx")
        except Exception as error:  # noqa: BLE001  whatever it is, it is to be told
            yield f"it cannot be exported to ONNX: {reason(error)}"


def _differ(first: Tensor, second: Tensor) -> bool:
    return not torch.allclose(first, second, rtol=0, atol=TOLERANCE * float(first.abs().max()))


def _few(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
