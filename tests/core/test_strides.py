"""Strides that move up in nets for use: where they go, and that nothing else changes."""

import numpy as np
import pytest
from core.test_taped import INPUT, conv, layer
from numpy.testing import assert_allclose
from support import ENGINES

from caffepy.core import strides
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

RELU = "relu_param { negative_slope: 0.1 }"
# a residual block whose sum two convolutions read, which skip three pixels in four
BLOCK = INPUT + (
    conv("first", "data", 8, 3, 1, 1) + conv("a", "first", 4, 1) + conv("b", "a", 4, 3, 1, 1)
    + conv("c", "b", 8, 1) + layer("bn", "BatchNorm", "c", "c", "batch_norm_param { eps: 0.1 }")
    + layer("scale", "Scale", "c", "c", "scale_param { bias_term: true }")
    + layer("sum", "Eltwise", "first c") + layer("relu", "ReLU", "sum", "sum", RELU))
READERS = conv("left", "sum", 8, 1, 2) + conv("right", "sum", 6, 1, 2)
VOLUME = BLOCK.replace("dim: 18", "dim: 18 dim: 7") + READERS


def parsed(prototxt):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return param


def steps(prototxt):
    """The layers with strides, and these."""
    return {one.name: list(one.convolution_param.stride) or [one.pooling_param.stride]
            for one in strides.moved(parsed(prototxt)).layer
            if {*one.convolution_param.stride, one.pooling_param.stride} - {1}}


def outputs(prototxt, optimize, engine, shapes=(None,)):
    net = Net(parsed(prototxt), caffe_pb2.TEST, optimize=optimize,
              context=Context(seed=7, engines=(engine,)))
    found = []
    for blobs in net.params.values():
        for blob in blobs:
            blob.data[...] += np.random.default_rng(blob.count).uniform(0, 0.3, blob.shape)
    for shape in shapes:
        blob = net.blobs["data"]
        blob.reshape(*(shape or blob.shape))
        blob.data[...] = np.random.default_rng(1).normal(size=blob.shape)
        net.forward()
        found += [(name, values.copy()) for name, values, _ in net.outputs()]
    return found


def same(prototxt, engine, *shapes):
    for (a, x), (b, y) in zip(outputs(prototxt, False, engine, shapes or (None,)),
                              outputs(prototxt, True, engine, shapes or (None,)), strict=True):
        assert a == b and x.size == y.size and np.ptp(x) > 0
        assert_allclose(x, y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_residual_block_computes_what_is_looked_at(engine):
    assert steps(BLOCK + READERS) == {"b": [2], "sum/first/picked": [2]}
    same(BLOCK + READERS, engine, None, (1, 3, 19, 7), (3, 3, 8, 8))


@pytest.mark.parametrize("engine", ENGINES)
def test_volumes_and_strides_of_their_own_along_each_axis(engine):
    assert steps(VOLUME) == {"b": [2], "sum/first/picked": [2]}
    same(VOLUME, "reference")
    readers = READERS.replace("stride: 2", "stride_h: 2 stride_w: 3")
    found = {one.name: one for one in strides.moved(parsed(BLOCK + readers)).layer}
    assert list(found["b"].convolution_param.stride) == [2, 3]
    pool = found["sum/first/picked"].pooling_param
    assert (pool.stride_h, pool.stride_w) == (2, 3)
    same(BLOCK + readers, engine, None, (1, 3, 9, 16))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stride_adds_to_what_is_there(engine):
    prototxt = INPUT + conv("a", "data", 8, 5, 3, 2) + layer("relu", "ReLU", "a", "a") + conv(
        "b", "a", 4, 1, 2)
    assert steps(prototxt) == {"a": [6]}
    same(prototxt, engine, None, (1, 3, 7, 23))


@pytest.mark.parametrize("prototxt", [
    BLOCK + READERS + conv("other", "sum", 4, 1),  # somebody looks at every pixel
    BLOCK + READERS + conv("other", "sum", 4, 1, 3),
    BLOCK + READERS + conv("other", "c", 4, 1),  # of what the sum is made of, too
    BLOCK + READERS + layer("pool", "Pooling", "sum"),
    BLOCK + conv("left", "sum", 8, 3, 2, 1),  # this one does so itself
    BLOCK + conv("left", "sum", 8, 1, 2, 1),
    BLOCK.replace("num_output: 8 kernel_size: 1 stride: 1 pad: 0",
                  "num_output: 8 kernel_size: 3 stride: 1 pad: 1 dilation: 2").replace(
        "sum", "c2").replace('bottom: "first" bottom: "c"', 'bottom: "c" bottom: "c"'),
    INPUT + conv("a", "data", 8, 1, 2),  # nobody makes these
    INPUT + conv("a", "data", 8, 4, 1, 2) + conv("b", "a", 4, 1, 2),  # another size
    INPUT + conv("a", "data", 8, 3, 1, 1) + layer("lrn", "LRN", "a") + conv("b", "lrn", 4, 1, 2),
    INPUT + conv("a", "data", 8, 3, 1, 1) + layer(
        "bn", "BatchNorm", "a", "a", "batch_norm_param { use_global_stats: false }")
    + conv("b", "a", 4, 1, 2),
    INPUT + conv("a", "data", 8, 3, 1, 1) + layer(  # three strides in words of their own
        "b", "NdConvolution", "a", body="convolution_param { kernel_shape { dim: [1, 1] } "
        "stride_shape { dim: [2, 2] } num_output: 4 }").replace("[1, 1]", "[1, 1, 1]").replace(
        "[2, 2]", "[1, 2, 2]"),
], ids=range(12))
def test_where_they_stay(prototxt):
    before = parsed(prototxt)
    after = strides.moved(before)
    assert [one.convolution_param for one in after.layer] == [
        one.convolution_param for one in before.layer]


def test_nets_that_train_and_those_of_scripts_are_as_they_are_written():
    for options in ({"optimize": False}, {"optimize": True, "phase": caffe_pb2.TRAIN}):
        net = Net(parsed(BLOCK + READERS), options.pop("phase", caffe_pb2.TEST), **options)
        assert net.blobs["sum"].shape == (2, 8, 20, 18)
        assert "sum/first/picked" not in net.layer_names
    kept = "force_backward: true " + BLOCK + READERS
    assert Net(parsed(kept), caffe_pb2.TEST, optimize=True).blobs["sum"].shape == (2, 8, 20, 18)
    assert Net(parsed(BLOCK + READERS), caffe_pb2.TEST, optimize=True).blobs["sum"].shape == (
        2, 8, 10, 9)


def test_files_have_the_net_as_it_is_written(tmp_path):
    net = Net(parsed(BLOCK + READERS), caffe_pb2.TEST, optimize=True)
    plain = Net(parsed(BLOCK + READERS), caffe_pb2.TEST)
    plain.save(tmp_path / "plain.caffemodel")
    net.load(tmp_path / "plain.caffemodel")
    net.save(tmp_path / "net.caffemodel")
    assert net.to_proto() == plain.to_proto()
    a, b = ((tmp_path / f"{name}.caffemodel").read_bytes() for name in ("plain", "net"))
    assert a == b
