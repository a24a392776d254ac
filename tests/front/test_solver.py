"""caffepy's solvers: pycaffe's properties, loop, callbacks, shared weights, snapshots."""

import gc
import weakref

import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import caffepy
from caffepy.errors import CaffeError, ConfigError, NotFound, ShapeError
from caffepy.proto import caffe_pb2

KINDS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")


@pytest.fixture
def solver(tmp_path):
    return caffepy.SGDSolver(pycaffe_nets.solver_file(tmp_path))


def weights(net):
    return np.concatenate([b.data.ravel() for blobs in net.params.values() for b in blobs])


# -- making one ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_get_solver_makes_the_class_that_the_file_names(tmp_path, kind):
    more = f'type: "{kind}"' + (" rms_decay: 0.9" if kind == "RMSProp" else "")
    file = pycaffe_nets.solver_file(tmp_path, more)
    made = caffepy.get_solver(file)
    assert type(made) is getattr(caffepy, f"{kind}Solver")
    assert isinstance(made, caffepy.Solver)
    direct = type(made)(file)
    for one in (made, direct):
        one.step(3)
    assert_array_equal(weights(made.net), weights(direct.net))
    assert made.iter == 3


def test_a_class_trains_by_its_own_rule(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path, 'type: "Adam"')
    sgd = caffepy.SGDSolver(file)
    assert sgd.param.type == "SGD"
    before = weights(sgd.net)
    sgd.step(1)
    moved = np.abs(weights(sgd.net) - before)
    assert not np.allclose(moved, 0.01, rtol=1e-2), "Adam would move by its rate"
    assert type(caffepy.get_solver(pycaffe_nets.solver_file(tmp_path))) is caffepy.SGDSolver


def test_it_can_be_made_of_a_message_and_a_path(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path)
    one = caffepy.get_solver(tmp_path / "solver.prototxt")
    param = caffe_pb2.SolverParameter()
    param.CopyFrom(one.param)
    other = caffepy.get_solver(param)
    assert_array_equal(weights(one.net), weights(other.net))
    assert file in (str(tmp_path / "solver.prototxt"),)


def test_errors_name_the_file(tmp_path):
    with pytest.raises(ConfigError, match=r"solver.prototxt.*Did you mean Adam\?"):
        caffepy.get_solver(pycaffe_nets.solver_file(tmp_path, 'type: "Adm"'))
    with pytest.raises(ConfigError, match="solver.prototxt:4: iter_size"):
        caffepy.AdamSolver(pycaffe_nets.solver_file(tmp_path, "iter_size: 0"))
    with pytest.raises(CaffeError, match="train.prototxt"):
        caffepy.get_solver(pycaffe_nets.solver_file(tmp_path, net="layer {"))
    with pytest.raises(NotFound):
        caffepy.get_solver(str(tmp_path / "none.prototxt"))


# -- looking and training --------------------------------------------------------------------


def test_nets_iter_and_repr(solver):
    assert isinstance(solver.net, caffepy.Net) and solver.net is solver.net
    assert len(solver.test_nets) == 1 and solver.test_nets[0].phase == caffepy.TEST
    assert solver.net.phase == caffepy.TRAIN
    assert (solver.iter, repr(solver)) == (
        0, "<SGDSolver (SGD) of net 'line': iteration 0 of 20, fixed lr from 0.01, 1 test net>")
    solver.step(2)
    assert solver.iter == 2


def test_a_step_is_the_rule_written_out(solver):
    before = weights(solver.net)
    solver.step(1)
    # the parameters' diffs hold what was subtracted
    diffs = np.concatenate([b.diff.ravel() for b in solver.net.params["ip"]])
    assert_allclose(weights(solver.net), before - diffs, rtol=1e-6)
    w, b = before[:3], before[3]
    gradient = w.sum() + b - 6  # of (ip - 6)^2 / 2, for every weight, as all data are 1
    assert_allclose(diffs, 0.01 * gradient, rtol=1e-4)


def test_solve_trains_to_max_iter(solver):
    solver.solve()
    assert solver.iter == 20
    first = solver.net.blobs["loss"].data.copy()
    solver.param.max_iter = 60
    solver.solve()
    assert solver.iter == 60
    assert solver.net.blobs["loss"].data < 0.1 * first


def test_what_param_says_counts_from_the_next_iteration(solver, caplog):
    caplog.set_level("INFO", logger="caffepy")
    assert solver.param.max_iter == 20 and solver.param.layer_wise_reduce
    solver.step(1)
    assert "Iteration" not in caplog.text
    solver.param.display = 1
    solver.param.base_lr = 0
    before = weights(solver.net)
    solver.step(1)
    assert_array_equal(weights(solver.net), before)
    assert "Iteration 1, lr = 0" in caplog.text
    assert solver.lr == 0
    solver.param.max_iter = 5
    solver.solve()
    assert solver.iter == 5


def test_lr_is_that_of_the_coming_update(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path)
    text = (tmp_path / "solver.prototxt").read_text().replace(
        '"fixed"', '"multistep" gamma: 0.1 stepvalue: 2 stepvalue: 4')
    (tmp_path / "solver.prototxt").write_text(text)
    solver = caffepy.SGDSolver(file)
    seen = []
    for _ in range(5):
        seen += [solver.lr, solver.lr]  # looking changes nothing
        solver.step(1)
        assert_allclose(solver.core.rate, seen[-1])
    assert_allclose(seen[::2], [0.01, 0.01, 0.001, 0.001, 0.0001])


def test_a_loop_of_ones_own_equals_step(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path, "momentum: 0.9 weight_decay: 0.01")
    one, other = caffepy.SGDSolver(file), caffepy.SGDSolver(file)
    one.step(4)
    for _ in range(4):
        other.net.clear_param_diffs()
        other.net.forward()
        other.net.backward()
        other.apply_update()
    assert other.iter == 4
    assert_array_equal(weights(one.net), weights(other.net))


def test_test_nets_take_the_weights_on_request(solver):
    net, test = solver.net, solver.test_nets[0]
    assert not np.array_equal(weights(net), weights(test))
    test.share_with(net)
    solver.step(2)
    assert_array_equal(weights(net), weights(test))


# -- callbacks -------------------------------------------------------------------------------


def test_callbacks_see_current_views_and_may_change_them(solver):
    kept = solver.net.params["ip"][0].data
    kept_diff = solver.net.params["ip"][0].diff
    seen = []

    def start():
        seen.append("start")
        assert_array_equal(kept, solver.net.params["ip"][0].data)
        kept[...] = 1

    def ready():
        seen.append("ready")
        bias = solver.net.params["ip"][1].data[0]
        assert_allclose(kept_diff, 3 + bias - 6, rtol=1e-4)
        kept_diff[...] = 100

    solver.add_callback(start, ready)
    solver.step(2)
    assert seen == ["start", "ready"] * 2
    assert_allclose(kept, 1 - 0.01 * 100, atol=1e-6)


def test_an_object_with_both_methods_is_a_callback(solver):
    class Both:
        calls = 0

        def on_start(self):
            self.calls += 1

        def on_gradients_ready(self):
            self.calls += 10

    both = Both()
    solver.add_callback(both)
    solver.step(1)
    assert both.calls == 11
    with pytest.raises(ConfigError, match="two functions"):
        solver.add_callback(lambda: None)


def test_net_callbacks_run_in_a_solvers_steps(solver):
    seen = []
    solver.net.before_forward(lambda i: seen.append(f"forward {i}"))
    solver.net.after_backward(lambda i: seen.append(f"backward {i}"))
    solver.step(1)
    layers = len(solver.net.layers)
    assert seen == [f"forward {i}" for i in range(layers)] + [
        f"backward {i}" for i in reversed(range(layers))]


def test_an_exception_in_a_callback_ends_the_step_and_leaves_the_solver_usable(solver):
    def fail():
        if solver.iter == 1:
            raise KeyError("mine")

    solver.add_callback(lambda: None, fail)
    with pytest.raises(KeyError, match="mine"):
        solver.step(5)
    assert solver.iter == 1
    solver.core.on_gradients.clear()
    solver.step(1)
    assert solver.iter == 2


# -- weights and snapshots -------------------------------------------------------------------


def test_shared_weights_are_trained_where_they_live(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path, "momentum: 0.9")
    net = caffepy.Net(str(tmp_path / "train.prototxt"), caffepy.TRAIN)
    alone = caffepy.SGDSolver(file)
    alone.net.copy_from(net)
    one, other = caffepy.SGDSolver(file), caffepy.SGDSolver(file)
    one.share_weights(net)
    other.share_weights(net)
    kept = net.params["ip"][0].data
    for solver in (one, alone):
        solver.step(2)
    assert_array_equal(weights(one.net), weights(alone.net))
    for each in (net, other.net):
        assert_array_equal(weights(each), weights(one.net))
    assert_array_equal(kept, net.params["ip"][0].data)
    before = weights(net)
    other.step(1)
    assert not np.array_equal(weights(one.net), before)
    assert_array_equal(weights(one.net), weights(other.net))

    wide = caffepy.Net(pycaffe_nets.write(
        tmp_path, "wide.prototxt", pycaffe_nets.TRAIN.replace("num_output: 1", "num_output: 2")
        .replace("dim: 8 dim: 1", "dim: 8 dim: 2")), caffepy.TRAIN)
    with pytest.raises(ShapeError, match="'ip'"):
        one.share_weights(wide)


def test_weights_are_shared_for_large_layers_too(tmp_path):
    """More numbers than an update's chunk, and a layer beside them that is not shared."""
    prototxt = pycaffe_nets.TRAIN.replace("dim: 8 dim: 3", "dim: 8 dim: 70000") + """
        layer { name: "own" type: "InnerProduct" bottom: "data" top: "own"
                inner_product_param { num_output: 1 } }
        layer { name: "loss2" type: "EuclideanLoss" bottom: "own" bottom: "label" top: "l2" }"""
    file = pycaffe_nets.solver_file(tmp_path, "momentum: 0.5 weight_decay: 0.1", prototxt)
    text = (tmp_path / "solver.prototxt").read_text().replace("0.01 lr", "1e-6 lr")
    (tmp_path / "solver.prototxt").write_text(text)
    net = caffepy.Net(pycaffe_nets.write(tmp_path, "n.prototxt", prototxt.replace('"own"', '"x"')),
                      caffepy.TRAIN)
    alone, sharing = caffepy.SGDSolver(file), caffepy.SGDSolver(file)
    alone.net.copy_from(net)
    sharing.share_weights(net)
    for solver in (alone, sharing):
        solver.step(3)
    assert_array_equal(weights(alone.net), weights(sharing.net))
    assert_array_equal(net.params["ip"][0].data, sharing.net.params["ip"][0].data)


def test_snapshot_restore_and_solve_from_a_state(tmp_path):
    file = pycaffe_nets.solver_file(tmp_path, "momentum: 0.9")
    whole = caffepy.SGDSolver(file)
    whole.step(3)
    state = whole.snapshot()
    assert state == str(tmp_path / "snap_iter_3.solverstate")
    whole.solve()
    resumed = caffepy.SGDSolver(file)
    resumed.restore(state)
    assert resumed.iter == 3
    resumed.solve()
    solved = caffepy.SGDSolver(file)
    solved.solve(state)
    for solver in (resumed, solved):
        assert solver.iter == 20
        assert_array_equal(weights(solver.net), weights(whole.net))
    with pytest.raises(NotFound):
        solved.restore(str(tmp_path / "none.solverstate"))


# -- workers ---------------------------------------------------------------------------------


def test_worker_one_neither_tests_nor_writes(tmp_path):
    more = "snapshot: 2 test_interval: 1"
    caffepy.set_solver_count(2)
    caffepy.set_solver_rank(1)
    try:
        file = pycaffe_nets.solver_file(tmp_path, more)
        text = (tmp_path / "solver.prototxt").read_text().replace("test_interval: 1000", "")
        (tmp_path / "solver.prototxt").write_text(text)
        solver = caffepy.SGDSolver(file)
    finally:
        caffepy.set_solver_rank(0)
        caffepy.set_solver_count(1)
    solver.step(4)
    assert not solver.test_nets and not list(tmp_path.glob("snap*"))
    assert (solver.core.context.rank, solver.core.context.size) == (1, 2)


# -- going away ------------------------------------------------------------------------------


def test_a_net_outlives_its_solver_and_both_free_their_memory(tmp_path):
    gc.collect()
    gc.disable()
    try:
        solver = caffepy.AdamSolver(pycaffe_nets.solver_file(tmp_path))
        solver.step(1)
        core = weakref.ref(solver.core)
        memory = weakref.ref(solver.net.params["ip"][0].values.memory)
        net = solver.net
        del solver
        net.forward()
        assert memory() is not None
        del net
        assert memory() is None and core() is None
    finally:
        gc.enable()


def test_with_closes_it(tmp_path):
    with caffepy.SGDSolver(pycaffe_nets.solver_file(tmp_path)) as solver:
        solver.step(1)
    assert solver.net.blobs["loss"].data.shape == ()
