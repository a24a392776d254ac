"""Several workers train as one with the batch of all: numbers, data, snapshots, stopping."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from workers import together

from caffepy.core.arena import Parameter
from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.parallel.single import Single
from caffepy.proto import caffe_pb2, text
from caffepy.solvers import reduce
from caffepy.solvers.solver import create_solver

ROWS = 23

NET = """
net_param {{ name: "rows"
  layer {{ name: "rows" type: "HDF5Data" top: "x" top: "y" include {{ phase: TRAIN }}
    hdf5_data_param {{ source: "list.txt" batch_size: {batch} shuffle: true }} }}
  layer {{ name: "seen" type: "HDF5Data" top: "x" top: "y" include {{ phase: TEST }}
    hdf5_data_param {{ source: "list.txt" batch_size: 3 }} }}
  layer {{ name: "ip0" type: "InnerProduct" bottom: "x" top: "ip0" param {{ lr_mult: 0 }}
    param {{ lr_mult: 0 }} inner_product_param {{ num_output: 6
      weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "ip1" type: "InnerProduct" bottom: "ip0" top: "ip1" param {{ name: "w" }}
    param {{ lr_mult: 2 decay_mult: 0 }}
    inner_product_param {{ num_output: 6 weight_filler {{ type: "xavier" }} }} }}
  {middle}
  layer {{ name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param {{ name: "w" }}
    param {{ lr_mult: 1 }} inner_product_param {{ num_output: 6
      weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "y" top: "loss" }} }}
base_lr: 0.02 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.01
snapshot_prefix: "snap" test_iter: 2 test_interval: 3
"""
DROPOUT = 'layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }'


@pytest.fixture(autouse=True)
def rows(folder):
    draw = np.random.default_rng(3)
    with h5py.File("rows.h5", "w") as file:
        file["x"] = draw.normal(size=(ROWS, 6)).astype(np.float32)
        file["y"] = draw.normal(size=(ROWS, 6)).astype(np.float32)
    Path("list.txt").write_text("rows.h5\n")


def make(communicator=None, batch=4, more="", middle="", seed=7, **arguments):
    param = caffe_pb2.SolverParameter()
    text.parse(NET.format(batch=batch, middle=middle) + more, param)
    param.random_seed = seed
    return create_solver(param, communicator=communicator, **arguments)


def numbers(solver):
    return [p.blob.data.copy() for p in solver.net.parameters]


def trained(communicator, steps=5, **arguments):
    with make(communicator, **arguments) as solver:
        solver.step(steps)
        return numbers(solver)


# -- one big batch ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("more", [
    "", "layer_wise_reduce: false", "iter_size: 2", "clip_gradients: 0.05",
    'type: "Adam" momentum2: 0.99 delta: 1e-3',
])
def test_workers_equal_one_with_the_batch_of_all(size, more, monkeypatch):
    monkeypatch.setattr(reduce.plan, "__defaults__", (8,))
    one = trained(None, batch=4 * size, more=more)
    several = together(size, lambda workers: trained(workers, more=more))
    for found in several[1:]:
        for a, b in zip(several[0], found, strict=True):
            assert_array_equal(a, b)
    for a, b in zip(one, several[0], strict=True):
        assert_allclose(b, a, 1e-4, 1e-5)


def test_workers_differ_from_one_with_its_own_batch():
    """The test above can fail."""
    one = trained(None, batch=4)
    several = together(2, trained)
    assert not np.allclose(one[2], several[0][2], 1e-4, 1e-5)


def test_weights_start_as_the_first_workers():
    def begin(workers):
        with make(workers) as solver:
            own = numbers(solver)
            solver.step(0)
            return own, numbers(solver)

    (own0, begun0), (own1, begun1) = together(2, begin)
    assert not np.array_equal(own0[0], own1[0])
    for a, b, c in zip(own0, begun0, begun1, strict=True):
        assert_array_equal(a, b)
        assert_array_equal(a, c)


@pytest.mark.parametrize("seed", [7, -1])
def test_workers_share_out_one_order(seed):
    """Also if each has drawn a seed of its own: worker 0's counts."""

    def seen(workers):
        with make(workers, batch=1, seed=seed) as solver:
            found = []
            for _ in range(ROWS):
                solver.net.forward()
                found.append(float(solver.net.blob("x").data[0, 0]))
            return found

    first, second = together(2, seen)
    taken_in_turns = np.array([first, second]).T.reshape(-1)
    for epoch in (taken_in_turns[:ROWS], taken_in_turns[ROWS:]):
        assert len(set(epoch)) == ROWS


def test_draws_of_workers_differ_unless_they_are_common():
    one, other = (Context(seed=1, rank=rank, size=2) for rank in (0, 1))
    assert one.generator("s", 4).random() != other.generator("s", 4).random()
    assert (one.generator("s", 4, common=True).random()
            == other.generator("s", 4, common=True).random()
            != one.generator("s", 5, common=True).random())


# -- overlapping -----------------------------------------------------------------------------


def test_buckets_start_while_backward_goes_on(monkeypatch):
    monkeypatch.setattr(reduce.plan, "__defaults__", (1,))

    def order(workers):
        with make(workers, more="iter_size: 2") as solver:
            solver.net.before_backward.append(lambda i: workers.log.append(
                solver.net.layer_names[i]))
            solver.on_gradients.append(lambda s: workers.log.append("hook"))
            solver.step(1)
            return workers.log

    logs = together(2, order)
    assert logs[0] == logs[1]
    passes = ["loss", "ip2", "ip1", "ip0", "rows"]
    # ip2's own bias goes while ip1 is under way; the shared weights wait for ip1, and nothing
    # moves in the first of two passes; the frozen ip0 is not sent at all
    assert logs[0] == [*passes, "loss", "ip2", 6, "ip1", 6, 36, "ip0", "rows", "finish", "hook"]


@pytest.mark.parametrize("more, cuts", [("", {2, 3}), ("layer_wise_reduce: false", None)])
def test_recordings_of_backward_end_where_buckets_do(more, cuts, monkeypatch):
    monkeypatch.setattr(reduce.plan, "__defaults__", (1,))

    def work(workers):
        with make(workers, more=more) as solver:
            found = [None]
            solver.net.executor.cut_behind = lambda layers: found.append(set(layers))
            solver.step(0)
            return found[-1]

    assert together(2, work) == [cuts, cuts]


def test_buckets_know_their_places_before_anybody_asked_for_the_arena():
    with make() as solver:
        net = Net(solver.net.param)
        places = [(b.start, b.stop) for b in reduce.Reducer(net, Single()).buckets]
        assert places == [(b.start, b.stop) for b in solver.reducer.buckets]


def parameters(*counts):
    found, offset = [], 0
    for count in counts:
        found.append(Parameter(Blob((count,)), 1, 1, "", 0, "", offset))
        offset += count
    return found


def test_plan_of_buckets():
    def spans(counts, layers, size):
        return [(b.start, b.stop, b.layer) for b in
                reduce.plan(parameters(*counts), layers, size)]

    assert spans((5, 1, 5, 1), (1, 1, 2, 2), 1) == [(11, 12, 2), (6, 11, 2), (5, 6, 1), (0, 5, 1)]
    assert spans((5, 1, 5, 1), (1, 1, 2, 2), 6) == [(6, 12, 2), (0, 6, 1)]
    assert spans((5, 1, 5, 1), (1, 1, 2, 2), 7) == [(5, 12, 1), (0, 5, 1)]
    # frozen ones: below all left out, a small one between goes along, a large one does not
    assert spans((50, 1, 3, 5), (None, 1, None, 2), 10) == [(50, 59, 1)]
    assert spans((9, 50, 5), (0, None, 2), 10) == [(59, 64, 2), (0, 9, 0)]
    assert spans((0, 4), (0, 0), 10) == [(0, 4, 0)]
    assert spans((4,), (None,), 10) == []


# -- testing, stopping, snapshots ------------------------------------------------------------


def test_the_first_worker_alone_tests_logs_and_writes(lines):
    def run(workers):
        with make(workers, more="display: 1 max_iter: 4 snapshot: 2") as solver:
            solver.solve()
            return len(solver.test_nets), sorted(solver.last_tests), solver.iter

    assert together(2, run) == [(1, [0], 4), (0, [], 4)]
    assert sum(line.startswith("Iteration 2 (") for line in lines) == 1
    assert sum(line.startswith("Iteration 2, lr") for line in lines) == 1
    assert sum("Snapshotting to binary" in line for line in lines) == 2


@pytest.mark.parametrize("rank, testing", [(0, False), (1, False), (0, True)])
def test_all_stop_after_the_same_iteration(rank, testing):
    """Also if worker 0 is asked inside of a test, which the others do not take part in."""

    def run(workers):
        signals = ["stop"] if workers.rank == rank else []
        solver = make(workers, more="max_iter: 9", action=lambda: (
            signals.pop() if signals and solver.iter == 3
            and (solver.state.before_tests is not None) == testing else None))
        with solver:
            solver.solve()
            return solver.iter, solver.stopped

    assert together(2, run) == [(3, True)] * 2
    assert Path("snap_iter_3.solverstate").exists()


def test_a_snapshot_is_asked_of_the_first_worker(monkeypatch):
    def run(workers):
        asked = {0: 1, 1: 2}[workers.rank]  # the signal reaches worker 1 a little later
        with make(workers, more="max_iter: 4 snapshot_after_train: false", action=lambda: (
                "snapshot" if solver.iter == asked else None)) as solver:
            solver.solve()

    together(2, run)
    assert sorted(path.name for path in Path().glob("*.solverstate")) == [
        "snap_iter_1.solverstate"]


@pytest.mark.parametrize("seed", [7, -1])
def test_a_resumed_run_equals_an_uninterrupted_one(seed):
    more = "snapshot: 3 max_iter: 7"

    def whole(workers):
        with make(workers, middle=DROPOUT, more=more, seed=seed) as solver:
            solver.solve()
            return numbers(solver)

    def rest(workers):
        with make(workers, middle=DROPOUT, more=more, seed=seed) as solver:
            solver.solve("snap_iter_3.solverstate")
            return numbers(solver)

    for a, b in zip(together(2, whole)[0], together(2, rest)[0], strict=True):
        assert_array_equal(a, b)


def test_positions_are_those_of_all_workers_together():
    """So three may go on with what two have begun."""

    def begin(workers):
        with make(workers) as solver:
            solver.step(2)
            solver.snapshot() if workers.root else None

    def go_on(workers):
        with make(workers, batch=1) as solver:
            solver.restore("snap_iter_2.solverstate")
            solver.net.forward()
            return float(solver.net.blob("x").data[0, 0])

    together(2, begin)
    with make(batch=16 + 3) as alone:
        alone.net.forward()
        following = alone.net.blob("x").data[16:, 0].tolist()
    assert together(3, go_on) == following


def test_one_that_fails_ends_the_others():
    def run(workers):
        with make(workers, more="max_iter: 5") as solver:
            if workers.rank:
                def broken(solver):
                    raise ConfigError("worker one has had enough")

                solver.on_iteration.append(broken)
            solver.solve()

    with pytest.raises(ConfigError, match="had enough"):
        together(2, run)
