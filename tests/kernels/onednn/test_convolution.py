"""Convolution on oneDNN: all directions against the reference kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.onednn.pairs import ORDERS, blanks, empty, normal, onednn, plans, same, tensor, twins
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.core.memory import Place
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import direct
from caffepy.kernels.operations.convolution import ConvolutionSpec


def spec_of(x, outputs, kernel, stride=(1, 1), pad=(0, 0), dilation=(1, 1), group=1, bias=True):
    out = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(x[2:], kernel, stride, pad, dilation, strict=True)
    ]
    return ConvolutionSpec(x, (outputs, x[1] // group, *kernel), (x[0], outputs, *out),
                           stride, pad, dilation, group, bias)


CASES = {
    "lenet conv1": spec_of((4, 1, 14, 14), 20, (5, 5)),
    "lenet conv2": spec_of((3, 20, 12, 12), 50, (5, 5)),
    "three channels, stride": spec_of((2, 3, 23, 19), 16, (7, 5), (4, 3)),
    "padding beyond what is used": spec_of((2, 3, 8, 8), 5, (3, 3), (2, 2), (1, 1)),
    "group 2": spec_of((2, 12, 9, 9), 8, (3, 3), pad=(1, 1), group=2),
    "depthwise": spec_of((2, 20, 9, 9), 20, (3, 3), pad=(1, 1), group=20),
    "depthwise, two outputs each": spec_of((2, 6, 9, 9), 12, (3, 3), (2, 2), group=6),
    "dilation": spec_of((2, 6, 12, 12), 9, (3, 3), pad=(2, 2), dilation=(2, 2), group=3),
    "1x1": spec_of((2, 20, 7, 7), 50, (1, 1)),
    "1x1, stride": spec_of((2, 20, 7, 8), 50, (1, 1), (2, 3)),
    "1x1, stride that divides": spec_of((2, 20, 6, 9), 50, (1, 1), (2, 3)),
    "1x1, stride, one channel": spec_of((2, 1, 7, 8), 5, (1, 1), (2, 1), bias=False),
    "wide 3x3": spec_of((2, 64, 15, 14), 72, (3, 3), pad=(1, 1)),
    "one pixel": spec_of((3, 20, 1, 1), 50, (1, 1)),
    "one of all": spec_of((1, 1, 3, 3), 1, (1, 1)),
    "no bias": spec_of((2, 5, 6, 6), 7, (3, 3), bias=False),
    "kernel of the input's size": spec_of((2, 5, 6, 6), 7, (6, 6)),
    "flat kernel": spec_of((2, 5, 6, 7), 7, (1, 3), pad=(0, 1)),
}


def compare(spec, order):
    ours, theirs = plans(spec)
    w, x, dy = twins(normal(spec.w, 1)), twins(normal(spec.x, 2), order), twins(
        normal(spec.y, 3), order)
    b = twins(normal((spec.w[0],), 4)) if spec.bias else (None, None)
    y, dx = blanks(spec.y), blanks(spec.x)
    dw, db = (empty(spec.w), empty(spec.w)), (empty(spec.w[:1]), empty(spec.w[:1]))
    for i, kernel in enumerate((ours, theirs)):
        kernel.forward(x[i], w[i], b[i], y[i])
        kernel.backward_data(dy[i], w[i], dx[i])
        for _ in range(2):
            kernel.backward_weights(x[i], dy[i], dw[i], db[i] if spec.bias else None)
    same(y)
    same(dx)
    same(dw)
    if spec.bias:
        same(db)


@pytest.mark.parametrize("order", ORDERS, ids=["C order", "channels-last"])
@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_all_directions_equal_the_reference(spec, order):
    compare(spec, order)


@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_with_relu(spec):
    kernels = plans(spec)
    w, x = twins(normal(spec.w, 1)), twins(normal(spec.x, 2), Place.HOST_LAST)
    b = twins(normal((spec.w[0],), 4)) if spec.bias else (None, None)
    y = blanks(spec.y)
    for i, kernel in enumerate(kernels):
        kernel.forward_relu(x[i], w[i], b[i], y[i])
    same(y)
    assert y[0].read(Place.HOST).min() == 0
    x[0].write(Place.HOST)[0] = np.nan
    kernels[0].forward_relu(x[0], w[0], b[0], y[0])
    assert np.isnan(y[0].read(Place.HOST)).any(), "a net that diverges must show it"


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_with_a_sum(spec, relu):
    kernels = plans(replace(spec, training=False))
    w, x = twins(normal(spec.w, 1)), twins(normal(spec.x, 2), Place.HOST_LAST)
    added = twins(normal(spec.y, 3), Place.HOST_LAST)
    b = twins(normal((spec.w[0],), 4)) if spec.bias else (None, None)
    y = blanks(spec.y)
    for i, kernel in enumerate(kernels):
        kernel.forward_sum(x[i], w[i], b[i], added[i], y[i], relu)
    assert kernels[0].fuses_sum or spec.group > 1  # some have no code for it with AVX2
    same(y)
    assert (y[0].read(Place.HOST).min() == 0) == relu
    for i, kernel in enumerate(kernels):
        here = tensor(normal(spec.y, 3), Place.HOST_LAST)
        kernel.forward_sum(x[i], w[i], b[i], here, here, relu)
        same((here, y[1]))
    added[0].write(Place.HOST)[0] = np.nan
    kernels[0].forward_sum(x[0], w[0], b[0], added[0], y[0], relu)
    assert np.isnan(y[0].read(Place.HOST)[0]).all(), "a net that diverges must show it"


def test_code_that_would_crash_is_not_asked_to_add():
    laid = direct.Laid(onednn().runtime, CASES["wide 3x3"], direct.CHANNELS_LAST)
    adds = {way: direct.Forward(laid, laid.choose(direct.FORWARD, way.split(" ", 1)[1])).adds
            for way in laid.ways(direct.FORWARD)}
    assert len(adds) > 1
    assert adds == {way: not way.endswith("sse41") for way in adds}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_random_shapes_equal_the_reference(data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    group = draw(1, 3)
    kernel, stride, pad, dilation = (
        tuple(draw(low, high) for _ in "hw") for low, high in ((1, 4), (1, 3), (0, 2), (1, 2)))
    sides = [max(1, d * (k - 1) + 1 - 2 * p) + draw(0, 6)
             for k, p, d in zip(kernel, pad, dilation, strict=True)]
    spec = spec_of((draw(1, 3), group * draw(1, 9), *sides), group * draw(1, 9), kernel, stride,
                   pad, dilation, group, data.draw(st.booleans()))
    compare(spec, data.draw(st.sampled_from(ORDERS)))


def test_new_weights_are_noticed():
    spec = CASES["lenet conv2"]
    kernel, reference = plans(spec)
    w, x, y = twins(normal(spec.w)), twins(normal(spec.x, 1)), blanks(spec.y)
    b = tensor(np.zeros(50, np.float32))
    for seed in (5, 6):
        for i, k in enumerate((kernel, reference)):
            w[i].write(Place.HOST)[...] = normal(spec.w, seed)
            k.forward(x[i], w[i], b, y[i])
        same(y)
        for i, k in enumerate((kernel, reference)):
            k.backward_data(y[i], w[i], x[i])
        same(x)


def test_other_weights_of_the_same_version_are_noticed():
    spec = CASES["lenet conv2"]
    kernel, _ = plans(spec)
    x, b = tensor(normal(spec.x)), tensor(np.zeros(50, np.float32))
    outputs = []
    for seed in (5, 6):
        y = empty(spec.y)
        kernel.forward(x, tensor(normal(spec.w, seed)), b, y)
        outputs.append(y.read(Place.HOST))
    assert np.abs(outputs[0] - outputs[1]).max() > 1


def test_weights_are_reordered_once_a_version(monkeypatch):
    spec = CASES["lenet conv2"]
    kernel, _ = plans(spec)
    w, x, b, y = tensor(normal(spec.w)), tensor(normal(spec.x)), tensor(normal((50,))), empty(
        spec.y)
    kernel.forward(x, w, b, y)
    packed = kernel._forward.weights
    count = []
    real = packed.reorder
    monkeypatch.setattr(packed, "reorder", lambda *arrays: (count.append(1), real(*arrays)))
    kernel.forward(x, w, b, y)
    assert len(count) == 0
    w.write(Place.HOST)[...] *= 2
    kernel.forward(x, w, b, y)
    kernel.forward(x, w, b, y)
    assert len(count) == 1


@pytest.mark.parametrize("wanted", [(True, False), (False, True)])
def test_one_of_the_gradients_alone(wanted):
    spec = CASES["lenet conv1"]
    ours, theirs = plans(spec)
    x, dy = twins(normal(spec.x)), twins(normal(spec.y))
    dw, db = (empty(spec.w), empty(spec.w)), (empty((20,)), empty((20,)))
    for i, kernel in enumerate((ours, theirs)):
        kernel.backward_weights(x[i], dy[i], dw[i] if wanted[0] else None,
                                db[i] if wanted[1] else None)
    same(dw if wanted[0] else db)
    assert (db if wanted[0] else dw)[0].is_zero


def test_moved_memory_is_noticed():
    """The same tensor after its memory was allocated anew."""
    spec = CASES["one pixel"]
    kernel, reference = plans(spec)
    w, b = tensor(normal(spec.w)), tensor(normal((50,)))
    x, y = twins(normal(spec.x)), blanks(spec.y)
    kernel.forward(x[0], w, b, y[0])
    for i, k in enumerate((kernel, reference)):
        x[i].reshape((300, 20, 1, 1))
        x[i].reshape(spec.x)
        x[i].overwrite(Place.HOST)[...] = normal(spec.x, 9)
        k.forward(x[i], w, b, y[i])
    same(y)


def test_it_says_what_it_chose():
    detail = onednn().plan(CASES["lenet conv2"]).detail
    assert detail.startswith("forward acdb ")
    assert ", data " in detail and ", weights " in detail
    assert "ref" not in detail


def test_what_it_leaves_to_the_reference():
    flat = ConvolutionSpec((2, 3, 8), (4, 3, 3), (2, 4, 6), (1,), (0,), (1,))
    double = ConvolutionSpec(*(CASES["1x1"].x, CASES["1x1"].w, CASES["1x1"].y), (1, 1), (0, 0),
                             (1, 1), dtype="float64")
    for spec in (flat, double, spec_of((0, 3, 8, 8), 4, (3, 3))):
        with pytest.raises(Unsupported):
            onednn().plan(spec)


def test_results_repeat_to_the_bit():
    spec = CASES["lenet conv2"]
    results = []
    for _ in range(2):
        kernel = onednn().plan(spec)
        dw = empty(spec.w)
        kernel.backward_weights(tensor(normal(spec.x)), tensor(normal(spec.y)), dw, None)
        results.append(dw.read(Place.HOST))
    assert_allclose(results[0], results[1], rtol=0, atol=0)


@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_without_training_forward_alone_is_planned_and_gives_the_same(spec):
    whole = onednn().plan(spec)
    alone = onednn().plan(replace(spec, training=False))
    assert list(getattr(alone, "inner", alone).ways) == ["forward"]
    assert "backward" not in alone.detail and alone.detail.split(", data ")[0] in whole.detail
    x, w, ys = tensor(normal(spec.x, 1)), tensor(normal(spec.w, 2)), blanks(spec.y)
    b = tensor(normal((spec.w[0],), 3)) if spec.bias else None
    for kernel, y in zip((whole, alone), ys, strict=True):
        kernel.forward(x, w, b, y)
    assert_array_equal(*(y.read(Place.HOST) for y in ys))
