"""Nets whose passes come from tapes give the same numbers to the bit, in use and in training."""

import numpy as np
import pytest
from core.test_taped import BRANCHES, build
from core.test_turns_numbers import NETS, slim
from fuzz.nets_random import Maker
from turning import TEST, TRAIN, feed, parsed, scatter

from caffepy.core import taped
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.kernels.onednn import pooling
from caffepy.proto import caffe_pb2, text
from caffepy.settings import Settings
from caffepy.solvers.solver import Solver

OPTIMIZED = pytest.mark.parametrize("optimize", [False, True])


def twins(param, phase, optimize=True, **options):
    return [Net(param, phase, optimize=optimize, **options,
                context=Context(seed=5, settings=Settings(graphs=on))) for on in (True, False)]


def step(net, seed, backward, clear=True, rate=0.01):
    """What a training does; all that can be seen of it."""
    feed(net, seed)
    if clear:
        net.clear_param_diffs()
    found = [np.array(net.forward())]
    if backward:
        net.backward()
    found += [values.copy() for _, values, _ in net.outputs()]
    found += [p.blob.diff.copy() for p in net.parameters]
    if backward:
        for parameter in net.parameters:
            parameter.blob.data[...] -= rate * np.clip(parameter.blob.diff, -1, 1)
    if not net.optimize:
        found += [blob.data.copy() for blob in net.blobs.values()]
    return found


def same(nets, *args, **options):
    one, other = (step(net, *args, **options) for net in nets)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@OPTIMIZED
@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize("seed", range(25))
def test_random_nets(seed, phase, optimize, played):
    param = parsed(Maker(seed).text())
    nets = twins(param, phase, optimize)
    backward = phase == TRAIN or param.force_backward
    for batch, count in ((3, taped.WARM_UP * 2 + 4), (2, 2), (3, taped.WARM_UP + 3)):
        for net in nets:
            for name in ("data", "label"):
                net.blobs[name].reshape(batch, *net.blobs[name].shape[1:])
        for k in range(count):
            same(nets, k, backward)
    # statistics that change each time are looked at each time
    assert played or (phase == TEST and backward)


@pytest.mark.parametrize("path", NETS)
def test_published_nets(path, played, monkeypatch):
    monkeypatch.setattr(taped, "WARM_UP", 0)
    for phase in (TRAIN, TEST):
        nets = twins(slim(f"{path}.prototxt"), phase, stages=["test-on-test"])
        for net in nets:
            scatter(net)
        # first it is found out what cannot be taped, forward and then backward
        for k in range(5 if phase == TRAIN else 3):
            same(nets, k, phase == TRAIN, rate=1e-4)
    assert played


@OPTIMIZED
def test_gradients_that_are_added_up(optimize, played):
    nets = twins(parsed("force_backward: true " + BRANCHES), TRAIN, optimize)
    for k in range(4 * taped.WARM_UP + 9):
        same(nets, k, True, clear=k % 3 == 0)  # as with iter_size: 3
    passes = [net.executor._backward.recordings for net in nets]
    assert {*passes[0]} == {(zero,) * len(nets[0].parameters) for zero in (False, True)}
    assert not passes[1]
    del played[:]
    same(nets, 1, True)
    assert len(played) == 4, "in each direction, before Dropout and behind it"


LABEL = (
    'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n'
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }\n')


@pytest.mark.parametrize("settings", [
    "", "iter_size: 2", 'type: "Adam" momentum: 0.9 momentum2: 0.99', "clip_gradients: 0.1"])
def test_trainings(settings, played):
    param = caffe_pb2.SolverParameter()
    text.parse('base_lr: 0.01 lr_policy: "step" gamma: 0.5 stepsize: 5 max_iter: 14 '
               f"snapshot_after_train: false test_interval: 4 test_iter: 5 {settings}", param)
    param.net_param.CopyFrom(parsed(BRANCHES + LABEL))
    found = []
    for on in (True, False):
        context = Context(seed=1, settings=Settings(graphs=on))
        with Solver(param, context=context, optimize=True) as solver:
            for net in (solver.net, *solver.test_nets):
                feed(net)
            del played[:]
            solver.step(12)
            assert bool(played) == on
            found.append([p.blob.data.copy() for p in solver.net.parameters])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_mean_that_is_corrected_after_the_call_is_corrected_from_the_tape(monkeypatch):
    """Were the kernel to work on its array beside the tape, the numbers would show it."""
    net, other = build(), build(on=False)
    monkeypatch.setattr(pooling.Pooling, "_correct", lambda self, means: [
        means.__setitem__(where, means[where] * factor) for where, factor in self.corrections])
    shown = []
    for seed in range(taped.WARM_UP + 3):
        feed(net, seed), feed(other, seed)
        net.forward(), other.forward()
        shown.append(np.array_equal(net.outputs()[0][1], other.outputs()[0][1]))
    assert shown[: taped.WARM_UP + 1] == [True] * (taped.WARM_UP + 1) and not any(
        shown[taped.WARM_UP + 1 :])
