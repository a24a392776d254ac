from __future__ import annotations

import math

import pytest
from google.protobuf import text_format

from caffepy.errors import ConfigError, NumericError
from caffepy.proto import caffe_pb2
from caffepy.solvers import rate


def solver(line: str) -> caffe_pb2.SolverParameter:
    return text_format.Parse(line, caffe_pb2.SolverParameter())


def rates(line: str, iterations: list[int]) -> list[float]:
    p, step, found = solver("base_lr: 0.1 " + line), 0, {}
    rate.check(p)
    for i in range(max(iterations) + 1):
        step = rate.steps_taken(p, i, step)
        found[i] = rate.rate(p, i, step)
    return [found[i] for i in iterations]


@pytest.mark.parametrize("line, iterations, expected", [
    ('lr_policy: "fixed"', [0, 99], [0.1, 0.1]),
    ('lr_policy: "step" gamma: 0.5 stepsize: 3', [0, 2, 3, 6], [0.1, 0.1, 0.05, 0.025]),
    ('lr_policy: "exp" gamma: 0.5', [0, 1, 3], [0.1, 0.05, 0.0125]),
    ('lr_policy: "inv" gamma: 1 power: 2', [0, 1, 3], [0.1, 0.025, 0.00625]),
    ('lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 4', [1, 2, 3, 4, 9],
     [0.1, 0.05, 0.05, 0.025, 0.025]),
    ('lr_policy: "poly" power: 2 max_iter: 10', [0, 5, 10], [0.1, 0.025, 0]),
    ('lr_policy: "sigmoid" gamma: 2 stepsize: 4', [4, 0], [0.05, 0.1 / (1 + math.exp(8))]),
    ('lr_policy: "poly" power: 2 max_iter: 10 min_lr: 0.02', [0, 5, 10], [0.1, 0.04, 0.02]),
    ('lr_policy: "step" gamma: 0.1 stepsize: 3 min_lr: 0.005', [0, 3, 6, 99],
     [0.1, 0.01, 0.005, 0.005]),
    # the stage whose last iteration it is, too; beyond all of them the last
    ('lr_policy: "multifixed" stagelr: [0.3, 0.2, 0.1] stageiter: [2, 5, 6]', [0, 2, 3, 5, 6, 99],
     [0.3, 0.3, 0.2, 0.2, 0.1, 0.1]),
    ('lr_policy: "cosine" max_iter: 8', [0, 2, 4, 8],
     [0.1, 0.05 * (1 + math.sqrt(0.5)), 0.05, 0.1]),
    ('lr_policy: "cosine" stepsize: 4 min_lr: 0.02', [0, 2, 4, 6], [0.1, 0.06, 0.1, 0.06]),
    # periods 0 to 3, 4 to 11, 12 to 27
    ('lr_policy: "cosine" stepsize: 4 restart_mult: 2', [2, 4, 8, 12, 20, 27],
     [0.05, 0.1, 0.05, 0.1, 0.05, 0.05 * (1 + math.cos(math.pi * 15 / 16))]),
])
def test_policies(line, iterations, expected):
    assert rates(line, iterations) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("climb, iterations, expected", [
    ("rampup_interval: 4 rampup_lr: 0.02", [0, 1, 2, 3, 4],
     [0.02, 0.02 + 0.08 / 16, 0.02 + 0.08 / 4, 0.02 + 0.08 * 9 / 16, 0.1]),
    ("rampup_interval: 4", [0, 2, 4], [0, 0.025, 0.1]),
    ("warmup_iter: 4 warmup_start_lr: 0.02", [0, 1, 3, 4], [0.02, 0.04, 0.08, 0.1]),
    ("warmup_iter: 4", [0, 1, 4], [0, 0.025, 0.1]),
    ("warmup_iter: 4 min_lr: 0.01", [0, 1], [0.01, 0.025]),
])
def test_a_climb_before_the_policy(climb, iterations, expected):
    assert rates('lr_policy: "fixed" ' + climb, iterations) == pytest.approx(expected)


def test_a_climb_counts_no_stepvalue():
    """What came meanwhile counts after it, one an iteration."""
    line = 'lr_policy: "multistep" gamma: 0.5 stepvalue: [1, 2, 7] warmup_iter: 4'
    assert rates(line, [3, 4, 5, 6, 7]) == pytest.approx([0.075, 0.05, 0.025, 0.025, 0.0125])
    assert rate.reached(solver(line)) == [4, 5, 7]


def test_a_policy_goes_by_the_iteration_whatever_climbed():
    assert rates('lr_policy: "poly" power: 1 max_iter: 10 warmup_iter: 4', [4]) == [
        pytest.approx(0.06)]


@pytest.mark.parametrize("policy, values", [("poly", [-0.1, -0.05]), ("cosine", [-0.1, -0.05])])
def test_rates_below_zero_are_no_matter_of_a_min_lr_that_is_not_given(policy, values):
    """The original climbs the loss then."""
    p = solver(f'lr_policy: "{policy}" base_lr: -0.1 power: 1 max_iter: 10')
    rate.check(p)
    assert [rate.rate(p, i, 0) for i in (0, 5)] == pytest.approx(values)


def test_doubled_stepvalue_counts_one_iteration_later():
    """As in the original, which takes one step per iteration."""
    line = 'lr_policy: "multistep" gamma: 0.1 stepvalue: 2 stepvalue: 2'
    assert rates(line, [1, 2, 3]) == pytest.approx([0.1, 0.01, 0.001])


@pytest.mark.parametrize("line, words", [
    ('lr_policy: "stpe"', "Unknown learning rate policy: stpe.*Did you mean step?"),
    ("", "lr_policy is not set"),
    ('lr_policy: "step"', "stepsize must be positive"),
    ('lr_policy: "step" stepsize: 2 gamma: -1', 'gamma must not be negative with .* "step"'),
    ('lr_policy: "multistep" gamma: -1', 'gamma must not be negative with .* "multistep"'),
    ('lr_policy: "exp" gamma: -1', "gamma must not be negative"),
    ('lr_policy: "inv" gamma: -1 power: 1', "gamma must not be negative"),
    ('lr_policy: "sigmoid" gamma: -1 stepsize: 1', "gamma must not be negative"),
    ('lr_policy: "sigmoid" gamma: 1', "stepsize must be positive .*found not set"),
    ('lr_policy: "sigmoid" gamma: 1 stepsize: -3', "stepsize must be positive .*found -3"),
    ('lr_policy: "poly" power: 1', "max_iter must be positive"),
    ('lr_policy: "multifixed"', "needs a stageiter for each stagelr .*found 0 stagelr"),
    ('lr_policy: "multifixed" stagelr: 1 stageiter: [1, 2]', "found 1 stagelr, 2 stageiter"),
    ('lr_policy: "plateau" gamma: 0.1', "needs plateau_winsize"),
    ('lr_policy: "plateau" gamma: -1 plateau_winsize: 3', "gamma must not be negative"),
    ('lr_policy: "cosine"', "needs a period"),
    ('lr_policy: "cosine" stepsize: -1', "needs a period"),
    ('lr_policy: "cosine" max_iter: 9 restart_mult: 0.5', "restart_mult must be at least 1"),
    ('lr_policy: "fixed" min_lr: -0.1', "min_lr lies between 0 and base_lr"),
    ('lr_policy: "cosine" base_lr: 0.1 min_lr: 0.2 max_iter: 9', "min_lr lies between 0 and"),
    ('lr_policy: "fixed" warmup_iter: 3 rampup_interval: 3', "not by both"),
    ('lr_policy: "fixed" warmup_iter: -1', "warmup_iter must not be negative"),
    ('lr_policy: "fixed" rampup_interval: 2 rampup_lr: -1', "rampup_lr must not be negative"),
])
def test_refused(line, words):
    with pytest.raises(ConfigError, match=words):
        rate.check(solver(line))


@pytest.mark.parametrize("line, iteration", [
    ('lr_policy: "exp" gamma: 2', 5000),
    ('lr_policy: "poly" power: 0.5 max_iter: 10', 11),
    ('lr_policy: "inv" gamma: -1 power: 1', 1),
])
def test_rate_that_is_no_number(line, iteration):
    p = solver("base_lr: 1 " + line)
    with pytest.raises(NumericError, match=f"iteration {iteration}"):
        rate.rate(p, iteration, 0)


def test_sigmoid_far_away_is_zero_and_not_an_error():
    p = solver('base_lr: 1 lr_policy: "sigmoid" gamma: 10 stepsize: 10000')
    assert rate.rate(p, 0, 0) == 0


@pytest.mark.parametrize("values, at", [
    ([], []), ([2, 4], [2, 4]), ([4, 2], [4, 5]), ([2, 2, 3], [2, 3, 4]), ([-1, 0], [0, 1]),
])
def test_when_steps_count(values, at):
    p = solver(f'lr_policy: "multistep" stepvalue: {values}')
    assert rate.reached(p) == at
    step, taken = 0, []
    for iteration in range(8):
        before, step = step, rate.steps_taken(p, iteration, step)
        taken += [iteration] * (step - before)
    assert taken == at
