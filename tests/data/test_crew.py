import threading
import time

import pytest

from caffepy.data import crew
from caffepy.data.crew import Crew, decoders
from caffepy.errors import DataError


def decode_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_results_come_in_order_however_long_each_takes(count):
    it = Crew(count)
    waits = [0.01, 0, 0.004, 0, 0, 0.002, 0, 0.001] * 3
    got = list(it.map(lambda i: time.sleep(waits[i]) or i, range(len(waits))))
    assert got == list(range(len(waits)))
    assert len(decode_threads()) == (count if count > 1 else 0), "one needs no thread"
    it.close()
    assert not decode_threads()


def test_several_are_at_work_at_once_but_few_wait():
    it, together, taken = Crew(2), threading.Barrier(2, timeout=5), []

    def items():
        for i in range(20):
            taken.append(i)
            yield i

    results = it.map(lambda _: together.wait(), items())
    next(results)
    assert len(taken) == 2 * crew.AHEAD + 1
    assert len(list(results)) == 19
    it.close()


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_comes_in_its_turn(count):
    def work(i):
        if i in (2, 3):
            raise DataError(f"bad {i}")
        time.sleep(0.005 * (i == 1))  # so that the errors are there before it
        return i

    it = Crew(count)
    results = it.map(work, range(50))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(DataError, match="bad 2"):
        next(results)
    it.close()
    assert list(it.map(work, [5, 6])) == [5, 6], "it may be used again"
    it.close()


def test_a_forgotten_one_ends():
    it = Crew(2)
    list(it.map(abs, range(4)))
    threads = decode_threads()
    assert len(threads) == 2
    del it
    for thread in threads:
        thread.join(5)
    assert not decode_threads()


def test_as_many_threads_as_the_net_has_unless_told():
    assert decoders(2) == 2
    assert decoders(100) == crew.MOST
    assert decoders(2, 12) == 12
