"""Weights from files and bytes, and parameters that a program sets itself."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import caffepy
from caffepy import dnn
from caffepy.core.context import Context
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2

NET = """
name: "colours"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 1 } }
layer { name: "rh" type: "Scale" bottom: "conv" top: "rh" scale_param { bias_term: false } }
layer { name: "soft" type: "Softmax" bottom: "rh" top: "soft" }
layer { name: "ab_layer" type: "Convolution" bottom: "soft" top: "ab"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "up" type: "Deconvolution" bottom: "ab" top: "up" convolution_param {
        num_output: 2 group: 2 kernel_size: 4 stride: 2 pad: 1 bias_term: false
        weight_filler { type: "bilinear" } } }
"""  # noqa: E501
DATA = np.random.default_rng(3).standard_normal((1, 3, 4, 4)).astype(np.float32)


def by_hand(weights, bias, scale, centers):
    """What the net gives at "ab"."""
    conv = np.einsum("oc,nchw->nohw", weights.reshape(5, 3), DATA) + bias.reshape(1, 5, 1, 1)
    soft = np.exp(conv * scale)
    soft /= soft.sum(1, keepdims=True)
    return np.einsum("oc,nchw->nohw", centers.reshape(2, 5), soft)


@pytest.fixture
def partly(made):
    """A net whose file has the weights of its first layer alone, as the colorization net's has not
    those of two layers."""
    prototxt, weights = made(NET)
    net = caffe_pb2.NetParameter()
    with open(weights, "rb") as file:
        net.ParseFromString(file.read())
    for layer in net.layer:
        if layer.name != "conv":
            del layer.blobs[:]
    with open(weights, "wb") as file:
        file.write(net.SerializeToString())
    return dnn.readNetFromCaffe(prototxt, weights)


def test_parameters_that_no_file_has_are_set_by_the_program(partly):
    centers = np.arange(10).reshape(5, 2)
    partly.getLayer(partly.getLayerId("ab")).blobs = [
        centers.transpose().reshape(2, 5, 1, 1).astype(np.float32)]   # without a bias
    partly.getLayer("rh").blobs = [np.full([1, 5], 2.606, np.float32)]
    partly.setInput(DATA)
    weights, bias = partly.getLayer("conv").blobs
    assert_allclose(partly.forward("ab"), by_hand(weights, bias, 2.606, centers.T), rtol=1e-5)
    assert_array_equal(partly.getLayer("ab").blobs[1], np.zeros((2, 1)))
    assert partly.forward().shape == (1, 2, 8, 8), "the bilinear weights are the filler's"


def test_without_them_nothing_is_computed_that_needs_them(partly):
    assert partly.getLayer("rh").blobs == () and partly.getLayer("ab").blobs == ()
    partly.setInput(DATA)
    assert partly.forward("conv").shape == (1, 5, 4, 4)
    with pytest.raises(ConfigError, match=r"layers without weights \(found rh, ab_layer\)"):
        partly.forward()


def test_a_net_without_a_caffemodel_says_so(made):
    net = dnn.readNetFromCaffe(made(NET)[0])
    assert net.getLayerNames()[0] == "conv" and net.getFLOPS([1, 3, 4, 4]) > 0
    net.setInput(DATA)
    with pytest.raises(ConfigError, match="conv, rh, ab_layer.*Give readNetFromCaffe the caffemod"):
        net.forward()


def test_blobs_have_opencv_s_shapes(made):
    net = dnn.readNetFromCaffe(*made(
        NET + 'layer { name: "ip" type: "InnerProduct" bottom: "up" top: "ip"'
              " inner_product_param { num_output: 6 } }"))
    assert [blob.shape for blob in net.getLayer("conv").blobs] == [(5, 3, 1, 1), (5, 1)]
    assert [blob.shape for blob in net.getLayer("rh").blobs] == [(5, 1)]
    assert [blob.shape for blob in net.getLayer("ip").blobs] == [(6, 128), (1, 6)]
    assert net.getParam("ip", 1).shape == (1, 6) and net.getParam(1).shape == (5, 3, 1, 1)


def test_set_parameters_count_at_once(made):
    net = dnn.readNetFromCaffe(*made(NET))
    net.setInput(DATA)
    net.forward()
    net.forward("conv")
    weights, bias = net.getLayer("conv").blobs
    net.setParam("conv", 1, np.zeros(5))
    (scale,), (centers, shift) = net.getLayer("rh").blobs, net.getLayer("ab").blobs
    assert_allclose(net.forward("ab"), by_hand(weights, 0 * bias, scale.reshape(1, 5, 1, 1),
                                               centers) + shift.reshape(1, 2, 1, 1), rtol=1e-4)
    assert_allclose(net.forward("conv"), np.einsum("oc,nchw->nohw", weights[..., 0, 0], DATA),
                    rtol=1e-4, atol=1e-5)


def test_wrong_parameters_are_told(made):
    net = dnn.readNetFromCaffe(*made(NET))
    with pytest.raises(ShapeError, match=r"layer 'conv'.*found \(5, 3\)|found \(3, 5\)"):
        net.getLayer("conv").blobs = [np.zeros((3, 5)), np.zeros(5)]
    with pytest.raises(ShapeError, match=r"all at once .*found 3 arrays; allowed: weights"):
        net.getLayer("conv").blobs = [np.zeros((5, 3))] * 3
    with pytest.raises(NotFound, match="no such parameter .*allowed: none"):
        net.getParam("soft")


def test_files_may_be_bytes(made):
    prototxt, weights = made(NET)
    arrays = [np.fromfile(path, np.uint8) for path in (prototxt, weights)]
    whole = dnn.readNetFromCaffe(prototxt, weights)
    whole.setInput(DATA)
    for given in (arrays, [array.tobytes() for array in arrays],
                  [bytearray(array.tobytes()) for array in arrays]):
        net = dnn.readNetFromCaffe(*given)
        net.setInput(DATA)
        assert_array_equal(net.forward(), whole.forward())
    net = dnn.readNetFromCaffe(bufferProto=arrays[0], bufferModel=arrays[1])
    assert net.getLayerNames() == whole.getLayerNames()


def test_readnet_tells_the_two_files_apart(made):
    prototxt, weights = made(NET)
    for given in ((weights, prototxt), (prototxt, weights), (weights, prototxt, "caffe"),
                  ("caffe", np.fromfile(weights, np.uint8), np.fromfile(prototxt, np.uint8))):
        net = dnn.readNet(*given)
        net.setInput(DATA)
        assert net.forward().shape == (1, 2, 8, 8)
    with pytest.raises(ConfigError, match="there is no prototxt .*found .*caffemodel"):
        dnn.readNet(weights)


def test_wrong_files_are_called_what_they_are(made, tmp_path):
    prototxt, weights = made(NET)
    with pytest.raises(NotFound, match="File not found: nobody.prototxt"):
        dnn.readNetFromCaffe("nobody.prototxt", weights)
    with pytest.raises(ConfigError, match="not a prototxt"):
        dnn.readNetFromCaffe(weights, prototxt)
    with pytest.raises(DataError, match="the caffemodel in memory"):
        dnn.readNetFromCaffe(prototxt, b"\x01\x02nothing")
    with pytest.raises(ConfigError, match="the prototxt in memory:1:9: .*unknown field.*kind"):
        dnn.readNetFromCaffe(b"layer { kind: 3 }")
    with pytest.raises(NotFound, match=r"Unknown bottom blob 'dat' .*Did you mean data"):
        dnn.readNetFromCaffe(NET.replace('bottom: "data"', 'bottom: "dat"').encode())
    with pytest.raises(ConfigError, match="Unknown layer type: Softmac"):
        dnn.readNetFromCaffe(NET.replace("Softmax", "Softmac").encode())
    with pytest.raises(ConfigError, match="array of uint8 .*found float64"):
        dnn.readNetFromCaffe(np.zeros(3))


def test_layers_of_one_name_keep_their_own(made):
    text = NET.replace('name: "ab_layer"', 'name: "conv"')
    prototxt, weights = made(text)
    net, whole = dnn.readNetFromCaffe(prototxt, weights), caffepy.Net(prototxt, weights, 1)
    net.setInput(DATA)
    whole.blobs["data"].data[...] = DATA
    assert_allclose(net.forward(), whole.forward()["up"], rtol=1e-5)
    assert net.getLayer("conv").blobs[0].shape == (5, 3, 1, 1)
    assert net.getLayer("ab").blobs[0].shape == (2, 5, 1, 1)


def test_backends_that_are_not_there_mean_the_cpu(made, caplog):
    net = dnn.readNetFromCaffe(*made(NET))
    net.setInput(DATA)
    wanted = net.forward()
    net.setPreferableBackend(3)
    net.setPreferableTarget(1)
    net.setPreferableTarget(0)
    net.enableFusion(False)
    net.setInputShape("data", (1, 3, 4, 4))
    assert_array_equal(net.forward(), wanted)
    net.setPreferableBackend(dnn.DNN_BACKEND_CUDA)
    net.setPreferableTarget(dnn.DNN_TARGET_CUDA)
    assert_allclose(net.forward(), wanted, rtol=1e-4, atol=1e-6)
    net.setPreferableBackend(dnn.DNN_BACKEND_DEFAULT)
    net.setPreferableTarget(dnn.DNN_TARGET_CPU)
    assert_allclose(net.forward(), wanted, rtol=1e-6)
    with pytest.raises(ConfigError, match=r"no DNN_TARGET_\.\.\. of this number .*found 77"):
        net.setPreferableTarget(77)


def test_a_net_that_moves_to_another_device_keeps_its_parameters(made):
    net = dnn.readNetFromCaffe(*made(NET))
    net.setInput(DATA)
    net.setParam("conv", 1, np.arange(5))
    wanted = net.forward(), net.forward("soft")
    net._runner.move(Context(threads=1))   # as setPreferableTarget moves it to a GPU
    for mine, before in zip((net.forward(), net.forward("soft")), wanted, strict=True):
        assert_allclose(mine, before, rtol=1e-5)


def test_caffepy_says_what_it_is(made):
    net = dnn.readNetFromCaffe(*made(NET))
    assert repr(net) == "< caffepy.dnn.Net 5 layers >"
    assert repr(net.getLayer(1)) == "< caffepy.dnn.Layer 'conv', Convolution >"
    assert caffepy.dnn is dnn
