"""The actors of a cluster: started where there is room, lent one by one, and replaced when they die."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, Protocol

from acapella import __version__
from acapella.errors import AcapellaError

Kind = Literal["cpu", "gpu"]
LOOK_EVERY = 1.0  # seconds between looks for nodes that have come or gone
FAILED_STARTS = 3  # for each actor that is wanted, until it is certain that none will ever start


class Starter(Protocol):
    """Starts actors, by handles and references of a library."""

    def start(self, kind: Kind) -> tuple[Any, Any]:
        """An actor, and the reference to its version, which is there when it has started."""

    def end(self, handle: Any) -> None:
        """End an actor, whatever it does."""

    def started(self, references: Sequence[Any]) -> Sequence[Any]:
        """Those of the `references` that are there."""

    def version(self, reference: Any) -> str:
        """What a reference refers to; AcapellaError where the actor has died instead."""

    def room(self) -> Mapping[Kind, int]:
        """How many actors of each kind that is wanted the nodes have room for; what is best comes first."""


@dataclass(frozen=True, eq=False)
class Member:
    """An actor of the pool."""

    kind: Kind
    handle: Any


class ActorPool:
    """At most so many actors, None: as many as nodes have room for. Several threads may use it at the same time.

    Those that find no room stay wanted: a cluster that scales itself starts nodes for them.
    """

    def __init__(self, starter: Starter, most: int | None = None) -> None:
        self._starter = starter
        self._most = most
        self._starting: dict[Any, Member] = {}  # by the references to their versions
        self._idle: list[Member] = []
        self._members: set[Member] = set()  # all, the lent ones too
        self._failed_starts = 0  # since one has started
        self._looked = float("-inf")
        self._lock = Lock()  # of all above

    @property
    def starting(self) -> list[Any]:
        """The references that are there when actors have started."""
        with self._lock:
            return list(self._starting)

    def take(self) -> Member | None:
        """An idle actor; None where there is none now."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_EVERY:
                self._looked = time.monotonic()
                self._start_missing()
            if self._starting:
                self._collect()
            return self._idle.pop() if self._idle else None

    def give(self, member: Member) -> None:
        """Give an actor back that was taken."""
        with self._lock:
            self._idle.append(member)

    def lose(self, member: Member) -> None:
        """Give up an actor that was taken."""
        with self._lock:
            self._members.discard(member)
            self._looked = float("-inf")  # another takes its place at once
        self._starter.end(member.handle)

    def close(self) -> None:
        """End all actors."""
        with self._lock:
            members, self._members = self._members, set()
            self._starting.clear()
            self._idle.clear()
        for member in members:
            self._starter.end(member.handle)

    def _start_missing(self) -> None:
        there: dict[Kind, int] = {"cpu": 0, "gpu": 0}
        for member in self._members:
            there[member.kind] += 1
        for kind, wanted in self._wanted().items():
            for _ in range(wanted - there[kind]):
                handle, reference = self._starter.start(kind)
                self._starting[reference] = member = Member(kind, handle)
                self._members.add(member)

    def _wanted(self) -> dict[Kind, int]:
        """How many actors of each kind there should be: one at least, which waits for a node where there is none."""
        wanted = dict(self._starter.room())
        last = list(wanted)[-1]
        if self._most is None:
            return wanted if any(wanted.values()) else {**wanted, last: 1}
        left = self._most
        for kind in wanted:
            wanted[kind] = left if kind == last else min(left, wanted[kind])
            left -= wanted[kind]
        return wanted

    def _collect(self) -> None:
        """Those that have started are idle; an AcapellaError where none ever does, or their version is another."""
        for reference in self._starter.started(list(self._starting)):
            member = self._starting.pop(reference)
            try:
                version = self._starter.version(reference)
            except AcapellaError:
                self._members.discard(member)
                self._failed_starts += 1
                if self._failed_starts >= FAILED_STARTS * max(1, sum(self._wanted().values())):
                    raise
                continue
            if version != __version__:
                raise AcapellaError(f"A node of the cluster has Acapella {version}, and this is {__version__}.")
            self._failed_starts = 0
            self._idle.append(member)
