import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, parse, random, run

from caffepy.core import registry
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text

X = random(4, 3, 2, 5) * 2 + 1
AXES = (0, 2, 3)
FILLERS = 'scale_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'
LINE = 'type: "BatchNorm" batch_norm_param { scale_bias: true eps: 0.01 %s }'
SCALE, BIAS = np.array([0.5, -1.5, 2.0]), np.array([0.25, 1.0, -2.0])
M = 4 * 2 * 5


def each(values):
    return np.reshape(values, (1, 3, 1, 1))


def normal(mean, variance, eps=0.01):
    return (X - each(mean)) / np.sqrt(each(variance) + eps)


def learned(layer):
    for blob, value in zip(layer.blobs[3:], (SCALE, BIAS), strict=True):
        blob.data[...] = value


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("words, phase", [
    ("", "TRAIN"), ("use_global_stats: false", "TEST"), ("", "TEST"),
    ("use_global_stats: true", "TRAIN"),
])
def test_formula(words, phase, inplace):
    built = layer, *_ = build(LINE % words, X, phase=phase, inplace=inplace)
    assert [blob.shape for blob in layer.blobs] == [(3,), (3,), (1,), (3,), (3,)]
    learned(layer)
    for blob, value in zip(layer.blobs[:3], ([1, 2, 3], [4, 2, 8], [2]), strict=True):
        blob.data[...] = value
    n = normal([0.5, 1, 1.5], [2, 1, 4]) if layer.given else normal(X.mean(AXES), X.var(AXES))
    assert layer.given == (words != "use_global_stats: false" and (words, phase) != ("", "TRAIN"))
    assert_allclose(run(built, [X])[0], n * each(SCALE) + each(BIAS), rtol=1e-4, atol=1e-5)


def test_a_small_eps_counts_as_1e_5_and_scale_starts_as_one():
    built = build('type: "BatchNorm" batch_norm_param { scale_bias: true eps: 0 }', 1e-3 * X)
    expected = normal(X.mean(AXES), X.var(AXES), 10)  # of x a thousand times as small
    assert_allclose(run(built, [1e-3 * X])[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("inplace", [False, True])
def test_gradient(inplace):
    check_gradient(LINE % FILLERS, X[:, :, :, :3], inplace=inplace, step=1e-3)
    check_gradient(LINE % FILLERS, random(5, 3), inplace=inplace, step=1e-3)


@pytest.mark.parametrize("inplace", [False, True])
def test_gradient_under_given_statistics(inplace):
    layer, bottom, top = build(LINE % FILLERS, X, phase="TEST", inplace=inplace)
    for blob, value in zip(layer.blobs[:3], ([1, 2, 3], [4, 2, 8], [1]), strict=True):
        blob.data[...] = value
    learned(layer)
    layer.forward(bottom, top)
    dy = random(*X.shape, seed=2).astype("f4")
    top[0].diff[...] = dy
    layer.backward(top, [True], bottom)
    n = normal([1, 2, 3], [4, 2, 8])
    std = np.sqrt(each([4, 2, 8]) + 0.01)
    assert_allclose(layer.blobs[3].diff, (dy * n).sum(AXES), rtol=1e-4)
    assert_allclose(layer.blobs[4].diff, dy.sum(AXES), rtol=1e-4)
    assert_allclose(bottom[0].diff, dy * each(SCALE) / std, rtol=1e-4)


def test_statistics_are_moving_means_and_the_first_batch_counts_whole():
    layer, bottom, top = build(LINE % "moving_average_fraction: 0.75", X)
    assert not any(blob.data.any() for blob in layer.blobs[:3])
    layer.forward(bottom, top)
    first = X.mean(AXES), X.var(AXES) * M / (M - 1)
    for blob, value in zip(layer.blobs, first, strict=False):
        assert_allclose(blob.data, value, rtol=1e-4)
    other = random(*X.shape, seed=8)
    bottom[0].data[...] = other
    layer.forward(bottom, top)
    second = other.mean(AXES), other.var(AXES) * M / (M - 1)
    for blob, old, new in zip(layer.blobs, first, second, strict=False):
        assert_allclose(blob.data, 0.75 * old + 0.25 * new, rtol=1e-4)
    assert layer.blobs[2].data.tolist() == [1]


def test_statistics_of_a_file_with_another_factor_go_on():
    layer, bottom, top = build(LINE % "moving_average_fraction: 0.75", X)
    for blob, value in zip(layer.blobs[:3], ([1, 2, 3], [4, 2, 8], [2]), strict=True):
        blob.data[...] = value
    layer.forward(bottom, top)
    assert_allclose(layer.blobs[0].data, 0.75 * np.array([0.5, 1, 1.5]) + 0.25 * X.mean(AXES),
                    rtol=1e-4)
    assert layer.blobs[2].data.tolist() == [1]


def test_files_of_five_and_of_three_parameters():
    layer, *_ = build(LINE % FILLERS, X)
    five = [random(1, 3, 1, 1), random(3), np.ones(1), random(3), random(3)]
    given = layer.accept(five)
    assert [values.shape for values in given] == [blob.shape for blob in layer.blobs]
    three = layer.accept(five[:3])
    assert three[3:] == [None, None] and three[0].shape == (3,)
    assert build(LINE % "", X, phase="TEST")[0].lacks_statistics()


def test_the_solver_leaves_statistics_alone():
    words = "param { lr_mult: 1 } " * 2
    layer, *_ = build(f"{LINE % ''} {words}", X)
    assert [(p.lr_mult, p.decay_mult) for p in layer.spec.param] == [(0, 0)] * 3


@pytest.mark.parametrize("words, nvidia", [
    ("scale_bias: true", True), ("scale_filler { value: 1 }", True), ("bias_filler { }", True),
    ("filler { } bias_filler { }", False), ("use_weight_bias: true bias_filler { }", False),
    ("eps: 0.1", False), ("scale_bias: false", False), ("use_weight_bias: true", False),
])
def test_whose_words_they_are(words, nvidia):
    spec = parse(f'type: "BatchNorm" batch_norm_param {{ {words} }}')
    assert registry.of(spec).cls.__name__ == ("BatchNormNVIDIA" if nvidia else "BatchNorm")


def test_what_does_not_fit():
    with pytest.raises(CaffeError, match="eps must not be negative"):
        build('type: "BatchNorm" batch_norm_param { scale_bias: true eps: -1 }', X)


@pytest.mark.parametrize("phase", [caffe_pb2.TRAIN, caffe_pb2.TEST])
def test_in_the_command_s_nets_it_stays_itself_beside_a_convolution(phase):
    """Which folds a plain BatchNorm, and would lose scale and bias."""
    net = caffe_pb2.NetParameter()
    text.parse('layer { name: "x" type: "Input" top: "x" input_param { shape { dim: [4, 2, 5, 5] }'
               ' } } layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param'
               ' { num_output: 3 kernel_size: 3 weight_filler { type: "msra" } } }'
               f' layer {{ name: "n" bottom: "c" top: "n" {LINE % FILLERS} }}'
               ' layer { name: "r" type: "ReLU" bottom: "n" top: "n" }', net)
    plain, fast = (Net(net, phase, optimize=optimize) for optimize in (False, True))
    for one in (plain, fast):
        one.blobs["x"].data[...] = random(4, 2, 5, 5)
    for name, blobs in plain.params.items():
        for blob, same in zip(blobs, fast.params[name], strict=True):
            blob.data[...] = random(*blob.shape, seed=blob.count) ** 2
            same.data[...] = blob.data
    for one in (plain, fast):
        one.forward()
    assert_allclose(fast.blobs["n"].data, plain.blobs["n"].data, rtol=1e-4, atol=1e-5)
    assert plain.blobs["n"].data.any()
