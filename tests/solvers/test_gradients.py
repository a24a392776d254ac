"""What becomes of gradients between backward and the update."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.errors import ConfigError
from caffepy.parallel.single import Single

from .conftest import SMALL, values


def test_parameters_that_no_gradient_reaches_only_decay(make):
    """Nobody writes their gradients, which hold the last update: it must not count again."""
    side = SMALL.replace('  layer { name: "loss"', """
      layer { name: "side" type: "InnerProduct" bottom: "x" top: "side" inner_product_param {
        num_output: 2 bias_term: false weight_filler { type: "xavier" } } }
      layer { name: "end" type: "Silence" bottom: "side" }
      layer { name: "loss\"""")
    solver = make(net=side, settings='base_lr: 0.5 lr_policy: "fixed" weight_decay: 0.1 ')
    start = solver.net.params["side"][0].data.copy()
    solver.step(3)
    assert_allclose(solver.net.params["side"][0].data, start * (1 - 0.05) ** 3, 1e-5)


def fixed_net(batch: int) -> str:
    return f"""net_param {{ name: "fixed"
      layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: {batch} dim: 6 }} }} }}
      layer {{ name: "y" type: "Input" top: "y" input_param {{ shape {{ dim: {batch} dim: 2 }} }} }}
      layer {{ name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
        inner_product_param {{ num_output: 2 weight_filler {{ type: "xavier" }} }} }}
      layer {{ name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" }} }} """


def feed(solver, x, y) -> None:
    solver.net.blobs["x"].data[...] = x
    solver.net.blobs["y"].data[...] = y


def test_iter_size_equals_a_bigger_batch(make):
    rows = np.random.default_rng(0).standard_normal((16, 6)).astype(np.float32)
    target = np.ones((16, 2), np.float32)
    settings = 'base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.1 random_seed: 3 '
    whole = make(settings=settings, net=fixed_net(16))
    parts = make("iter_size: 4", settings=settings, net=fixed_net(4))
    for _ in range(3):
        feed(whole, rows, target)
        whole.step(1)
        turn = iter(range(4))
        forward = parts.net.forward

        def next_part(turn=turn, forward=forward):
            i = next(turn)
            feed(parts, rows[4 * i : 4 * i + 4], target[:4])
            return forward()

        parts.net.forward = next_part
        parts.step(1)
        parts.net.forward = forward
        for a, b in zip(values(whole), values(parts), strict=True):
            assert_allclose(a, b, 1e-5, 1e-6)
        assert parts.losses[-1] == pytest.approx(whole.losses[-1], rel=1e-5)


def test_clipping_acts_before_the_division_by_iter_size(make, lines):
    plain, clipped = (make(f"iter_size: 2 {more}", settings='base_lr: 1 lr_policy: "fixed" '
                           "random_seed: 5 ") for more in ("", "clip_gradients: 0.25"))
    start = values(plain)
    for solver in (plain, clipped):
        solver.step(1)
    moved = [[a - b for a, b in zip(start, values(s), strict=True)] for s in (plain, clipped)]
    gradients = [d / m for d, m in zip(moved[1], (1, 2, 1, 1), strict=True)]  # by lr_mult
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    assert norm == pytest.approx(0.25 / 2, rel=1e-4)
    assert_allclose(moved[1][0] / moved[0][0], (moved[1][2] / moved[0][2]).mean(), 1e-3)
    said = [line for line in lines if line.startswith("Gradient clipping")]
    assert len(said) == 1
    assert re.fullmatch(r"Gradient clipping: scaling down gradients \(L2 norm \S+ > 0.25\) by "
                        r"scale factor 0\.\d+", said[0])


def test_kept_views_are_used_and_current(make):
    solver = make()
    weights, grads = (getattr(solver.net.params["ip1"][0], name) for name in ("data", "diff"))
    weights[...] = 0.5
    solver.step(1)
    assert_allclose(weights + grads, 0.5, 1e-5)  # diff is what was subtracted
    assert grads.any()
    before = weights.copy()
    solver.step(1)
    assert_allclose(before - weights, grads, 1e-4, 1e-6)


def test_a_kept_view_of_gradients_does_not_add_old_ones(make):
    kept, plain = make(), make()
    view = kept.net.params["ip2"][0].diff
    for solver in (kept, plain):
        solver.step(4)
    for a, b in zip(values(kept), values(plain), strict=True):
        assert_array_equal(a, b)
    assert view.any()


class Doubling(Single):
    """Stands for two workers whose mean gradient is twice ours."""

    size = 2

    def __init__(self) -> None:
        self.calls: list[str] = []

    def broadcast(self, array, root=0):
        self.calls.append("broadcast")

    def average(self, array):
        self.calls.append("average")
        array *= 2

    def abort(self, error):
        self.calls.append(f"abort: {error}")


def test_gradients_go_through_the_communicator(make):
    settings = 'base_lr: 0.1 lr_policy: "fixed" random_seed: 1 '
    workers = Doubling()
    alone, together = make(settings=settings), make(settings=settings, communicator=workers)
    start = values(alone)
    for solver in (alone, together):
        solver.step(1)
    for before, a, b in zip(start, values(alone), values(together), strict=True):
        assert_allclose(2 * (before - a), before - b, 1e-4, 1e-7)
    assert workers.calls == ["broadcast"] * 4 + ["average"]

    def broken(solver):
        raise ConfigError("broken hook")

    together.on_start.append(broken)
    with pytest.raises(ConfigError, match="broken hook"):
        together.step(1)
    assert workers.calls[-1] == "abort: broken hook"
