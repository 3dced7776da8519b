"""What is said of networks and losses that cannot be trained: each here has one fault."""

import re
import sys

import pytest

from acapella import Settings
from acapella.errors import SettingsError
from acapella.training.conformance import check, check_own
from acapella.training.loop import start_model
from acapella.training.loss_faults import loss_faults
from acapella.training.losses import LOSSES, WAVEFORM_LOSSES, compares_waveforms

NETWORK = """
import numpy as np
import torch
from torch import nn
from acapella.networks import Network

class Net(Network):
    stride, context = 1, 1

    def __init__(self, shape, width=2):
        super().__init__()
        self.first = nn.Conv2d(shape.channels, width, 3, padding=1)
        self.last = nn.Conv2d(width, shape.channels, 1)

    def forward(self, mixture):
        return self.last(torch.relu(self.first(mixture)))
"""
GIVEN = {"FFT": "64", "CHOPPARAMS": "{'scale': 16}", "MODEL_PARAMS": ""}
FAULTS = {  # a change of the network, and what is said
    "class Net(Network)|class Net": "it is no class that is derived from torch.nn.Module",
    "class Net(Network)|class Net(nn.Module)": "neither derived from acapella.networks.Network, for spectrograms, nor",
    "width=2|width": "it cannot be made with MODEL_PARAMS={}: TypeError: .*'width'",
    "stride, context = 1, 1|stride = 1": "its context must be a whole number of frames, at least 0, not None",
    "1, 1\n|0, 1\n": "its stride must be a whole number of frames, at least 1, not 0",
    "1, 1\n|1, 0\n": "its context is 0, but frames 1 away matter to a block of 1",
    "relu(self.first(mixture))|cumsum(self.first(mixture), -1)": "its context is 1, but frames .* away matter",
    "mixture)))|mixture)))[:, :, 1:]": r"given a mixture of the shape \(2, 2, 33, 6\) it returns \(2, 2, 32, 6\)",
    "mixture)))|mixture))).double()": "it returns torch.float64, not torch.float32",
    "mixture)))|mixture))),": "it must return a tensor, not tuple",
    "mixture)))|mixture))).detach()": "it is not differentiable: no gradient leads from its prediction to its weights",
    "mixture)))|mixture))) / mixture.sum()": "its prediction for silence has values that are no numbers",
    "self.first(mixture)|self.first(mixture.reshape(2, 2, 33, -1))": r"it fails: RuntimeError: shape '\[2, 2, 33",
    "torch.relu(self.first(mixture))|self.first(mixture) - self.first(mixture).mean(0)": "depends on the others in",
    "relu(|dropout(train=True, p=0.5, input=": "in evaluation mode it makes another prediction each time",
    "self.first = |self.spare = nn.Linear(2, 2); self.first = ": "its weights spare.weight, spare.bias take",
    "self.first = |self.more = [nn.Linear(2, 2)]; self.first = ": "self.more holds layers in a list",
    "self.first = |self.k = torch.ones(1, requires_grad=True); self.first = ": "self.k holds weights that are no",
    "self.last = |self.first.bias.data[0] = np.nan; self.last = ": "its fresh weights first.bias are no numbers",
    "return |return mixture if mixture.sum() > 1e9 else ": "it cannot be exported to ONNX: ",
}


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Writes a module into the current folder; returns settings with its network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(text: str) -> Settings:
        name = f"own{abs(hash(text))}"
        (tmp_path / f"{name}.py").write_text(text)
        return Settings(**GIVEN, MODEL=f"{name}:Net")

    return write


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_of_a_network_is_one_sentence(change, model):
    before, after = change.split("|")
    assert before in NETWORK
    with pytest.raises(SettingsError, match=FAULTS[change]) as caught:
        check_own(start_model(given := model(NETWORK.replace(before, after))), given)
    assert re.fullmatch(r"MODEL='own\d+:Net': [^\n]*\.", str(caught.value))


def test_a_network_that_conforms_has_no_faults(model):
    check(model(NETWORK))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nowhere:Net", "the module nowhere is neither installed nor in the current folder."),
        ("broken:Net", "the module broken cannot be imported: ZeroDivisionError (division by zero)."),
        ("lacking:Net", "lacking has Other."),
        ("lacking:a b", "must be the name of a network, or package.module:Class of your own."),
    ],
)
def test_what_cannot_be_imported_is_named(reference, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "lacking.py").write_text("Other = 1")
    with pytest.raises(SettingsError, match=re.escape(message)):
        start_model(Settings(MODEL=reference))
    sys.modules.pop("lacking", None)


LOSS_FAULTS = [
    (None, "it is no function"),
    (lambda prediction: prediction, r"called with prediction and target of the shape \(2, 1, 8\) it fails: TypeError"),
    (lambda p, t: (p - t).square(), r"must return a tensor of one floating-point number, not a tensor \(2, 1, 8\)"),
    (lambda p, t: (p - t).square().mean().item(), "must return a tensor of one floating-point number, not float"),
    (lambda p, t: (p - t).square().mean().detach(), "it is not differentiable"),
    (lambda p, t: (t.clone().requires_grad_() ** 2).mean(), "it does not depend on the prediction"),
    (lambda p, t: (p - t).square().sum() / t.square().sum(), "it is inf for a silent target, as in pieces without"),
    (lambda p, t: (p - t).square().mean().sqrt(), "its gradient is no number for a perfect prediction"),
    (lambda p, t: -(p - t).square().mean(), "no lower for the better of two predictions, and training minimizes it"),
]


@pytest.mark.parametrize(("loss", "message"), LOSS_FAULTS)
def test_a_fault_of_a_loss_is_one_sentence(loss, message):
    assert re.search(message, next(loss_faults(loss, (2, 1, 8))))


@pytest.mark.parametrize("loss", [*LOSSES.values(), *WAVEFORM_LOSSES.values()])
def test_our_own_losses_have_no_faults(loss):
    assert not [*loss_faults(loss, (2, 1, 600))]


DIFFERENCES = """
from acapella.training.losses import on_waveforms

@on_waveforms
def far(prediction, target): return 1

def near(prediction, target): return 1
"""


def test_a_loss_says_whether_it_compares_waveforms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "differences.py").write_text(DIFFERENCES)
    assert compares_waveforms("differences:far")
    assert not compares_waveforms("differences:near")
    given = Settings(**GIVEN, LOSS="differences:near")
    model = start_model(given)
    with pytest.raises(SettingsError, match=r"^LOSS='differences:near': it must return a tensor .*, not int.$"):
        check_own(model, given)
