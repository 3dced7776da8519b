"""Ranks: parts of a batch give the gradients of one device; what ends one rank ends all."""

import signal
import time
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from acapella.errors import CorpusError, TrainingError
from acapella.networks.activation import LeakyDropout
from acapella.training.launching import launch
from acapella.training.one_batch import one_batch
from acapella.training.ranks import ALONE, Rank, this_rank, total


class Layers(nn.Module):
    """Convolution, batch normalization and all kinds of dropout, of images and of rows that have the batch within."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(2, 4, 3, padding=1)
        self.activation = LeakyDropout(0.1, 0.3)
        self.norm = nn.BatchNorm2d(4, momentum=0.2)
        self.dropout = nn.Dropout(0.4)
        self.rows = nn.BatchNorm1d(6)

    def forward(self, values):
        """(b, 2, 5, 6) in and (b, 4, 5, 6) out."""
        images = self.dropout(self.norm(self.activation(self.convolution(values))))
        return self.dropout(self.rows(images.flatten(0, 2))).unflatten(0, images.shape[:3])


def batch(size):
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(size, 2, 5, 6, dtype=torch.float64, generator=generator)
    return values.to(memory_format=torch.channels_last)


def gradients(size):
    """Of the mean over the batch, on this rank; and the statistics of batch normalization."""
    torch.manual_seed(0)
    layers, rank = Layers().double(), this_rank()
    torch.manual_seed(7)
    with one_batch(rank, size):
        output = layers(batch(size)[rank.part(size)])
    (F.mse_loss(output, torch.ones_like(output)) * rank.weight(size)).backward()
    found = {name: total(parameter.grad) for name, parameter in layers.named_parameters()}
    return found | dict(layers.named_buffers())


SIZES = (5, 1)


def gradients_on_rank(*, listen, questions):
    """Those of each size; the first rank also talks to whoever has started it."""
    if this_rank().is_first:
        listen(f"{questions.more_epochs()} more, save: {questions.save()}")
    listen("heard of the first only")
    return [{name: tensor.numpy() for name, tensor in gradients(size).items()} for size in SIZES]


class Answers:
    def more_epochs(self):
        return 3

    def save(self):
        return True


@pytest.mark.slow  # starts processes
def test_gradients_and_statistics_are_those_of_one_device():
    heard = []
    found = launch(gradients_on_rank, 2, 1, heard.append, Answers())
    assert heard == ["3 more, save: True", "heard of the first only"]
    for size, values in zip(SIZES, found, strict=True):
        alone = gradients(size)
        assert values.keys() == alone.keys()
        for name, expected in alone.items():
            torch.testing.assert_close(torch.from_numpy(values[name]), expected, rtol=1e-9, atol=1e-12, msg=name)


def end(how, *, listen, questions):
    if this_rank().number == 1:
        if how == "error":
            raise CorpusError("Nothing fits.")
        signal.raise_signal(signal.SIGKILL)
    time.sleep(60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [("error", CorpusError, "Nothing fits."), ("death", TrainingError, "One of the training's processes died (-9)")],
)
def test_what_ends_one_rank_ends_all_and_is_one_sentence(how, error, sentence):
    with pytest.raises(error) as raised:
        launch(partial(end, how), 2, 1, print, None)
    assert str(raised.value).startswith(sentence)


def test_all_ranks_together_have_each_example_once():
    for count in (1, 2, 3, 7):
        ranks = [Rank(number, count) for number in range(count)]
        for size in (7, 8, 20):
            assert [place for rank in ranks for place in range(size)[rank.part(size)]] == list(range(size))
            assert sum(rank.weight(size) for rank in ranks) == pytest.approx(1)
            assert sorted(place for rank in ranks for place in rank.turns(size)) == list(range(size))
    assert [list(rank.turns(2)) for rank in ranks] == [[0, 1]] * 7, "too few for all are done by all"
    assert [range(2)[rank.part(2)] for rank in ranks] == [range(2)] * 7
    assert ALONE.part(3) == slice(0, 3)
