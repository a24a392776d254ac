"""What a recorded step launches, and whether the host waits: on the fake device alone."""

from __future__ import annotations

import gc
import weakref

import fake_cuda
import pytest

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.solvers.solver import create_solver

STEPS = recorder.WARM_UP + 6
SETTINGS = "random_seed: 7 weight_decay: 0.01 momentum: 0.9 "
FIXED = 'base_lr: 0.05 lr_policy: "fixed" '
EXP = 'base_lr: 0.05 lr_policy: "exp" gamma: 0.9 '


@pytest.fixture(autouse=True)
def engines(folder, monkeypatch):
    monkeypatch.delenv("CAFFEPY_ENGINE")


@pytest.fixture
def launched(fake_gpu, monkeypatch):
    """What was launched: graphs, and kernels by name outside of them."""
    graph, found = fake_gpu.cuda.Graph, []
    launch = graph.launch
    monkeypatch.setattr(graph, "launch",
                        lambda self, stream=None: found.append(1) or launch(self, stream))
    return found


@pytest.mark.parametrize("more", ["", "clip_gradients: 0.01"])
def test_a_step_is_two_launches_and_waits_for_nothing(launched, make, more):
    solver = make(EXP + more, settings=SETTINGS,
                  context=Context(0, seed=7))
    solver.step(STEPS)
    del launched[:]
    fake_cuda.counts.reset()
    solver.step(3)
    assert len(launched) == 2 * 3
    assert fake_cuda.counts.syncs == 0
    assert fake_cuda.counts.launches["tell"] == 3, "the rate is another each time"
    assert fake_cuda.counts.launches["sgd_float"] == 3


def test_a_rate_that_stays_is_not_told_again(launched, make):
    solver = make(FIXED, settings=SETTINGS, context=Context(0, seed=7))
    solver.step(STEPS)
    fake_cuda.counts.reset()
    solver.step(3)
    assert "tell" not in fake_cuda.counts.launches


def test_a_scale_adapts_on_the_device(launched, make):
    solver = make(EXP, settings=SETTINGS, context=Context(0, seed=7))
    param = solver.param
    param.net_param.global_grad_scale = 3e38  # with which gradients overflow
    param.net_param.global_grad_scale_adaptive = True
    with create_solver(param, Context(0, seed=7)) as solver:
        solver.step(STEPS)
        del launched[:]
        fake_cuda.counts.reset()
        solver.step(3)
        assert len(launched) == 2 * 3
        assert fake_cuda.counts.syncs == 0
        assert fake_cuda.counts.launches["judge_float"] == 3
        assert solver.state.grad_scale.skipped == 0
        solver.updater.fetch_grad_scale()
        assert solver.state.grad_scale.skipped > 0
        assert fake_cuda.counts.syncs == 1


def test_a_solver_that_is_dropped_lets_go_of_its_memory_at_once(launched, make):
    param = make(FIXED, settings=SETTINGS, context=Context(0, seed=7)).param
    solver = create_solver(param, Context(0, seed=7))
    solver.step(STEPS)
    assert solver.net.executor._backward.recordings
    memory = weakref.ref(solver.net.parameters[0].blob.values.memory)
    gc.collect()
    gc.disable()
    try:
        solver.close()
        del solver
        assert memory() is None
    finally:
        gc.enable()
