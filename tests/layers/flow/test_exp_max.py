import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.net import Net
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2, text

LINE = 'type: "ExpMax"'
X = random(2, 3, 4, 2)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("words, base, scale, shift", [
    ("", np.e, 1, 0), ("expmax_param { base: 2 scale: -0.5 shift: 3 }", 2, -0.5, 3),
    ("expmax_param { shift: 1 }", np.e, 1, 1),
])
def test_exponentials_below_the_largest(words, base, scale, shift, inplace):
    layer, bottom, top = built = build(f"{LINE} {words}", X, inplace=inplace)
    expected = base ** (shift + scale * (X - X.max(1, keepdims=True)))
    assert_allclose(run(built, [X])[0], expected, rtol=1e-5)
    dy = random(*X.shape, seed=3).astype("f4")
    top[0].diff[...] = dy
    layer.backward(top, [True], bottom)
    assert_allclose(bottom[0].diff, dy * expected * np.log(base) * scale, rtol=1e-5)


def test_large_numbers():
    x = np.array([[1e4, 1e4 - 1], [-1e4, -2e4]])
    assert_allclose(run(build(LINE, x), [x])[0], [[1, np.exp(-1)], [1, 0]], rtol=1e-5)


def test_one_channel_has_a_gradient_all_the_same():
    """Of x alone it is always 1; a numeric slope would see 0."""
    with pytest.raises(AssertionError, match="backward"):
        check_gradient(LINE, (2, 1, 3))


def test_divided_by_its_sum_the_gradient_is_that_of_a_softmax():
    net = caffe_pb2.NetParameter()
    text.parse("force_backward: true "
               'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: [2, 3, 4, 2] } '
               '} } layer { name: "e" type: "ExpMax" bottom: "x" top: "e" } '
               'layer { name: "s" type: "Convolution" bottom: "e" top: "s" convolution_param { '
               "num_output: 1 kernel_size: 1 bias_term: false weight_filler { value: 1 } } } "
               'layer { name: "d" type: "Power" bottom: "s" top: "d" power_param { power: -1 } } '
               'layer { name: "t" type: "Tile" bottom: "d" top: "t" tile_param { tiles: 3 } } '
               'layer { name: "y" type: "Eltwise" bottom: "e" bottom: "t" top: "y" eltwise_param { '
               'operation: PROD } } layer { name: "p" type: "Softmax" bottom: "x" top: "p" }', net)
    built = Net(net, caffe_pb2.TRAIN)
    built.blobs["x"].data[...] = X
    built.forward()
    assert_allclose(built.blobs["y"].data, built.blobs["p"].data, rtol=1e-4)
    grads = []
    for name, other in (("y", "p"), ("p", "y")):
        built.blobs[name].diff[...] = random(*X.shape, seed=3)
        built.blobs[other].diff[...] = 0
        built.backward()
        grads.append(built.blobs["x"].diff.copy())
    assert_allclose(*grads, rtol=1e-3, atol=1e-5)


def test_channels_are_needed():
    with pytest.raises(ShapeError, match="must have channels"):
        build(LINE, (3,))
