"""The pool of actors, without a cluster: how many there are, and what becomes of them."""

import pytest

from acapella import __version__
from acapella.errors import AcapellaError
from acapella.jobs import pool as pool_module
from acapella.jobs.pool import ActorPool


class FakeStarter:
    """Actors are numbers that have started as soon as there is room for them."""

    def __init__(self, **room):
        self.nodes = {"gpu": 0, "cpu": 0, **room}
        self.kinds, self.ended = [], []
        self.says = __version__

    def start(self, kind):
        self.kinds.append(kind)
        return len(self.kinds), len(self.kinds)

    def end(self, handle):
        self.ended.append(handle)

    def started(self, references):
        return [reference for reference in references if reference <= sum(self.nodes.values())]

    def version(self, reference):
        if not self.says:
            raise AcapellaError("cannot start")
        return self.says

    def room(self):
        return self.nodes


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch):
    monkeypatch.setattr(pool_module, "LOOK_EVERY", 0)


def take_all(pool):
    return list(iter(pool.take, None))


@pytest.mark.parametrize(
    ("most", "room", "kinds"),
    [
        (None, {"cpu": 3}, {"cpu": 3}),
        (None, {"cpu": 3, "gpu": 2}, {"cpu": 3, "gpu": 2}),
        (None, {"gpu": 1}, {"gpu": 1}),
        (None, {}, {"cpu": 1}),  # it waits for a node
        (2, {"cpu": 3, "gpu": 1}, {"cpu": 1, "gpu": 1}),
        (5, {"cpu": 1}, {"cpu": 5}),  # those without room make the cluster grow
    ],
)
def test_actors_are_as_many_as_fit_or_as_asked_for(most, room, kinds):
    starter = FakeStarter(**room)
    taken = take_all(ActorPool(starter, most))
    assert {kind: starter.kinds.count(kind) for kind in ("cpu", "gpu") if kind in starter.kinds} == kinds
    assert len(taken) == min(sum(kinds.values()), sum(room.values()))


def test_where_only_gpus_are_wanted_one_waits_for_a_gpu():
    starter = FakeStarter()
    del starter.nodes["cpu"]
    assert ActorPool(starter).take() is None
    assert starter.kinds == ["gpu"]


def test_nodes_that_come_are_used_and_actors_that_die_are_replaced():
    starter = FakeStarter(cpu=1)
    pool = ActorPool(starter)
    (first,) = take_all(pool)
    starter.nodes["cpu"] = 2
    (second,) = take_all(pool)
    pool.give(first)
    assert take_all(pool) == [first]
    starter.nodes["cpu"] = 3  # references are numbers, and those of the dead count
    pool.lose(second)
    assert starter.ended == [second.handle]
    assert {member.handle for member in take_all(pool)} == {3}
    pool.close()
    assert sorted(starter.ended) == [1, 2, 3, *range(4, len(starter.kinds) + 1)]


def test_a_cluster_on_which_nothing_starts_is_an_error_in_the_end():
    starter = FakeStarter(cpu=100)
    starter.says = ""
    pool = ActorPool(starter, 1)
    assert [pool.take(), pool.take()] == [None, None]
    with pytest.raises(AcapellaError, match="cannot start"):
        pool.take()
    assert len(starter.kinds) == 3


def test_nodes_with_another_version_are_refused():
    starter = FakeStarter(cpu=1)
    starter.says = "0.0.1"
    with pytest.raises(AcapellaError, match=r"A node of the cluster has Acapella 0\.0\.1, and this is"):
        ActorPool(starter).take()
