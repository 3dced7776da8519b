"""Several processes that train one network, a rank each, with a device of its own.

A rank is told what it is by the variables that torchrun sets (RANK, WORLD_SIZE, …), whoever has started it. Ranks
compute parts of the same batches; the first one writes files and speaks.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from acapella.errors import TrainingError

PATIENCE = timedelta(days=1)  # for the first rank, which prepares the corpus alone; one that dies is noticed at once

T = TypeVar("T")


class PeerLostError(TrainingError):
    """Another rank has ended in the middle of the training; it says why."""


@dataclass(frozen=True)
class Rank:
    """Which of how many processes this is."""

    number: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes."""
        return self.number == 0

    def part(self, size: int) -> slice:
        """Its part of `size` examples: all of them where there are fewer than ranks, so that none has nothing to do."""
        if size < self.count:
            return slice(0, size)
        return slice(self.number * size // self.count, (self.number + 1) * size // self.count)

    def weight(self, size: int) -> float:
        """Its share in the mean over `size` examples; those of all ranks sum to 1."""
        part = self.part(size)
        return 1 / self.count if size < self.count else (part.stop - part.start) / size

    def turns(self, count: int) -> range:
        """Its share of `count` things that are done one by one: all where there are fewer than ranks."""
        return range(count) if count < self.count else range(self.number, count, self.count)


ALONE = Rank()


def this_rank() -> Rank:
    """Which process of the training this is."""
    return Rank(dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else ALONE


def launched_processes() -> int:
    """How many processes a launcher has started, this one among them; 0 where there was no launcher."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 0


def local_processes() -> int:
    """How many of the ranks are on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


@contextmanager
def joined_ranks() -> Iterator[Rank]:
    """Connect with the other ranks, where a launcher has started several; threads are set from the cores of each."""
    if launched_processes() < 2:
        yield ALONE
        return
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // local_processes()))
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield this_rank()
    except RuntimeError as error:
        if any(sign in str(error) for sign in ("gloo", "NCCL", "onnection")):
            raise PeerLostError("Another process of this training has ended; its own message says why.") from error
        raise
    finally:
        dist.destroy_process_group()


def total(values: Tensor) -> Tensor:
    """The sum of all ranks' `values`."""
    return _reduced(values, dist.ReduceOp.SUM) if this_rank().count > 1 else values


def largest(values: Tensor) -> Tensor:
    """The largest of all ranks' `values`, each on its own."""
    return _reduced(values, dist.ReduceOp.MAX) if this_rank().count > 1 else values


def _reduced(values: Tensor, operation: Any) -> Tensor:
    reduced = values.detach().clone()
    dist.all_reduce(reduced, operation)
    return reduced


def from_first(make: Callable[[], T]) -> T:
    """What `make` returns on the first rank, the only one that calls it."""
    rank = this_rank()
    made = [make() if rank.is_first else None]
    if rank.count > 1:
        dist.broadcast_object_list(made)
    return made[0]  # type: ignore[return-value]


def first_before_others(make: Callable[[], T]) -> T:
    """What `make` returns on this rank; the others call it when the first has what they can use."""
    rank = this_rank()
    if rank.count > 1 and not rank.is_first:
        dist.barrier()
    made = make()
    if rank.count > 1 and rank.is_first:
        dist.barrier()
    return made
