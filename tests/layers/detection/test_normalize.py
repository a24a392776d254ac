import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, parse, random, run

from caffepy.core import registry, weights
from caffepy.core.net import Net
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2, text

LINE = 'type: "Normalize" norm_param { %s }'
X = random(2, 3, 2, 4)


def test_whole_items_come_to_length_1():
    y = run(build(LINE % "", X), [X])[0]
    assert_allclose(y, X / np.sqrt((X**2).sum((1, 2, 3), keepdims=True)), rtol=1e-5)


def test_pixels_come_to_length_1_times_the_scale_of_their_channel():
    line = LINE % "across_spatial: false channel_shared: false scale_filler { value: 20 }"
    layer, _, _ = built = build(line, X)
    layer.blobs[0].data[...] = scale = np.array([1.0, 2, 3], np.float32)
    expected = scale[:, None, None] * X / np.sqrt((X**2).sum(1, keepdims=True))
    assert_allclose(run(built, [X])[0], expected, rtol=1e-5)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("words", [
    "", "across_spatial: false eps: 0.01", "across_spatial: false channel_shared: false "
    "scale_filler { type: 'constant' value: 3 }", "channel_shared: false eps: 0.1"])
def test_gradient(words, inplace):
    """Where all scales are equal SSD's is the true one."""
    check_gradient(LINE % words, X, inplace=inplace, step=1e-3)


def test_other_ranks():
    check_gradient(LINE % "across_spatial: false", random(3, 4))
    check_gradient(LINE % "channel_shared: false", random(2, 3, 4))


def test_of_unequal_scales_the_gradient_is_ssd_s():
    layer, bottom, top = built = build(LINE % "across_spatial: false channel_shared: false", X)
    layer.blobs[0].data[...] = scale = np.array([1.0, 2, 3], np.float32)
    run(built, [X])
    dy = top[0].diff[...] = random(*X.shape, seed=3)
    layer.backward(top, [True], bottom)
    n = np.sqrt((X**2).sum(1, keepdims=True))
    dx = scale[:, None, None] * (dy - X * (X * dy).sum(1, keepdims=True) / n**2) / n
    assert_allclose(bottom[0].diff, dx, rtol=1e-4, atol=1e-5)
    assert_allclose(layer.blobs[0].diff, (X * dy / n).sum((0, 2, 3)), rtol=1e-4)


def test_the_words_of_other_forks():
    layer, bottom, top = built = build(LINE % "fix_scale: true", X)
    run(built, [X])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert not layer.blobs[0].diff.any() and bottom[0].diff.any()
    y = run(build(LINE % "add_eps_before_sqrt: false eps: 2", X), [X])[0]
    assert_allclose(y, X / (np.sqrt((X**2).sum((1, 2, 3), keepdims=True)) + 2), rtol=1e-5)


def test_a_caffemodel_without_a_scale_is_of_the_fork_that_has_none(tmp_path):
    spec = caffe_pb2.NetParameter()
    text.parse("""layer { name: "in" type: "Input" top: "x" input_param {
                  shape { dim: 2 dim: 3 } } }
                  layer { name: "n" type: "Normalize" bottom: "x" top: "y" }""", spec)
    net = Net(spec, caffe_pb2.TEST)
    net.params["n"][0].data[...] = 7
    path = tmp_path / "a.caffemodel"
    path.write_bytes(spec.SerializeToString())
    weights.load(net, path)
    assert net.params["n"][0].data == 1


def test_words_tell_whose_it_is():
    for words, dialect in (("", "ssd"), ("norm_param { }", "ssd"), ('top: "a"', "ssd"),
                           ("normalize_param { }", "happynear"),
                           ('top: "a" top: "b"', "happynear")):
        assert registry.of(parse(f'type: "Normalize" {words}')).dialect == dialect


def test_mistakes():
    with pytest.raises(ShapeError, match="must have channels"):
        build(LINE % "", random(4))
    layer, bottom, top = build(LINE % "channel_shared: false", X)
    bottom[0].reshape(2, 5, 2, 2)
    with pytest.raises(ShapeError, match="cannot change"):
        layer.reshape(bottom, top)
