"""Workers on one machine: sums, agreements, and what happens when one of them ends."""

from __future__ import annotations

import os
import tempfile
import threading
import time

import numpy as np
import pytest
import workers_work
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.errors import CaffeError, ConfigError, DeviceError
from caffepy.parallel import launch, local
from caffepy.parallel.local import Local, new_uid


def crowd(size, work, sizes=None):
    """What ``work`` returned in each of ``size`` threads, each a worker."""
    uid, results = new_uid(), [None] * size

    def run(rank):
        try:
            with Local(uid, rank, sizes[rank] if sizes else size) as communicator:
                results[rank] = work(communicator)
        except BaseException as error:
            results[rank] = error

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    for error in results:
        if isinstance(error, BaseException):
            raise error
    return results


def test_a_crowd_raises():
    with pytest.raises(ZeroDivisionError):
        crowd(1, lambda c: 1 / 0)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_average_is_the_mean_equal_to_the_bit(size, dtype, monkeypatch):
    monkeypatch.setattr(local, "ROOM", 4096)
    arrays = [np.random.default_rng(rank).normal(size=2500).astype(dtype) for rank in range(size)]

    def work(communicator):
        array = arrays[communicator.rank].copy()
        communicator.average(array)
        communicator.average(array[7:8])  # fewer numbers than workers
        return array

    found = crowd(size, work)
    for array in found:
        assert_array_equal(array, found[0])
    assert_allclose(found[0], np.mean(arrays, axis=0), 1e-5, 1e-6)


@pytest.mark.parametrize("threaded", [True, False])
def test_what_is_started_is_finished(threaded):
    def work(communicator):
        communicator.threaded = threaded
        array = np.arange(10.0) * communicator.rank
        for part in (array[6:], array[2:6], array[:2]):
            communicator.start(part)
        communicator.finish()
        return array

    for array in crowd(3, work):
        assert_array_equal(array, np.arange(10.0))


def test_a_matrix_of_the_root_s():
    def work(communicator):
        array = np.full((2, 3), communicator.rank, np.float32)
        communicator.broadcast(array, 1)
        return array

    for array in crowd(3, work):
        assert_array_equal(array, np.ones((2, 3)))


def test_agreeing_and_telling():
    said = crowd(3, lambda c: (c.agree(-c.rank), c.agree(c.rank),
                               c.broadcast_bytes(b"%d" % c.rank), c.root,
                               c.local_rank, c.local_size))
    assert said == [(0, 2, b"0", rank == 0, rank, 3) for rank in range(3)]


def test_arrays_with_gaps_are_refused():
    with Local(new_uid(), 0, 1) as alone, pytest.raises(ValueError, match="contiguous"):
        alone.average(np.zeros((4, 4))[:, 1])


def test_they_must_agree_about_their_number():
    with pytest.raises(CaffeError, match="differ about how many they are"):
        crowd(2, lambda c: None, sizes=[2, 3])


def test_one_that_does_not_come(monkeypatch):
    monkeypatch.setattr(local, "WAIT", 0.2)
    with pytest.raises(CaffeError, match=r"came within 0.2 seconds \(found 1 of 2"):
        Local(new_uid(), 0, 2)
    with pytest.raises(CaffeError, match="worker 0 did not come"):
        Local(new_uid(), 1, 2)


def test_no_room_for_shared_memory(monkeypatch):
    monkeypatch.setattr(local, "MEMORY_FOLDERS", ("/no/such/folder",))
    with pytest.raises(DeviceError, match="no room for the memory that workers share"):
        local._make_file(10)


def test_nothing_is_left_behind():
    def traces():
        return {name for folder in local.MEMORY_FOLDERS if os.path.isdir(folder)
                for name in os.listdir(folder) if name.startswith("caffepy-")
                and "traceback" not in name}

    before = traces()
    crowd(2, lambda c: None)
    assert traces() <= before
    assert tempfile.gettempdir() in local.MEMORY_FOLDERS


# -- processes -------------------------------------------------------------------------------


def test_processes_are_started():
    assert launch.run(workers_work.ranks, 3, 2) == 2
    assert launch.run(workers_work.ranks, 1, 2) == 0


@pytest.mark.parametrize("size", [0, 1000])
def test_a_number_that_is_a_slip_of_the_finger(size):
    with pytest.raises(ConfigError, match="so many workers"):
        launch.run(workers_work.ranks, size, 2)


@pytest.mark.parametrize("how, words", [
    ("error", "^worker 2: here: it has had enough$"),
    ("kill", "^worker 2: it ended without a word"),
    ("leave", "connection between the workers broke"),
])
def test_one_that_ends_ends_all_and_says_why(how, words, monkeypatch):
    monkeypatch.setattr(local, "NEWS", 0.5)
    start = time.monotonic()
    with pytest.raises(CaffeError, match=words):
        launch.run(workers_work.fail, 3, how, 2)
    assert time.monotonic() - start < 10


def test_an_error_of_the_first_is_raised_as_it_is(capfd):
    with pytest.raises(ConfigError, match="^here: it has had enough$"):
        launch.run(workers_work.fail, 2, "error", 0)
    assert capfd.readouterr().err == "", "it is for the caller to show"


def test_a_bug_in_a_worker_shows_its_traceback(capfd):
    with pytest.raises(CaffeError, match="^worker 1: ZeroDivisionError: by zero$"):
        launch.run(workers_work.fail, 2, "bug", 1)
    assert "raise ZeroDivisionError" in capfd.readouterr().err


def test_one_that_waits_for_something_else_is_told():
    assert launch.run(workers_work.lost, 2) is True
