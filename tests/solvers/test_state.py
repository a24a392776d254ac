"""Where a training is, and its way into a SolverState and back."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose

from caffepy.proto import caffe_pb2
from caffepy.solvers import positions
from caffepy.solvers.state import TrainingState

LAYER = " global_grad_scale: 4 global_grad_scale_adaptive: true }"
TESTED = "average_loss: 3 test_iter: 1 test_interval: 100 test_initialization: false "


@pytest.fixture
def trained(make):
    """A solver on its way, with an adaptive scale of gradients."""
    from solvers.conftest import SMALL

    solver = make(TESTED, net=SMALL.rstrip().removesuffix("}") + LAYER)
    solver.step(5)
    solver.test()
    solver.state.current_step, solver.state.grad_scale.good = 2, 9
    solver.state.minimum_loss, solver.state.last_event = 0.25, 3
    solver.state.best_value, solver.state.best_iter, solver.state.tests_since_best = 0.5, 4, 2
    return solver


def saved(solver):
    return solver.state.to_proto("w.caffemodel", solver.net, solver.test_nets, "a.caffemodel")


def test_there_and_back(trained):
    message = saved(trained)
    expected = {field: getattr(trained.state, field)
                for field in ("iter", "current_step", "seed", "smoothed_loss", "minimum_loss",
                              "last_event", "best_value", "best_iter", "tests_since_best")}
    losses, scale = list(trained.state.losses), trained.state.grad_scale
    where = positions.of([trained.net, *trained.test_nets])
    assert expected["iter"] == 5 and len(losses) == 3 and len(where) == 3
    trained.step(2)
    trained.test()
    scale.value, scale.in_a_row = 1.0, 3
    trained.state.minimum_loss, trained.state.last_event = 0.125, 6
    trained.state.best_value, trained.state.best_iter, trained.state.tests_since_best = 1, 9, 7
    trained.state.from_proto(message, trained.param, trained.net, trained.test_nets)
    assert {field: getattr(trained.state, field) for field in expected} == expected
    assert list(trained.state.losses) == losses
    assert positions.of([trained.net, *trained.test_nets]) == where
    assert (scale.value, scale.good, scale.in_a_row) == (4.0, 9, 0)
    assert saved(trained) == message


def test_every_field_of_a_solver_state_is_filled(trained):
    """But for the histories, which the update rule has."""
    filled = {field.name for field, _ in saved(trained).ListFields()}
    assert filled == {*caffe_pb2.SolverState.DESCRIPTOR.fields_by_name} - {"history"}


def test_while_tests_run_the_positions_before_them_are_kept(trained):
    trained.state.before_tests = before = positions.of(trained.test_nets)
    trained.test_nets[0].forward()
    now = positions.of(trained.test_nets)
    assert before != now
    tests = [s for s in saved(trained).layer_state if s.net == "test 0"]
    assert tests == before
    trained.state.before_tests = None
    assert [s for s in saved(trained).layer_state if s.net == "test 0"] == now


def test_one_of_the_original_has_counts_alone(trained):
    """Readers stay where they are, the mean and the scale begin anew."""
    where = positions.of([trained.net])
    trained.state.grad_scale.value = 64.0
    original = caffe_pb2.SolverState(iter=70, current_step=1, learned_net="w")
    trained.state.from_proto(original, trained.param, trained.net, trained.test_nets)
    state = trained.state
    assert (state.iter, state.current_step, state.smoothed_loss) == (70, 1, 0.0)
    assert not state.losses and state.grad_scale.value == 4.0
    assert positions.of([trained.net]) == where and state.seed == 7


def test_a_seed_that_was_drawn_is_taken_over_and_one_that_is_set_is_not(make, lines):
    message = caffe_pb2.SolverState(iter=1, seed=99)
    for settings, seed in (("random_seed: -1", 99), ("random_seed: 7", 7)):
        solver = make(settings=f'base_lr: 0.1 lr_policy: "fixed" {settings}')
        solver.state.from_proto(message, solver.param, solver.net, [])
        assert solver.state.seed == solver.net.context.seed == seed
    assert [line for line in lines if "was taken with random_seed: 99, not 7" in line]


def test_fewer_losses_than_were_saved_have_a_mean_of_their_own(make):
    solver = make("average_loss: 2")
    message = caffe_pb2.SolverState(iter=4, losses=[1, 2, 3, 5], smoothed_loss=2.75)
    solver.state.from_proto(message, solver.param, solver.net, [])
    assert list(solver.state.losses) == [3, 5] and solver.state.smoothed_loss == 4


def test_running_mean(make):
    state = make("average_loss: 3").state
    means = []
    for loss in (6.0, 3.0, 0.0, 3.0, 9.0):
        state.take_loss(loss)
        means.append(state.smoothed_loss)
    assert_allclose(means, [6, 4.5, 3, 2, 4])
    assert list(state.losses) == [0, 3, 9]


def test_a_training_begins_at_nothing(make):
    solver = make("average_loss: 3")
    state = TrainingState.of(solver.param, solver.net)
    assert (state.iter, state.current_step, state.rate) == (0, 0, solver.param.base_lr)
    assert state.losses.maxlen == 3 and not state.stopped
