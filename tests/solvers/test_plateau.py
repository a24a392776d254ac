"""lr_policy "plateau": the rate falls where the smoothed loss no longer does."""

from __future__ import annotations

from collections import deque

import pytest

from caffepy.solvers import plateau
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.state import TrainingState

SETTINGS = 'lr_policy: "plateau" gamma: 0.5 plateau_winsize: 3 plateau_winsize: 2 base_lr: %g '
CONSTANT = """
net_param { name: "constant"  # a loss of 0 from the first
  layer { name: "data" type: "DummyData" top: "x" top: "y"
    dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
    inner_product_param { num_output: 1 } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" } }
"""


class Losses:
    """A state that is given these smoothed losses, iteration by iteration."""

    def __init__(self, p):
        self.p, self.state = p, TrainingState(None, 0.1, deque(maxlen=1), GradScale())

    def steps(self, losses):
        found = []
        for loss in losses:
            self.state.smoothed_loss = loss
            self.state.current_step = plateau.follow(self.p, self.state)
            found.append(self.state.current_step)
            self.state.iter += 1
        return found


@pytest.fixture
def losses(make):
    return Losses(make("", SETTINGS % 0.1).param)


def test_a_step_comes_so_many_iterations_after_the_last_event(losses):
    # least at 0, 1 and 2; 3 iterations later a step, 2 after that the last one there is
    assert losses.steps([5, 4, 3, 3, 3, 3, 3, 3, 3, 3]) == [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]


def test_a_new_least_loss_puts_it_off(losses):
    assert losses.steps([5, 5, 5, 4, 4, 4, 3, 9, 9, 9]) == [0] * 9 + [1]
    assert losses.state.minimum_loss == 3 and losses.state.last_event == 9


def test_the_rate_and_the_log(make, lines, folder):
    solver = make("max_iter: 40 display: 1", SETTINGS % 0.1, CONSTANT)
    solver.step(12)
    said = [line for line in lines if line.startswith("Plateau Status")]
    assert said == ["Plateau Status: Iteration 0, current minimum_loss = 0",
                    "Plateau Status: Iteration 3, step = 1",
                    "Plateau Status: Iteration 3, current minimum_loss = 0",
                    "Plateau Status: Iteration 5, step = 2",
                    "Plateau Status: Iteration 5, current minimum_loss = 0"]
    assert solver.state.current_step == 2 and solver.state.rate == pytest.approx(0.1 / 4)


def test_a_resumed_run_goes_on_with_what_it_knew(make, folder):
    whole = make("max_iter: 40 snapshot: 4", SETTINGS % 0.1)
    whole.step(9)
    resumed = make("max_iter: 40", SETTINGS % 0.1)
    resumed.restore("snap_iter_4.solverstate")
    assert resumed.state.minimum_loss < 1e9
    resumed.step(5)
    for name in ("minimum_loss", "last_event", "current_step", "rate", "smoothed_loss"):
        assert getattr(resumed.state, name) == getattr(whole.state, name)
