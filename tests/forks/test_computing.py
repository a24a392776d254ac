"""A forked child computes and trains on, and its parent goes on as if it were alone."""

import multiprocessing
import threading

import pytest
from forking import Child, forked
from turning import TEST, numbers, parsed

from caffepy.core.context import Context
from caffepy.data.db import open_db
from caffepy.errors import DeviceError
from caffepy.kernels.onednn.library import load
from caffepy.proto import caffe_pb2
from caffepy.solvers.solver import Solver

from .conftest import database, equal, forking, net_of

pytestmark = forking


@pytest.mark.parametrize("optimize", [False, True])
def test_a_child_computes_with_the_parents_net_and_with_its_own(optimize):
    net = net_of(optimize=optimize)
    expected = numbers(net)
    for _ in range(2):
        equal(forked(lambda: numbers(net)), expected)
        equal(forked(lambda: numbers(net_of(optimize=optimize))), expected)
        equal(numbers(net), expected)


def test_a_childs_child_computes():
    net = net_of()
    expected = numbers(net)
    equal(forked(lambda: (numbers(net), forked(lambda: numbers(net)))[1]), expected)


def test_backward_alone_knows_the_parents_forward():
    net = net_of()
    net.clear_param_diffs()
    net.forward()

    def gradients():
        net.backward()
        return [p.blob.diff.copy() for p in net.parameters]

    equal(forked(gradients), gradients())


def test_a_pool_of_multiprocessing_computes():
    net = net_of(phase=TEST)
    expected = net.forward()
    global at_work  # what a pool calls must have a name
    at_work = net.forward
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = [pool.apply_async(_work) for _ in range(4)]
        assert [result.get(60) for result in results] == [expected] * 4


def _work():
    return at_work()


def test_a_child_is_forked_from_a_thread_while_another_computes():
    net, other = net_of(), net_of()
    expected = numbers(net)
    stop = threading.Event()

    def train():
        while not stop.is_set():
            numbers(other)

    found = []
    trainer = threading.Thread(target=train)
    trainer.start()
    forker = threading.Thread(target=lambda: found.extend(
        forked(lambda: numbers(net)) for _ in range(5)))
    forker.start()
    forker.join(120)
    stop.set()
    trainer.join(60)
    assert len(found) == 5
    for one in found:
        equal(one, expected)


def test_several_threads_fork_at_once(tmp_path):
    path = str(database(tmp_path / "db"))
    readers = [open_db(path, "lmdb") for _ in range(4)]
    labels = [[] for _ in readers]

    def work(i):
        for _ in range(10):
            labels[i] += [key for key, _ in readers[i].take(1)]
            labels[i] += forked(lambda: [key for key, _ in readers[i].take(1)])
            readers[i].next()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert labels == [[b"%05d" % i for i in range(20)]] * 4
    for reader in readers:
        reader.close()


def test_the_parent_trains_on_while_children_run():
    net = net_of()
    expected = numbers(net)
    children = [Child(lambda: numbers(net)) for _ in range(3)]
    equal(numbers(net), expected)
    for child in children:
        equal(child.result(), expected)

WIDE = """layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param {
  shape { dim: 4 dim: 700 } shape { dim: 4 dim: 800 } data_filler { type: "gaussian" }
  data_filler { type: "constant" value: 1 } } }
layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param {
  num_output: 800 weight_filler { type: "xavier" } } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }
"""


def solver_of(prototxt, **settings):
    param = caffe_pb2.SolverParameter(
        base_lr=0.001, lr_policy="fixed", momentum=0.9, max_iter=100, random_seed=3,
        **settings)
    param.net_param.CopyFrom(parsed(prototxt))
    return Solver(param, context=Context(seed=3, threads=2))


@pytest.mark.parametrize("shown", [True, False])
def test_a_child_trains_on(shown, monkeypatch):
    """The threads of the update are there, which the parent's net has started."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with solver_of(WIDE, snapshot_diff=shown) as solver, solver_of(WIDE) as other:
        assert solver.updater._threads == 2
        solver.step(2)
        other.step(4)

        def weights(of):
            return [p.blob.data.copy() for p in of.net.parameters]

        equal(forked(lambda: (solver.step(2), weights(solver))[1]), weights(other))
        solver.step(2)
        equal(weights(solver), weights(other))


def test_without_a_way_to_end_threads_the_child_says_so(monkeypatch):
    net = net_of()
    numbers(net)
    library = load()
    monkeypatch.setattr(library, "pause", None)

    def refused():
        with pytest.raises(DeviceError, match="libgomp 9"):
            net.forward()
        found = []
        thread = threading.Thread(target=lambda: found.append(net.forward()))
        thread.start()
        thread.join()
        return found

    assert forked(refused) == [net.forward()]
