import threading
import time
from contextlib import closing

import pytest

from acapella.isolation.prefetch import prefetch


def endless_numbers(closed):
    """Numbers without end; `closed` is set when the source is closed."""
    try:
        yield from range(10**9)
    finally:
        closed.set()


def test_items_come_in_order_from_another_thread():
    def numbers():
        for number in range(100):
            yield number, threading.current_thread()

    items = list(prefetch(numbers()))
    assert [number for number, _ in items] == list(range(100))
    assert threading.current_thread() not in {thread for _, thread in items}


def test_the_next_items_are_made_before_they_are_asked_for():
    third_is_made = threading.Event()

    def numbers():
        yield 0
        yield 1
        third_is_made.set()
        yield 2

    items = prefetch(numbers())
    assert next(items) == 0
    assert third_is_made.wait(10)
    assert list(items) == [1, 2]


def test_no_more_are_made_than_allowed():
    made = []

    def numbers():
        for number in range(100):
            made.append(number)
            yield number

    items = prefetch(numbers(), items=3)
    next(items)
    time.sleep(0.2)
    assert len(made) <= 1 + 3 + 1  # taken, waiting, and the one that finds no room
    items.close()


def test_an_error_is_raised_where_the_items_are_asked_for():
    def numbers():
        yield 1
        raise ValueError("no more")

    items = prefetch(numbers())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_whoever_stops_early_closes_the_source():
    closed = threading.Event()
    with closing(prefetch(prefetch(endless_numbers(closed)))) as items:
        for number in items:
            if number == 5:
                break
    assert closed.wait(10)
    assert not [thread for thread in threading.enumerate() if thread.name == "acapella-prefetch"]


def test_an_error_in_the_middle_ends_all_threads():
    closed = threading.Event()

    def fails_at_five():
        with closing(prefetch(endless_numbers(closed))) as items:
            for number in items:
                if number == 5:
                    raise ValueError("five")
                yield number

    with pytest.raises(ValueError, match="five"), closing(prefetch(fails_at_five())) as items:
        list(items)
    assert closed.wait(10)
    assert not [thread for thread in threading.enumerate() if thread.name == "acapella-prefetch"]
