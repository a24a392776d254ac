import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

FILL = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(param):
    return f'type: "Deconvolution" convolution_param {{ num_output: 4 {FILL} {param} }}'


def paint(x, w, b, stride, pad, dilation, group):
    """Each input cell adds its kernel, times its value, to the output."""
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    size = [s * (n - 1) + r for s, n, r in zip(stride, x.shape[2:], reach, strict=True)]
    outputs, inputs = w.shape[1], x.shape[1] // group
    y = np.zeros((len(x), outputs * group, *size))
    for n, c, *position in np.ndindex(*x.shape):
        first = c // inputs * outputs
        cells = tuple(slice(i * s, i * s + r, d) for i, s, r, d in
                      zip(position, stride, reach, dilation, strict=True))
        y[(n, slice(first, first + outputs), *cells)] += x[(n, c, *position)] * w[c]
    inner = tuple(slice(p, n - p) for p, n in zip(pad, size, strict=True))
    return y[(..., *inner)] + (0 if b is None else b.reshape(-1, *[1] * len(size)))


@pytest.mark.parametrize("shape, param, stride, pad, dilation, group", [
    ((2, 3, 4, 3), "kernel_size: 3", (1, 1), (0, 0), (1, 1), 1),
    ((2, 3, 4, 3), "kernel_size: 4 stride: 2 pad: 1", (2, 2), (1, 1), (1, 1), 1),
    ((2, 3, 4, 3), "kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 3 bias_term: false",
     (1, 3), (0, 0), (1, 1), 1),
    ((2, 4, 4, 3), "kernel_size: 2 dilation: 2 group: 2", (1, 1), (0, 0), (2, 2), 2),
    ((2, 4, 4, 3), "kernel_size: 4 stride: 2 pad: 1 group: 4", (2, 2), (1, 1), (1, 1), 4),
    ((2, 3, 4), "kernel_size: 3 stride: 2", (2,), (0,), (1,), 1),
    ((1, 2, 2, 3, 2), "kernel_size: 2", (1,) * 3, (0,) * 3, (1,) * 3, 1),
])
def test_deconvolution(shape, param, stride, pad, dilation, group):
    x = random(*shape)
    layer, bottom, top = build(line(param), x)
    layer.forward(bottom, top)
    w = layer.blobs[0].data
    b = layer.blobs[1].data if layer.p.bias_term else None
    assert w.shape[:2] == (shape[1], 4 // group)
    expected = paint(x, w, b, stride, pad, dilation, group)
    assert_allclose(top[0].data, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape, param", [
    ((2, 2, 3, 3), "kernel_size: 3 stride: 2 pad: 1"),
    ((1, 4, 3, 3), "kernel_size: 2 group: 4 bias_term: false"),
    ((1, 2, 2, 3), "kernel_size: 2 dilation: 2 group: 2"),
    ((2, 2, 4), "kernel_size: 3"),
    ((2, 2, 3, 2), "kernel_size: 1 stride: 2"),
    ((1, 2, 2, 3), "kernel_size: 2 axis: 2"),
])
def test_gradient(shape, param):
    check_gradient(line(param), shape)


def test_several_bottoms_share_the_weights():
    check_gradient(line("kernel_size: 2"), (1, 2, 3, 3), (1, 2, 3, 3))


def test_bilinear_weights_enlarge_a_picture():
    layer, bottom, top = build(
        'type: "Deconvolution" convolution_param { num_output: 2 group: 2 kernel_size: 4 '
        'stride: 2 pad: 1 bias_term: false weight_filler { type: "bilinear" } }',
        np.ones((1, 2, 4, 4)))
    layer.forward(bottom, top)
    assert top[0].shape == (1, 2, 8, 8)
    assert_allclose(top[0].data[:, :, 1:-1, 1:-1], 1)


def test_parameters_that_do_not_learn_get_no_gradient():
    layer, bottom, top = build(line("kernel_size: 3"), (1, 3, 4, 4))
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    for wanted in ([False, True], [True, False]):
        layer.param_propagate_down = wanted
        for blob in layer.blobs:
            blob.grads.zero()
        layer.backward(top, [False], bottom)
        assert [not blob.grads.is_zero for blob in layer.blobs] == wanted


@pytest.mark.parametrize("param, shape, message", [
    ("kernel_size: 3 pad: 2", (1, 2, 1, 1), "padding takes the whole output away"),
    ("kernel_size: 3 group: 3", (1, 3, 2, 2), "multiples of group.*num_output 4"),
    ("kernel_size: 3 stride: 0", (1, 2, 2, 2), "stride must be at least 1"),
])
def test_bad_parameters(param, shape, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(param), shape)
