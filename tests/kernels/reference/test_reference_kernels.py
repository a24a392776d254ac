"""What the layers' tests cannot see of the reference kernels: orders, sums, chunks, odd values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import random

from caffepy.core.memory import Mover, Place, SyncedMemory, Tensor
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec
from caffepy.kernels.operations.pooling import PoolingSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.reference import ReferenceEngine, convolution
from caffepy.kernels.reference.convolution import Convolution
from caffepy.kernels.reference.depthwise import Depthwise
from caffepy.kernels.reference.stochastic import Stochastic
from caffepy.kernels.reference.windows import Windows

ENGINE = ReferenceEngine()
SHAPE = (2, 3, 4, 5)
HOST, LAST = Place.HOST, Place.HOST_LAST


def tensor(value, mover=None, place=HOST):
    """A tensor that holds ``value`` (an array, or a shape for one not written yet)."""
    shape = value if isinstance(value, tuple) else value.shape
    dtype = "float64" if isinstance(value, tuple) else value.dtype
    result = Tensor(SyncedMemory(int(np.prod(shape)), dtype, mover), shape)
    if not isinstance(value, tuple):
        result.overwrite(place)[...] = value
    return result


def elementwise():
    """Kernels that follow their input's order: (spec, how to run it forward and backward)."""
    relu = ReLUSpec(SHAPE, 0.1, "float64")
    yield relu, lambda k, x, y, dy, dx: (k.forward(x, y), k.backward(x, dy, dx))
    for operation in ("sum", "prod", "max"):
        spec = EltwiseSpec(operation, SHAPE, (1.0, 1.0), dtype="float64")
        yield spec, lambda k, x, y, dy, dx: (
            k.forward([x, x], y), k.backward(0, [x, x], y, dy, dx))
    batch = BatchNormSpec(SHAPE, 1e-5, False, dtype="float64")
    yield batch, lambda k, x, y, dy, dx: (
        k.forward(x, y, np.empty(3), np.empty(3)), k.backward(x, y, dy, dx))


@pytest.mark.parametrize("place", [HOST, LAST])
@pytest.mark.parametrize("spec, run", list(elementwise()))
def test_elementwise_kernels_follow_the_order_of_their_input(spec, run, place):
    mover = Mover()
    x, y, dx = tensor(random(*SHAPE), mover, place), tensor(SHAPE, mover), tensor(SHAPE, mover)
    dy = tensor(random(*SHAPE, seed=3), mover, place)
    run(ENGINE.plan(spec), x, y, dy, dx)
    assert mover.reorders == 0
    assert y.channels_last is dx.channels_last is (place is LAST)

    plain_y, plain_dx = tensor(SHAPE), tensor(SHAPE)
    plain = tensor(random(*SHAPE)), plain_y, tensor(random(*SHAPE, seed=3)), plain_dx
    run(ENGINE.plan(spec), *plain)
    assert_allclose(y.read(HOST), plain_y.read(HOST), rtol=1e-12)
    assert_allclose(dx.read(HOST), plain_dx.read(HOST), rtol=1e-12)


@pytest.mark.parametrize("place", [HOST, LAST])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_concat_follows_the_order_of_its_first_input(axis, place):
    shapes = [tuple(s + more * (a == axis) for a, s in enumerate(SHAPE)) for more in (0, 2, 1)]
    spec = ConcatSpec(tuple(shapes), axis, "float64")
    mover = Mover()
    values = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    whole = tensor(np.concatenate(values, axis).shape, mover)
    ENGINE.plan(spec).join([tensor(v, mover, place) for v in values], whole)
    assert whole.channels_last is (place is LAST)
    parts = [tensor(shapes[0], mover), None, tensor(shapes[2], mover)]
    ENGINE.plan(spec).split(whole, parts)
    assert mover.reorders == 0
    assert_array_equal(whole.read(HOST), np.concatenate(values, axis))
    assert_array_equal(parts[0].read(HOST), values[0])
    assert_array_equal(parts[2].read(HOST), values[2])


def conv_spec(group=1, x=(5, 4, 6, 7), outputs=8, dtype="float64"):
    w = (outputs, x[1] // group, 3, 2)
    return ConvolutionSpec(x, w, (x[0], outputs, 3, 8), (2, 1), (1, 1), (1, 1), group,
                                dtype=dtype)


def run_convolution(kernel, spec):
    """y, dx, dw, db for fixed numbers."""
    x, w, y = (random(*shape, seed=i) for i, shape in enumerate((spec.x, spec.w, spec.y)))
    out, dx = tensor(spec.y), tensor(spec.x)
    dw, db = tensor(spec.w), tensor((spec.w[0],))
    b = tensor(random(spec.w[0], seed=9))
    kernel.forward(tensor(x), tensor(w), b, out)
    kernel.backward_data(tensor(y), tensor(w), dx)
    kernel.backward_weights(tensor(x), tensor(y), dw, db)
    return [t.read(HOST).copy() for t in (out, dx, dw, db)]


@pytest.mark.parametrize("images", [1, 2, 3])
def test_convolution_in_chunks_of_images(images, monkeypatch):
    spec = conv_spec(group=2)
    expected = run_convolution(Convolution(spec, ENGINE), spec)
    # columns of one image: group * (C / group * kernel) * positions, 8 bytes each
    monkeypatch.setattr(convolution, "CHUNK_BYTES", images * 2 * 12 * 24 * 8)
    kernel = Convolution(spec, ENGINE)
    assert kernel.chunk == images
    for got, value in zip(run_convolution(kernel, spec), expected, strict=True):
        assert_allclose(got, value, rtol=1e-12)


@pytest.mark.parametrize("outputs", [4, 8])
def test_depthwise_is_a_convolution(outputs):
    spec = conv_spec(group=4, outputs=outputs)
    kernel = ENGINE.plan(spec)
    assert isinstance(kernel, Depthwise)
    expected = run_convolution(Convolution(spec, ENGINE), spec)
    for got, value in zip(run_convolution(kernel, spec), expected, strict=True):
        assert_allclose(got, value, rtol=1e-10, atol=1e-12)


def test_one_channel_alone_is_left_to_the_gemm():
    assert isinstance(ENGINE.plan(conv_spec(group=1, x=(5, 1, 6, 7))), Convolution)


def weight_kernels():
    dense, deep = conv_spec(), conv_spec(group=4)
    for spec in (dense, deep):
        yield spec, spec.x, spec.y, spec.w
    for transpose in (False, True):
        spec = InnerProductSpec(3, 5, 2, transpose, dtype="float64")
        yield spec, (3, 5), (3, 2), (5, 2) if transpose else (2, 5)


@pytest.mark.parametrize("spec, x, y, w", list(weight_kernels()))
def test_parameter_gradients_add_up(spec, x, y, w):
    kernel, bias = ENGINE.plan(spec), (y[1],)
    xs, dys = tensor(random(*x)), tensor(random(*y, seed=1))
    fresh_w, fresh_b, dw, db = tensor(w), tensor(bias), tensor(w), tensor(bias)
    kernel.backward_weights(xs, dys, fresh_w, fresh_b)
    dw.overwrite(HOST)[...], db.overwrite(HOST)[...] = 2, 3
    kernel.backward_weights(xs, dys, dw, None)
    assert (db.read(HOST) == 3).all()
    kernel.backward_weights(xs, dys, None, db)
    assert_allclose(dw.read(HOST), 2 + fresh_w.read(HOST))
    assert_allclose(db.read(HOST), 3 + fresh_b.read(HOST))


def test_single_precision_stays_single():
    spec = conv_spec(group=4, dtype="float32")
    x, w = random(*spec.x).astype("f4"), random(*spec.w).astype("f4")
    y = Tensor(SyncedMemory(int(np.prod(spec.y)), np.float32), spec.y)
    for kernel in (Convolution(spec, ENGINE), Depthwise(spec, ENGINE)):
        kernel.forward(tensor(x), tensor(w), None, y)
        assert y.read(HOST).dtype == np.float32
    norm = ENGINE.plan(BatchNormSpec(spec.x, 1e-5, False))
    norm.forward(tensor(x), tensor(x), np.empty(4, "f4"), np.empty(4, "f4"))
    assert norm.left.std.dtype == norm.left.mean.dtype == np.float32


@pytest.mark.parametrize("training", [True, False])
def test_the_first_of_equal_maxima_wins_and_not_a_number_never_does(training):
    x = np.array([[1, 1, np.nan, -np.inf], [1, 1, np.nan, -np.inf]])[None, None]
    spec = PoolingSpec("max", x.shape, (1, 1, 1, 2), (2, 2), (2, 2), (0, 0), training,
                            "float64")
    y, dx, mask = tensor(spec.y), tensor(x.shape), tensor(spec.y)
    kernel = ENGINE.plan(spec)
    kernel.forward(tensor(x), y, mask)
    # nothing beats -FLT_MAX in the second window, which the original then reports as index -1
    lowest = -float(np.finfo(np.float32).max)
    assert y.read(HOST).ravel().tolist() == [1, lowest]
    assert mask.read(HOST).ravel().tolist() == [0, -1]
    again = tensor(spec.y)
    kernel.forward(tensor(x), again)
    assert_array_equal(again.read(HOST), y.read(HOST))
    if training:
        kernel.backward(tensor(np.array([5.0, 7]).reshape(spec.y)), dx)
        assert dx.read(HOST).ravel().tolist() == [5, 0, 0, 0, 0, 0, 0, 0]


def test_of_equal_bottoms_the_second_goes_before_the_first():
    shape = (4,)
    spec = EltwiseSpec("max", shape, (1.0,) * 3, dtype="float64")
    xs = [tensor(np.array(v, float)) for v in ([1, 2, 3, 3], [1, 1, 3, 2], [1, 2, 3, 4])]
    y, dy, kernel = tensor(shape), tensor(np.ones(4)), ENGINE.plan(spec)
    kernel.forward(xs, y)
    winners = []
    for index in range(3):
        dx = tensor(shape)
        kernel.backward(index, xs, y, dy, dx)
        winners.append(dx.read(HOST).tolist())
    assert y.read(HOST).tolist() == [1, 2, 3, 4]
    assert winners == [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]


def test_not_a_number_loses_to_the_second_bottom_only():
    nan = np.nan
    spec = EltwiseSpec("max", (4,), (1.0,) * 3, dtype="float64")
    xs = [tensor(np.array(v)) for v in ([nan, 2, 2, nan], [1, nan, 1, 1], [0, 3, nan, 3.0])]
    y = tensor((4,))
    ENGINE.plan(spec).forward(xs, y)
    assert_array_equal(y.read(HOST), [1, nan, 2, 3])


def test_a_cell_of_zero_is_not_drawn_even_by_a_draw_of_zero():
    pooling = Stochastic(np, Windows((2, 2), (2, 2), (0, 0), (1, 1), (1, 1)))
    x = np.array([0.0, 3, 0, 1]).reshape(1, 1, 2, 2)
    drawn = [float(pooling.forward(x, np.full((1, 1, 1, 1), draw))[0, 0, 0, 0])
             for draw in (0, 0.74, 0.76, 0.999)]
    assert drawn == [3, 3, 1, 1]


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_relu_hands_not_a_number_on(slope):
    x = tensor(np.array([np.nan, -2.0, 0.0, 3.0]))
    kernel = ENGINE.plan(ReLUSpec((4,), slope, "float64"))
    kernel.forward(x, x)
    assert_array_equal(x.read(HOST), [np.nan, -2 * slope, 0, 3])


def test_softmax_of_large_numbers_does_not_overflow():
    x = tensor(np.array([[1000.0, 1000, -1000]]))
    ENGINE.plan(SoftmaxSpec((1, 3), 1, "float64")).forward(x, x)
    assert_array_equal(x.read(HOST), [[0.5, 0.5, 0]])
