import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text

X = random(2, 3, 4, 5, 6)
FILLERS = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(words, message="convolution3d_param"):
    return f'type: "Convolution3D" {message} {{ num_output: 4 {words} {FILLERS} }}'


def naive(x, w, b, stride, pad):
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in pad]])
    out = [(size - k) // s + 1 for size, k, s in zip(x.shape[2:], w.shape[2:], stride, strict=True)]
    y = np.empty((len(x), len(w), *out))
    for at in np.ndindex(*out):
        part = [slice(i * s, i * s + k)
                for i, s, k in zip(at, stride, w.shape[2:], strict=True)]
        y[(..., *at)] = np.einsum("nctij,octij->no", x[(slice(None), slice(None), *part)], w)
    return y + b[:, None, None, None]


@pytest.mark.parametrize("words, kernel, stride, pad", [
    ("kernel_size: 3 kernel_depth: 2", (2, 3, 3), (1, 1, 1), (0, 0, 0)),
    ("kernel_size: 2 kernel_depth: 3 stride: 2 temporal_stride: 1 pad: 1 temporal_pad: 2 "
     "filter_group: 2", (3, 2, 2), (1, 2, 2), (2, 1, 1)),
    ("kernel_size: 1 kernel_depth: 1 temporal_stride: 3", (1, 1, 1), (3, 1, 1), (0, 0, 0)),
])
@pytest.mark.parametrize("message", ["convolution3d_param", "convolution_param"])
def test_convolution3d(words, kernel, stride, pad, message):
    built = layer, *_ = build(line(words, message), X)
    assert layer.blobs[0].shape == (4, 3, *kernel) and layer.blobs[1].shape == (4,)
    expected = naive(X, layer.blobs[0].data, layer.blobs[1].data, stride, pad)
    assert_allclose(run(built, [X])[0], expected, rtol=1e-4, atol=1e-4)


def test_what_else_a_convolution_param_says():
    """C3D 1.0's words come in the message of Convolution, whose others hold, too."""
    words = "kernel_size: 3 kernel_depth: 2 dilation: 1 dilation: 2 dilation: 2"
    layer, _, (y,) = build(line(words, "convolution_param"), X)
    assert y.shape == (2, 4, 3, 1, 2) and layer.blobs[0].shape == (4, 3, 2, 3, 3)
    with pytest.raises(CaffeError, match="either kernel_size or kernel_h and kernel_w"):
        build(line("kernel_size: 3 kernel_depth: 2 kernel_h: 2", "convolution_param"), X)


def test_gradient():
    check_gradient(line("kernel_size: 2 kernel_depth: 3 stride: 2 pad: 1 temporal_pad: 1"),
                   (2, 2, 3, 3, 2))
    check_gradient(line("kernel_size: 1 kernel_depth: 2 bias_term: false"), (2, 2, 3, 2, 1))


def test_the_bias_of_c3d_s_files():
    layer, *_ = build(line("kernel_size: 3 kernel_depth: 3"), X)
    w, b = layer.accept([random(4, 3, 3, 3, 3), np.ones((1, 1, 1, 1, 4))])
    assert w.shape == layer.blobs[0].shape and b.shape == (4,)


def test_the_old_format():
    net = caffe_pb2.NetParameter()
    text.parse('layers { name: "x" type: DUMMY_DATA top: "x" dummy_data_param { shape { dim: [1, 2,'
               ' 4, 6, 6] } } } layers { name: "c" type: CONVOLUTION3D bottom: "x" top: "c"'
               ' convolution_param { num_output: 3 kernel_size: 3 kernel_depth: 3 pad: 1'
               ' temporal_pad: 1 } } layers { name: "p" type: POOLING3D bottom: "c" top: "p"'
               ' pooling_param { kernel_size: 2 kernel_depth: 1 stride: 2 temporal_stride: 1 } }',
               net)
    built = Net(net, caffe_pb2.TEST)
    assert built.blobs["c"].shape == (1, 3, 4, 6, 6)
    assert built.blobs["p"].shape == (1, 3, 4, 3, 3)


@pytest.mark.parametrize("words, x, message", [
    ("kernel_size: 3 kernel_depth: 3", (2, 3, 5, 6), "must have 5 axes"),
    ("kernel_size: 3 kernel_depth: 3 group: 3", X.shape, "has no groups"),
    ("kernel_size: 3", X.shape, "must be at least 1"),
])
def test_mistakes(words, x, message):
    with pytest.raises(CaffeError, match=message):
        build(line(words), x)


def test_sizes_for_each_axis_are_convolution_s():
    with pytest.raises(CaffeError, match="one number for height and width.*3 x 2"):
        build(line("kernel_size: 3 kernel_size: 2 kernel_depth: 1", "convolution_param"), X)
