"""Adam, AdamW and AMSGrad, step by step as the formulas say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

RATE, M1, M2, DELTA, DECAY = 0.01, 0.5, 0.75, 1e-3, 0.1
SETTINGS = (f'base_lr: {RATE} lr_policy: "fixed" momentum: {M1} momentum2: {M2} delta: {DELTA} '
            f"weight_decay: {DECAY} random_seed: 3 ")
KINDS = {"Adam": "", "AdamW": "", "Adam with amsgrad": "amsgrad: true ",
         "AdamW with amsgrad": "amsgrad: true "}


def settings(kind):
    return f'{SETTINGS}type: "{kind.split()[0]}" {KINDS[kind]}'


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_follows_the_formula(make, kind, optimize):
    solver = make("", settings(kind), optimize=optimize)
    net, grads = solver.net, []
    solver.on_gradients.append(lambda s: grads.append(net.arena.grads.astype(np.float64).copy()))
    w = net.arena.values.astype(np.float64).copy()
    lr, decay = np.empty_like(w), np.empty_like(w)
    for one in net.parameters:
        at = slice(one.offset, one.offset + one.count)
        lr[at], decay[at] = RATE * one.lr_mult, DECAY * one.decay_mult
    m, v, most = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for k in range(1, 5):
        solver.step(1)
        g = grads[-1] + (0 if "W" in kind else decay * w)
        m = M1 * m + (1 - M1) * g
        v = M2 * v + (1 - M2) * g * g
        most = np.maximum(most, v)
        root = np.sqrt(most if "amsgrad" in kind else v)
        step = lr * np.sqrt(1 - M2**k) / (1 - M1**k) * m / (root + DELTA)
        w = w - step - (lr * decay * w if "W" in kind else 0)
        assert_allclose(net.arena.values, w, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("snapshot_format", ["BINARYPROTO", "HDF5"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_ends_with_the_same_bytes(make, folder, kind, snapshot_format):
    more = f"snapshot: 3 snapshot_format: {snapshot_format}"
    whole, resumed = (make(more, settings(kind)) for _ in range(2))
    whole.step(6)
    resumed.restore("snap_iter_3.solverstate" + ".h5" * (snapshot_format == "HDF5"))
    resumed.step(3)
    assert_array_equal(whole.net.arena.values, resumed.net.arena.values)
    for ours, theirs in zip(whole.updater.history_blobs(), resumed.updater.history_blobs(),
                            strict=True):
        assert_array_equal(ours, theirs)


def test_a_decoupled_decay_of_l1_goes_by_the_sign(make):
    more = 'regularization_type: "L1" momentum: 0 momentum2: 0'
    line = settings("AdamW").replace(f"momentum: {M1} momentum2: {M2} ", "")
    solver = make(more, line)
    net, grads = solver.net, []
    solver.on_gradients.append(lambda s: grads.append(net.arena.grads.copy()))
    before = net.arena.values.copy()
    solver.step(1)
    for one in net.parameters:
        at = slice(one.offset, one.offset + one.count)
        g, lr = grads[0][at], RATE * one.lr_mult
        expected = before[at] - lr * (g / (abs(g) + DELTA)
                                      + DECAY * one.decay_mult * np.sign(before[at]))
        assert_allclose(net.arena.values[at], expected, rtol=1e-4, atol=1e-6)
