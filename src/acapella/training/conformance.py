"""What keeps one's own network or loss from being trained and exported, a sentence each, found before the training."""

from collections.abc import Iterator

from acapella.conversion.torch_model import TorchModel
from acapella.errors import SettingsError, quoted
from acapella.models.schedules import Chunks
from acapella.registry import is_own
from acapella.settings import Settings
from acapella.training.domains import Waveforms, choose_domain
from acapella.training.loop import start_model
from acapella.training.loss_faults import loss_faults
from acapella.training.losses import choose_loss
from acapella.training.network_faults import network_faults

MOST_SAMPLES = 1 << 16  # of waveforms, which need not be longer to show what a loss does
SPECTROGRAM = (64, 32)  # bins, frames


def check(settings: Settings) -> None:
    """SettingsError with a line for each fault of MODEL and LOSS, whoever wrote them.

    The network is exported, which takes seconds, and with large ones minutes.
    """
    model = start_model(settings)
    _refuse([*_of_network(model, settings), *_of_loss(model, settings)])


def check_own(model: TorchModel, settings: Settings) -> None:
    """The same, where MODEL, whose fresh `model` this is, or LOSS is the user's own."""
    faults = [*_of_network(model, settings)] if is_own(settings.model) else []
    _refuse([*faults, *(_of_loss(model, settings) if is_own(settings.loss) else ())])


def _refuse(faults: list[str]) -> None:
    if faults:
        raise SettingsError("\n".join(faults))


def _of_network(model: TorchModel, settings: Settings) -> Iterator[str]:
    return (f"MODEL={quoted(settings.model)}: {fault}." for fault in network_faults(model, settings))


def _of_loss(model: TorchModel, settings: Settings) -> Iterator[str]:
    faults = loss_faults(choose_loss(settings.loss), _shape(model, settings))
    return (f"LOSS={quoted(settings.loss)}: {fault}." for fault in faults)


def _shape(model: TorchModel, settings: Settings) -> tuple[int, ...]:
    """Of what a loss is given in training: two items."""
    description = model.description
    domain = choose_domain(model, settings)
    sources, front_end = len(description.sources), description.front_end
    if isinstance(domain, Waveforms):
        length = domain.length if isinstance(description.schedule, Chunks) else min(domain.length, MOST_SAMPLES)
        return (2, sources * front_end.channels, length)
    assert front_end.kind == "spectral"
    return (2, sources * front_end.tensor_channels, *SPECTROGRAM)
