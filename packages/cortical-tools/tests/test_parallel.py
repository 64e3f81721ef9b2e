"""Work done side by side: in order, not too much at once, and over when it fails."""

from __future__ import annotations

import gc
import signal
import threading
import time
import warnings

import numpy as np
import pytest

from cortical_tools.parallel import portions, side_by_side


def test_what_is_made_is_in_the_order_of_the_items_and_not_in_that_of_the_makers():
    last_is_made = threading.Event()

    def make(item):
        if item == 2:
            last_is_made.set()
        assert last_is_made.wait(10)
        return 10 * item

    assert side_by_side(make, iter(range(3)), at_once=3) == [0, 10, 20]


def test_of_nothing_nothing_is_made():
    assert side_by_side(pytest.fail, []) == []


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_as_many_are_in_the_making_as_allowed_and_no_more(at_once):
    # All of them meet, or none gets on.
    together = threading.Barrier(at_once, timeout=10)
    lock, now, most = threading.Lock(), 0, 0

    def make(item):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        with lock:
            now -= 1

    side_by_side(make, range(2 * at_once), at_once)
    assert most == at_once


@pytest.mark.parametrize(("items", "at_once"), [(range(3), 1), (range(1), 8)])
def test_what_is_not_side_by_side_stays_in_the_thread_of_the_caller(items, at_once):
    threads = side_by_side(lambda item: threading.current_thread(), items, at_once)
    assert set(threads) == {threading.current_thread()}


@pytest.mark.parametrize("at_once", [1, 3])
def test_the_first_failure_ends_it_before_the_others_begin(at_once):
    begun = []

    def make(item):
        begun.append(item)
        if item == 0:
            raise ConnectionError("gone")
        time.sleep(0.01)

    with pytest.raises(ConnectionError, match="gone"):
        side_by_side(make, range(1000), at_once)
    assert len(begun) < 500


def test_a_failure_is_heard_of_while_an_earlier_item_is_in_the_making_and_waits_for_it():
    failed, finished = threading.Event(), []

    def make(item):
        if item == 1:
            failed.set()
            raise ConnectionError("gone")
        assert failed.wait(10)
        time.sleep(0.01)
        finished.append(item)

    with pytest.raises(ConnectionError, match="gone"):
        side_by_side(make, range(1000), at_once=2)
    assert 0 in finished
    # Nothing is left behind that would go on.
    count = len(finished)
    time.sleep(0.05)
    assert len(finished) == count < 500


@pytest.fixture
def nothing_is_cleared_up():
    """Python loses an interrupt that comes while it clears up what nobody uses any more."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("nothing_is_cleared_up")
@pytest.mark.parametrize("pause", [0, 0.1], ids=["at once", "later"])
def test_an_interrupt_ends_it(pause):
    # Whoever runs in the background is born deaf to them.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = []

    def make(item):
        begun.append(item)
        if item == 0:
            time.sleep(pause)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.01)

    try:
        with pytest.raises(KeyboardInterrupt):
            side_by_side(make, range(1000), at_once=2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(begun) < 500


def test_filters_of_warnings_are_as_before_whatever_is_done_to_them_at_once():
    #  first   [ ignores      ]
    #  second       [ ignores      ]
    both, over = threading.Barrier(2, timeout=10), threading.Event()

    def make(item):
        if item == "second":
            both.wait()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both.wait()
            if item == "second":
                over.wait(10)
            else:
                both.wait()
        if item == "first":
            over.set()

    before = list(warnings.filters)
    with warnings.catch_warnings():
        side_by_side(make, ["first", "second"])
        assert warnings.filters == before


def test_what_is_made_side_by_side_may_be_made_of_what_is():
    def make(item):
        return side_by_side(lambda other: (item, other), "ab", at_once=2)

    assert side_by_side(make, range(3), at_once=2) == [[(n, "a"), (n, "b")] for n in range(3)]


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_caller_is_notified_of_each_in_its_own_thread(at_once):
    told = []
    side_by_side(str, range(3), at_once, lambda: told.append(threading.current_thread()))
    assert told == [threading.current_thread()] * 3


def test_portions_hold_everything_once_and_in_order():
    assert [part.tolist() for part in portions(np.arange(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert portions([], 3) == []
