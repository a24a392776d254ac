import gc
import logging
import subprocess
import sys
import threading
import time
import weakref

import pytest

from caffepy.data.prefetch import Prefetcher
from caffepy.errors import CaffeError, DataError


class Counter:
    """Produces 0, 1, 2, ...; ``limit`` makes it fail there."""

    def __init__(self, limit=None, error=None):
        self.made = 0
        self.limit, self.error = limit, error
        self.moved = threading.Condition()

    def __call__(self):
        with self.moved:
            if self.made == self.limit:
                raise self.error
            self.made += 1
            self.moved.notify_all()
            return self.made - 1

    def wait_for(self, made):
        with self.moved:
            assert self.moved.wait_for(lambda: self.made >= made, 5)


def prefetch_threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_items_come_in_order_and_no_more_than_depth_ahead():
    produce = Counter()
    with Prefetcher(produce, depth=3) as prefetcher:
        assert produce.made == 0, "nothing runs before it is asked for"
        assert [prefetcher.get() for _ in range(10)] == list(range(10))
        produce.wait_for(13)
        time.sleep(0.02)
        assert produce.made == 13
    assert not prefetch_threads()


def test_an_error_comes_as_itself_after_the_items_before_it():
    error = DataError("damaged")
    with Prefetcher(Counter(2, error), depth=4) as prefetcher:
        assert [prefetcher.get(), prefetcher.get()] == [0, 1]
        for _ in range(2):
            with pytest.raises(DataError) as caught:
                prefetcher.get()
            assert caught.value is error
            assert "__call__" in [entry.name for entry in caught.traceback], "where it was raised"


def test_an_end_of_items_is_an_error_like_others():
    with Prefetcher(iter([1, 2]).__next__) as prefetcher:
        assert [prefetcher.get(), prefetcher.get()] == [1, 2]
        with pytest.raises(StopIteration):
            prefetcher.get()


def test_stop_drops_what_was_made_ahead_and_goes_on_afresh():
    produce = Counter()
    with Prefetcher(produce, depth=2) as prefetcher:
        prefetcher.get()
        produce.wait_for(3)
        prefetcher.stop()
        assert not prefetch_threads()
        produce.made = 100
        assert [prefetcher.get(), prefetcher.get()] == [100, 101]


def test_stop_forgets_an_error():
    produce = Counter(0, DataError("bad"))
    with Prefetcher(produce) as prefetcher:
        with pytest.raises(DataError):
            prefetcher.get()
        produce.limit = None
        prefetcher.stop()
        assert prefetcher.get() == 0


def test_a_closed_one_says_so():
    prefetcher = Prefetcher(Counter())
    prefetcher.get()
    prefetcher.close()
    prefetcher.close()
    with pytest.raises(CaffeError, match="closed"):
        prefetcher.get()
    assert not prefetch_threads()


def test_closing_wakes_the_one_who_waits():
    gate = threading.Event()
    prefetcher = Prefetcher(lambda: gate.wait(5))
    raised = []

    def wait():
        try:
            prefetcher.get()
        except CaffeError as error:
            raised.append(str(error))

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not prefetch_threads():
        time.sleep(0.001)
    closer = threading.Thread(target=prefetcher.close)
    closer.start()
    waiter.join(3)
    assert not waiter.is_alive() and len(raised) == 1
    gate.set()
    closer.join(3)


def test_a_forgotten_one_ends_with_its_owner():
    produce = Counter()
    prefetcher = Prefetcher(produce)
    prefetcher.get()
    gone = weakref.ref(prefetcher)
    del prefetcher
    gc.collect()
    assert gone() is None and not prefetch_threads()


def test_waiting_is_said_once_in_a_thousand_waits(caplog):
    caplog.set_level(logging.INFO, "caffepy.data.prefetch")
    logging.getLogger("caffepy.data.prefetch").addHandler(caplog.handler)
    try:
        slow = threading.Semaphore(0)
        with Prefetcher(lambda: slow.acquire(timeout=5)) as prefetcher:
            for _ in range(3):
                releaser = threading.Timer(0.02, slow.release)
                releaser.start()
                assert prefetcher.get()
            slow.release(10)
    finally:
        logging.getLogger("caffepy.data.prefetch").removeHandler(caplog.handler)
    assert {record.getMessage() for record in caplog.records} == {"Waiting for data"}
    assert len({id(record) for record in caplog.records}) == 1


def test_no_wait_is_said_while_the_first_item_is_made(caplog):
    caplog.set_level(logging.INFO, "caffepy.data.prefetch")
    logging.getLogger("caffepy.data.prefetch").addHandler(caplog.handler)
    produce = Counter()
    try:
        with Prefetcher(produce, depth=2) as prefetcher:
            for made in (1, 2, 3):
                assert prefetcher.get() == made - 1
                produce.wait_for(made + 2)
                time.sleep(0.005)  # from made to ready
            prefetcher.stop()
            prefetcher.get()
    finally:
        logging.getLogger("caffepy.data.prefetch").removeHandler(caplog.handler)
    assert not caplog.records


def test_an_interpreter_ends_with_a_prefetcher_at_work():
    code = (
        "import time\n"
        "from caffepy.data.prefetch import Prefetcher\n"
        "p = Prefetcher(lambda: time.sleep(0.01) or 7)\n"
        "print(p.get())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")
