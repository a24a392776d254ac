import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

FILL = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(param):
    return f'type: "Convolution" convolution_param {{ num_output: 4 {FILL} {param} }}'


def convolve(x, w, b, stride, pad, dilation, group):
    """The sum written out: one output number at a time."""
    padded = np.pad(x, [(0, 0), (0, 0)] + [(p, p) for p in pad])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    out = [(n - r) // s + 1 for n, r, s in zip(padded.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(x), len(w), *out))
    inputs, outputs = x.shape[1] // group, len(w) // group
    for n, o, *position in np.ndindex(*y.shape):
        first = o // outputs * inputs
        cells = tuple(slice(i * s, i * s + r, d) for i, s, r, d in
                      zip(position, stride, reach, dilation, strict=True))
        patch = padded[(n, slice(first, first + inputs), *cells)]
        y[(n, o, *position)] = (patch * w[o]).sum() + (0 if b is None else b[o])
    return y


@pytest.mark.parametrize("shape, param, stride, pad, dilation, group", [
    ((2, 3, 5, 6), "kernel_size: 3", (1, 1), (0, 0), (1, 1), 1),
    ((2, 3, 5, 6), "kernel_size: 3 stride: 2 pad: 1", (2, 2), (1, 1), (1, 1), 1),
    ((2, 3, 5, 6), "kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 1",
     (1, 2), (0, 1), (1, 1), 1),
    ((2, 3, 5, 6), "kernel_size: 2 kernel_size: 3 pad: 1 pad: 0", (1, 1), (1, 0), (1, 1), 1),
    ((2, 3, 6, 6), "kernel_size: 2 dilation: 2 dilation: 3", (1, 1), (0, 0), (2, 3), 1),
    ((2, 4, 5, 5), "kernel_size: 3 group: 2 bias_term: false", (1, 1), (0, 0), (1, 1), 2),
    ((2, 4, 5, 5), "kernel_size: 3 group: 4 stride: 2 pad: 1", (2, 2), (1, 1), (1, 1), 4),
    ((2, 2, 5, 5), "kernel_size: 3 group: 2", (1, 1), (0, 0), (1, 1), 2),
    ((2, 3, 4, 4), "kernel_size: 1", (1, 1), (0, 0), (1, 1), 1),
    ((2, 3, 8), "kernel_size: 3 stride: 2", (2,), (0,), (1,), 1),
    ((2, 2, 3, 4, 3), "kernel_size: 2 pad: 1 stride: 2", (2,) * 3, (1,) * 3, (1,) * 3, 1),
    ((2, 3, 5, 6), "kernel_size: 3 engine: CAFFE force_nd_im2col: true",
     (1, 1), (0, 0), (1, 1), 1),
])
def test_convolution(shape, param, stride, pad, dilation, group):
    x = random(*shape)
    layer, bottom, top = build(line(param), x)
    layer.forward(bottom, top)
    w = layer.blobs[0].data
    b = layer.blobs[1].data if layer.p.bias_term else None
    assert w.shape[:2] == (4, shape[1] // group)
    expected = convolve(x, w, b, stride, pad, dilation, group)
    assert_allclose(top[0].data, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape, param", [
    ((2, 3, 4, 4), "kernel_size: 3 stride: 2 pad: 1"),
    ((2, 3, 4, 4), "kernel_size: 1 bias_term: false"),
    ((1, 2, 5, 5), "kernel_size: 2 dilation: 2 group: 2"),
    ((1, 4, 4, 4), "kernel_size: 3 group: 4 pad: 1"),
    ((2, 2, 6), "kernel_size: 3"),
    ((2, 2, 5, 4), "kernel_size: 1 stride: 2"),
    ((2, 1, 3, 3), "kernel_size: 2 kernel_size: 3 axis: -3"),
])
def test_gradient(shape, param):
    check_gradient(line(param), shape)


def test_sobel_finds_edges():
    layer, bottom, top = build('type: "Convolution" convolution_param { num_output: 1 '
                               'kernel_size: 3 bias_term: false }', random(1, 1, 6, 7))
    sobel = np.outer([1, 2, 1], [-1, 0, 1])
    layer.blobs[0].data[...] = sobel
    x = bottom[0].data
    layer.forward(bottom, top)
    smooth = x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]
    assert_allclose(top[0].data, smooth[..., 2:] - smooth[..., :-2], rtol=1e-4, atol=1e-5)


def test_several_bottoms_share_the_weights():
    xs = random(2, 3, 4, 4), random(2, 3, 4, 4, seed=5)
    layer, bottom, top = build(line("kernel_size: 3"), *xs)
    layer.forward(bottom, top)
    assert len(layer.blobs) == 2
    for x, y in zip(xs, top, strict=True):
        w, b = (blob.data for blob in layer.blobs)
        expected = convolve(x, w, b, (1, 1), (0, 0), (1, 1), 1)
        assert_allclose(y.data, expected, rtol=1e-4, atol=1e-5)
    check_gradient(line("kernel_size: 3"), *xs)


def test_axes_before_the_channels_count_as_images():
    x = random(2, 3, 4, 5)  # 2 x 3 images of 4 channels with one spatial axis
    layer, bottom, top = build(line("kernel_size: 2 axis: 2"), x)
    layer.forward(bottom, top)
    w, b = (blob.data for blob in layer.blobs)
    expected = convolve(x.reshape(6, 4, 5), w, b, (1,), (0,), (1,), 1)
    assert top[0].shape == (2, 3, 4, 4)
    assert_allclose(top[0].data, expected.reshape(2, 3, 4, 4), rtol=1e-4, atol=1e-5)
    check_gradient(line("kernel_size: 2 axis: 2"), (1, 2, 2, 4))


def test_parameters_that_do_not_learn_get_no_gradient():
    layer, bottom, top = build(line("kernel_size: 3"), (1, 3, 4, 4))
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    for wanted in ([False, True], [False, False]):
        layer.param_propagate_down = wanted
        for blob in layer.blobs:
            blob.grads.zero()
        layer.backward(top, [False], bottom)
        assert [not blob.grads.is_zero for blob in layer.blobs] == wanted
        assert bottom[0].grads.is_zero


@pytest.mark.parametrize("param, shape, message", [
    ("", (2, 3, 5, 5), "kernel_size must be given once, or once per spatial axis"),
    ("kernel_size: 3 kernel_h: 3 kernel_w: 3", (2, 3, 5, 5), "either kernel_size or kernel_h"),
    ("kernel_h: 3", (2, 3, 5, 5), r"at least 1 on every axis.*\(3, 0\).*both kernel_h and"),
    ("kernel_size: 0", (2, 3, 5, 5), "kernel_size must be at least 1"),
    ("kernel_size: 3 stride: 0", (2, 3, 5, 5), "stride must be at least 1"),
    ("kernel_size: 3 dilation: 0", (2, 3, 5, 5), "dilation must be at least 1"),
    ("kernel_size: 3 stride_h: 2", (2, 3, 5, 5), "stride must be at least 1"),
    ("kernel_size: 3 kernel_size: 3 kernel_size: 3", (2, 3, 5, 5), "3 times for 2 spatial axes"),
    ("kernel_h: 3 kernel_w: 3", (2, 3, 5), "are for two spatial axes.*1 spatial"),
    ("kernel_size: 6", (2, 3, 5, 5), "kernel is larger than the padded input"),
    ("kernel_size: 3 dilation: 3", (2, 3, 5, 5), "kernel is larger than the padded input"),
    ("kernel_size: 3 group: 2", (2, 3, 5, 5), "multiples of group.*3 channels"),
    ("kernel_size: 3 group: 3", (2, 3, 5, 5), "multiples of group.*num_output 4"),
    ("kernel_size: 3 group: 0", (2, 3, 5, 5), "multiples of group"),
    ("kernel_size: 3 axis: 4", (2, 3, 5, 5), "layer 'layer' .*axis 4 does not exist"),
])
def test_bad_parameters(param, shape, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(param), shape)


def test_num_output_is_needed():
    with pytest.raises(ConfigError, match="num_output must be at least 1"):
        build('type: "Convolution" convolution_param { kernel_size: 3 }', (2, 3, 5, 5))


def test_bottoms_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"same shape.*\(2, 3, 5, 5\) and, at index 1"):
        build(line("kernel_size: 3"), (2, 3, 5, 5), (2, 3, 5, 6))
    layer, bottom, top = build(line("kernel_size: 3"), (2, 3, 5, 5))
    for shape in ((2, 4, 5, 5), (2, 3, 5, 5, 5)):
        bottom[0].reshape(shape)
        with pytest.raises(ShapeError, match="does not fit the weights.*3 channels at axis 1"):
            layer.reshape(bottom, top)


# -- words of forks -------------------------------------------------------------------------------


@pytest.mark.parametrize("words, same", [
    ("kernel_size: 2 hole: 2", "kernel_size: 2 dilation: 2"),
    ("kernel_size: 2 hole_h: 2 hole_w: 3", "kernel_size: 2 dilation: 2 dilation: 3"),
    ("kernel_size: 2 dilation_h: 1 dilation_w: 3", "kernel_size: 2 dilation: 1 dilation: 3"),
    ("kernel_size: 3 pad_t: 1 pad_l: 2 pad_b: 1 pad_r: 2", "kernel_size: 3 pad_h: 1 pad_w: 2"),
    ("kernel_size: 3 pad_t: 0", "kernel_size: 3"),
])
def test_words_that_say_the_same(words, same):
    x, ys = random(2, 3, 6, 7), []
    for said in (words, same):
        ys += run(build('type: "Convolution" convolution_param { num_output: 4 weight_filler '
                        f'{{ type: "gaussian" }} {said} }}', x), [x])
    assert_array_equal(*ys)


@pytest.mark.parametrize("kernel, group", [(1, 1), (3, 1), (1, 3), (3, 3)])
@pytest.mark.parametrize("sides, by", [
    ("pad_t: 1 pad_l: 0 pad_b: 0 pad_r: 2", ((1, 0), (0, 2))), ("pad_b: 1", ((0, 1), (0, 0)))])
def test_each_side_has_its_padding(kernel, group, sides, by):
    """As if x had been padded before."""
    x = random(2, 3, 5, 4)
    words = (f'type: "Convolution" convolution_param {{ num_output: 3 group: {group} weight_filler '
             f'{{ type: "gaussian" }} kernel_size: {kernel} %s }}')
    padded = np.pad(x, ((0, 0), (0, 0), *by))
    y, = run(build(words % sides, x), [x])
    assert_allclose(y, run(build(words % "", padded), [padded])[0], rtol=1e-5, atol=1e-5)
    check_gradient(words % sides, x)


def test_words_of_forks_that_contradict():
    x, words = random(1, 2, 5, 5), "convolution_param { num_output: 1 kernel_size: 3 %s }"
    for said in ("dilation: 2 hole: 2", "pad: 1 pad_l: 1"):
        with pytest.raises(ConfigError, match="not both"):
            build(f'type: "Convolution" {words % said}', x)
    with pytest.raises(ConfigError, match="dilation must be at least 1"):
        build(f'type: "Convolution" {words % "hole_h: 2"}', x)


def test_a_test_net_s_backward_is_that_of_training():
    found = []
    for phase in ("TRAIN", "TEST"):
        layer, bottom, top = built = build(line("kernel_size: 3"), (2, 3, 6, 6), phase=phase)
        run(built, [random(2, 3, 6, 6)])
        top[0].diff[...] = random(2, 4, 4, 4)
        layer.backward(top, [True], bottom)
        found.append([bottom[0].diff.copy(), *(blob.diff.copy() for blob in layer.blobs)])
    for train, test in zip(*found, strict=True):
        assert train.any()
        assert_array_equal(train, test)
