"""Winograd's convolution: matrices, all directions against the reference, rounding, the rule."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.onednn.pairs import blanks, empty, normal, onednn, same, tensor, twins
from kernels.onednn.test_convolution import spec_of

from caffepy.core.memory import Place
from caffepy.kernels.onednn import OneDnnEngine, winograd, winograd_pieces
from caffepy.kernels.onednn.interpolation import MOST, ONE, Tile, best_tile, products
from caffepy.kernels.reference import ReferenceEngine
from caffepy.settings import Settings

TILES = [Tile(m, kernel) for kernel in (3, 5) for m in range(2, MOST - kernel + 2)]
CASES = {
    "whole tiles": spec_of((2, 16, 8, 9), 24, (3, 3), pad=(1, 1)),
    "a tile that is cut": spec_of((3, 8, 11, 7), 16, (3, 3), pad=(1, 1)),
    "no padding": spec_of((2, 20, 12, 12), 50, (5, 5)),
    "more padding": spec_of((2, 9, 10, 6), 10, (5, 5), pad=(4, 3)),
    "group 2": spec_of((2, 32, 9, 8), 16, (3, 3), pad=(1, 1), group=2),
    "group 2, 5 x 5, no bias": spec_of((2, 16, 13, 13), 32, (5, 5), pad=(2, 2), group=2,
                                       bias=False),
    "flat kernel": spec_of((2, 8, 9, 8), 8, (3, 1), pad=(1, 0)),
    "narrow, high kernel": spec_of((2, 8, 9, 8), 8, (5, 3), pad=(2, 1)),
    "one row": spec_of((2, 8, 3, 8), 8, (3, 3)),
    "one picture, one channel": spec_of((1, 1, 9, 9), 1, (3, 3), pad=(1, 1)),
}


class Ways:
    """The three directions of a spec, by Winograd's algorithm whatever the rule says."""

    def __init__(self, spec, runtime=None):
        runtime = runtime or onednn().runtime
        self._forward = winograd.Forward(runtime, spec)
        self.backward_data = winograd.DataGradient(runtime, spec).run
        self.backward_weights = winograd.Weights(runtime, spec).add

    def forward(self, x, w, b, y):
        self._forward.run(x, w, b, y)

    def forward_relu(self, x, w, b, y):
        self._forward.run(x, w, b, y, relu=True)

    def forward_sum(self, x, w, b, added, y, relu):
        self._forward.run(x, w, b, y, relu, added)


def compare(spec, runtime=None):
    kernels = Ways(spec, runtime), ReferenceEngine().plan(spec)
    x, w, dy = (twins(normal(shape, seed), Place.HOST_LAST if seed else Place.HOST)
                for seed, shape in ((1, spec.x), (0, spec.w), (2, spec.y)))
    b = twins(normal(spec.w[:1], 4)) if spec.bias else (None, None)
    added = twins(normal(spec.y, 5), Place.HOST_LAST)
    y, positive, dx = blanks(spec.y), blanks(spec.y), blanks(spec.x)
    sums = blanks(spec.y), blanks(spec.y)
    dw, db = (empty(spec.w), empty(spec.w)), (empty(spec.w[:1]), empty(spec.w[:1]))
    for i, kernel in enumerate(kernels):
        kernel.forward(x[i], w[i], b[i], y[i])
        kernel.forward_relu(x[i], w[i], b[i], positive[i])
        for relu, made in enumerate(sums):
            kernel.forward_sum(x[i], w[i], b[i], added[i], made[i], bool(relu))
        kernel.backward_data(dy[i], w[i], dx[i])
        for _ in range(2):  # the second adds to the first
            kernel.backward_weights(x[i], dy[i], dw[i], db[i] if spec.bias else None)
    here = tensor(normal(spec.y, 5), Place.HOST_LAST)
    kernels[0].forward_sum(x[0], w[0], b[0], here, here, relu=True)
    for pair in (y, positive, *sums, (here, sums[1][1]), dx, dw) + ((db,) if spec.bias else ()):
        same(pair)
    assert positive[0].read(Place.HOST).min() >= 0


# -- the matrices -------------------------------------------------------------------------


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_the_matrices_give_a_correlation(tile):
    generator = np.random.default_rng(0)
    d, g = generator.normal(size=tile.points), generator.normal(size=tile.kernel)
    y = tile.a.T @ ((tile.g @ g) * (tile.bt @ d))
    np.testing.assert_allclose(y, np.correlate(d, g, "valid"), rtol=0, atol=1e-12)


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_what_meets_activations_is_exact_in_float32(tile):
    """Whole numbers and simple fractions; only G, made once an update, has thirds."""
    for matrix in (tile.a, tile.bt):
        exact = [Fraction(float(v)).limit_denominator(64) for v in matrix.ravel()]
        np.testing.assert_allclose(matrix.ravel(), [float(v) for v in exact], rtol=0, atol=1e-12)
        assert all(float(np.float32(float(v))) == v for v in exact)


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_a_bias_at_one_point_is_a_bias_of_all_outputs(tile):
    assert (tile.a[ONE] == 1).all()


def test_tiles_save_products_and_no_larger_one_is_taken_for_little():
    assert best_tile(14, 3).outputs == 5 and best_tile(28, 3).outputs == 4
    assert best_tile(16, 5).outputs == 4 and best_tile(1, 3).outputs == 2
    for rows in range(4, 60):
        for kernel in (3, 5):
            assert products(best_tile(rows, kernel), rows) < rows * kernel


# -- the convolution ----------------------------------------------------------------------


@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_all_directions_equal_the_reference(spec):
    compare(spec)


@pytest.mark.parametrize("rows, piece", [(6, 2**20), (16, 1), (6, 3000)])
def test_in_pieces(rows, piece, monkeypatch):
    """Several parts of a picture, several pictures at a time or one, the last fewer."""
    monkeypatch.setattr(winograd_pieces, "ROWS", rows)
    monkeypatch.setattr(winograd_pieces, "PIECE", piece)
    spec = spec_of((5, 8, 13, 9), 16, (3, 3), pad=(1, 1))
    assert len(winograd.Forward(onednn().runtime, spec)._steps) > 1
    compare(spec)


def test_steps_may_want_the_weights_in_different_orders(monkeypatch):
    """On two threads oneDNN takes smaller blocks for an odd number of rows."""
    monkeypatch.setattr(winograd_pieces, "PIECE", 38000)  # one picture, then two
    runtime = OneDnnEngine(threads=2).runtime
    spec = spec_of((3, 32, 15, 14), 64, (3, 3), pad=(1, 1))
    steps = winograd.Forward(runtime, spec)._steps
    assert [step.source.images for step in steps] == [1, 2]
    if steps[0].chosen.on_avx2:
        pytest.skip("only with AVX-512 they differ")
    assert len(winograd.by_layout(steps)) == 2
    compare(spec, runtime)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_random_shapes_equal_the_reference(data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    group = draw(1, 2)
    kernel = data.draw(st.sampled_from([3, 5])), draw(1, 5)
    pad = draw(0, kernel[0] - 1), draw(0, kernel[1] - 1)
    sides = [max(1, k - 2 * p) + draw(0, 14) for k, p in zip(kernel, pad, strict=True)]
    spec = spec_of((draw(1, 4), group * draw(1, 17), *sides), group * draw(1, 17), kernel,
                   pad=pad, group=group, bias=data.draw(st.booleans()))
    assert winograd.applies(spec)
    compare(spec)


def test_new_weights_are_noticed():
    spec = CASES["whole tiles"]
    kernel, reference = Ways(spec), ReferenceEngine().plan(spec)
    w, x, y, dx = twins(normal(spec.w)), twins(normal(spec.x)), blanks(spec.y), blanks(spec.x)
    b = tensor(np.zeros(24, np.float32))
    for seed in (5, 6):
        for i, k in enumerate((kernel, reference)):
            w[i].write(Place.HOST)[...] = normal(spec.w, seed)
            k.forward(x[i], w[i], b, y[i])
            k.backward_data(y[i], w[i], dx[i])
        same(y)
        same(dx)


def test_relu_lets_through_what_is_no_number():
    spec = CASES["whole tiles"]
    x, y = normal(spec.x), empty(spec.y)
    x[0, 0, 0, 0] = np.nan
    Ways(spec).forward_relu(tensor(x), tensor(normal(spec.w)), tensor(normal((24,))), y)
    assert np.isnan(y.read(Place.HOST)[0]).any() and not np.isnan(y.read(Place.HOST)[1]).any()


@pytest.mark.parametrize("wanted", [(True, False), (False, True)])
def test_one_of_the_gradients_alone(wanted):
    spec = CASES["whole tiles"]
    x, dy, dw, db = tensor(normal(spec.x)), tensor(normal(spec.y)), empty(spec.w), empty((24,))
    Ways(spec).backward_weights(x, dy, dw if wanted[0] else None, db if wanted[1] else None)
    assert (dw.is_zero, db.is_zero) == (not wanted[0], not wanted[1])


@pytest.mark.parametrize("side, channels, kernel", [(16, 64, 3), (16, 64, 5), (14, 256, 3)])
def test_rounding_errors_stay_near_the_direct_ones(side, channels, kernel):
    """Root mean squares, against float64: what interpolation.py says."""
    half = kernel // 2
    spec = spec_of((2, channels, side, side), 32, (kernel, kernel), pad=(half, half), bias=False)
    x, w = np.maximum(normal(spec.x), 0), normal(spec.w, 1)
    direct, transformed = blanks(spec.y)
    directly().plan(spec).forward(tensor(x), tensor(w), None, direct)
    Ways(spec).forward(tensor(x), tensor(w), None, transformed)
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), (half, half), (half, half)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (2, 3))
    exact = np.einsum("nchwij,ocij->nohw", windows, w.astype(np.float64), optimize=True)
    errors = [np.sqrt(np.mean((t.read(Place.HOST) - exact) ** 2)) for t in (direct, transformed)]
    assert 0 < errors[1] < 4 * errors[0]
    assert errors[1] < 3e-6 * exact.std()


# -- when ---------------------------------------------------------------------------------


FORWARD, DATA, WEIGHTS = "forward", "backward_data", "backward_weights"


@pytest.mark.parametrize("spec, wide, narrow", [  # with AVX-512 and with AVX2
    (spec_of((64, 20, 12, 12), 50, (5, 5)), [DATA], [FORWARD, DATA]),
    (spec_of((100, 32, 16, 16), 32, (5, 5), pad=(2, 2)), *[[FORWARD, DATA, WEIGHTS]] * 2),
    (spec_of((8, 64, 56, 56), 64, (3, 3), pad=(1, 1)), *[[FORWARD, DATA, WEIGHTS]] * 2),
    (spec_of((1, 128, 28, 28), 128, (3, 3), pad=(1, 1)), [DATA], [FORWARD, DATA, WEIGHTS]),
    (spec_of((1, 64, 56, 56), 192, (3, 3), pad=(1, 1)), *[[FORWARD, DATA, WEIGHTS]] * 2),
    # too few pixels
    (spec_of((1, 256, 14, 14), 256, (3, 3), pad=(1, 1)), [], []),
    (spec_of((4, 256, 13, 13), 384, (3, 3), pad=(1, 1)), *[[FORWARD, DATA, WEIGHTS]] * 2),
    (spec_of((10, 512, 14, 14), 512, (3, 3), pad=(1, 1)), *[[FORWARD, DATA, WEIGHTS]] * 2),
    # too many weights for these
    (spec_of((32, 512, 7, 7), 512, (3, 3), pad=(1, 1)), [], []),
    (spec_of((1, 512, 14, 14), 512, (3, 3), pad=(1, 1)), [], []),
    # much to mix and little to multiply, however many pictures
    (spec_of((32, 16, 55, 55), 64, (3, 3), pad=(1, 1)), [], []),
    (spec_of((10, 32, 27, 27), 128, (3, 3), pad=(1, 1)), [], [FORWARD, DATA]),
    # little to do
    (spec_of((1, 64, 13, 13), 256, (3, 3), pad=(1, 1)), [], []),
    (spec_of((2, 64, 13, 13), 256, (3, 3), pad=(1, 1)), [], [FORWARD, DATA]),
    (spec_of((8, 64, 56, 56), 64, (3, 3), (2, 2), pad=(1, 1)), [], []),
    (spec_of((8, 64, 56, 56), 64, (3, 3), pad=(2, 2), dilation=(2, 2)), [], []),
    (spec_of((8, 64, 56, 56), 64, (3, 3), pad=(1, 1), group=64), [], []),
    (spec_of((8, 3, 56, 56), 64, (3, 3), pad=(1, 1)), [], []),
    (spec_of((8, 64, 56, 56), 64, (1, 1)), [], []),
])
def test_the_rule(spec, wide, narrow):
    assert winograd.rule(spec, on_avx2=False) == wide
    assert winograd.rule(spec, on_avx2=True) == narrow
    kernel = onednn().plan(spec)
    on_avx2 = kernel._in("channels-last").choose(FORWARD).on_avx2
    assert [direction for direction, way in kernel.ways.items() if way == winograd.WAY] == (
        narrow if on_avx2 else wide)


def directly():
    """An engine that is not to transform."""
    engine = OneDnnEngine()
    engine.settings = Settings(winograd=False)
    return engine


def test_it_can_be_turned_off():
    kernel = directly().plan(spec_of((64, 20, 12, 12), 50, (5, 5)))
    assert winograd.WAY not in kernel.ways.values()
    assert all(winograd.WAY not in names for names in kernel.candidates().values())


def test_it_says_what_runs():
    detail = onednn().plan(spec_of((100, 20, 16, 16), 50, (5, 5))).detail
    assert detail.count("winograd 4 of 5 ") == 3
