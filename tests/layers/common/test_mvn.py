import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2, text

X = 3 * random(2, 3, 4, 5) + 2


def line(param=""):
    return f'type: "MVN" mvn_param {{ {param} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("across, axes", [("false", (2, 3)), ("true", (1, 2, 3))])
@pytest.mark.parametrize("variance", ["false", "true"])
def test_mvn(across, axes, variance, inplace):
    spec = line(f"across_channels: {across} normalize_variance: {variance}")
    expected = X - X.mean(axes, keepdims=True)
    if variance == "true":
        expected /= X.std(axes, keepdims=True)
    y = run(build(spec, X, inplace=inplace), [X])[0]
    assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    check_gradient(spec, X, inplace=inplace)


def test_eps_is_added_to_the_deviation():
    y = run(build(line("eps: 2"), X), [X])[0]
    centred = X - X.mean((2, 3), keepdims=True)
    assert_allclose(y, centred / (X.std((2, 3), keepdims=True) + 2), rtol=1e-4, atol=1e-6)


def test_eps_under_the_root_where_synopsys_says_so():
    words = line("eps: 2 add_eps_before_sqrt: true")
    centred = X - X.mean((2, 3), keepdims=True)
    expected = centred / np.sqrt(X.var((2, 3), keepdims=True) + 2)
    assert_allclose(run(build(words, X), [X])[0], expected, rtol=1e-4, atol=1e-6)
    check_gradient(words, X)


def test_constants_give_zero():
    assert not run(build(line(), np.ones((2, 3, 4))), [np.ones((2, 3, 4))])[0].any()


def test_channels_last():
    layer, bottom, top = built = build(line(), X)
    expected = run(built, [X])[0]
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert top[0].values.channels_last
    assert_allclose(top[0].data, expected, rtol=1e-5, atol=1e-6)


def test_shape():
    with pytest.raises(ConfigError, match="eps must not be negative"):
        build(line("eps: -1"), (1, 2, 3))
    with pytest.raises(ShapeError, match="one for channels"):
        build(line(), [1.0])


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 6)])
@pytest.mark.parametrize("param", ["across_channels: true", "", "normalize_variance: false"])
def test_four_axes_at_least(shape, param):
    """As in the original: the bottom counts as N x C x H x W with axes of 1 at the end."""
    x = random(*shape)
    y = run(build(line(param), x), [x])[0]
    full = (*shape, 1, 1)[:4]
    assert y.shape == full
    assert_allclose(y, run(build(line(param), full), [x.reshape(full)])[0], rtol=1e-6)
    if "across" in param or len(shape) == 3:
        check_gradient(line(param), x)


def test_in_place_the_bottom_gets_four_axes():
    param = caffe_pb2.NetParameter()
    text.parse(
        'layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } '
        'data_filler { type: "gaussian" } } } layer { name: "m" type: "MVN" bottom: "x" top: "x" '
        'mvn_param { across_channels: true } }', param)
    net = Net(param, caffe_pb2.TEST)
    for _ in range(2):
        net.forward()
        assert net.blobs["x"].shape == (2, 3, 1, 1)
        assert_allclose(net.blobs["x"].data.mean(1), 0, atol=1e-6)
