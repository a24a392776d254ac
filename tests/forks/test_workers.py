"""What a child does not inherit: a share of workers, a GPU."""

import threading

import numpy as np
import pytest
from forking import forked
from turning import DEEP, TEST, feed, parsed

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError, DeviceError
from caffepy.parallel.local import Local, new_uid

from .conftest import forking, net_of

pytestmark = forking


def test_a_child_of_a_worker_takes_no_part():
    uid = new_uid()
    workers = [None, None]

    def come(rank):
        workers[rank] = Local(uid, rank, 2)

    threads = [threading.Thread(target=come, args=(rank,)) for rank in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    def part():
        with pytest.raises(CaffeError, match="takes no part"):
            workers[0].agree(1)
        for worker in workers:
            assert all(c.fileno() < 0 for c in (*worker._steps.values(), *worker._news.values()))
            worker.close()

    forked(part)
    arrays = [np.full(5, 1, np.float32), np.full(5, 3, np.float32)]
    averaging = [threading.Thread(target=workers[rank].average, args=(arrays[rank],))
                 for rank in (0, 1)]
    for thread in averaging:
        thread.start()
    for thread in averaging:
        thread.join(60)
    assert all((array == 2).all() for array in arrays)
    for worker in workers:
        worker.close()


def test_a_worker_alone_goes_on_in_the_child():
    with Local(new_uid(), 0, 1) as worker:
        worker.start(np.ones(3, np.float32))
        worker.finish()

        def work():
            array = np.ones(3, np.float32)
            worker.start(array)
            worker.finish()
            return array.tolist()

        assert forked(work) == [1, 1, 1]


def test_a_gpu_is_refused_in_a_child(fake_gpu):
    net = Net(parsed(DEEP), TEST, context=Context(seed=1, device=0))
    feed(net)
    net.forward()

    def refused():
        with pytest.raises(DeviceError, match="CUDA does not allow"):
            net.forward()
        return net_of(phase=TEST).forward() > 0

    assert forked(refused)
    net.forward()
