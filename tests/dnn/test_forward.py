"""forward gives what the layer of a name computes, whatever works in place behind it."""

import dnn_nets
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import caffepy
from caffepy import dnn
from caffepy.errors import ConfigError, NotFound

NET = """
name: "net"
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 10 }
layer { name: "norm" type: "BatchNorm" bottom: "data" top: "data_n" }
layer { name: "scale" type: "Scale" bottom: "data_n" top: "data_n" scale_param { bias_term: true } }
layer { name: "conv" type: "Convolution" bottom: "data_n" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "left" type: "Convolution" bottom: "conv" top: "left"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "left_relu" type: "ReLU" bottom: "left" top: "left" }
layer { name: "right" type: "Pooling" bottom: "conv" top: "right"
        pooling_param { kernel_size: 3 stride: 1 pad: 1 } }
layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
layer { name: "two" type: "Slice" bottom: "both" top: "first" top: "second" }
"""
STEPS = ["norm", "scale", "conv", "bn", "relu", "left", "left_relu", "right", "both"]


@pytest.fixture
def files(made):
    return made(NET)


@pytest.fixture
def data():
    return np.random.default_rng(7).standard_normal((1, 3, 8, 10)).astype(np.float32)


def step(files, data, name):
    """What pycaffe's Net has after the layer ``name``."""
    net = caffepy.Net(files[0], files[1], caffepy.TEST)
    net.blobs["data"].reshape(*data.shape)
    net.blobs["data"].data[...] = data
    return next(iter(net.forward(end=name).values())).copy()


@pytest.mark.parametrize("name", STEPS)
def test_every_layer_can_be_asked_for(files, data, name):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data)
    assert_allclose(net.forward(name), step(files, data, name), rtol=1e-4, atol=1e-5)


def test_all_at_once(files, data):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data)
    found = net.forward(STEPS)
    assert isinstance(found, tuple) and len(found) == len(STEPS)
    for name, values in zip(STEPS, found, strict=True):
        assert_allclose(values, step(files, data, name), rtol=1e-4, atol=1e-5)
    for same in (net.forward(outBlobNames=STEPS), net.forward(tuple(STEPS))):
        assert_array_equal(same[3], found[3])


def test_by_default_it_is_the_last_layer_s_first_output(files, data):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data)
    both = net.forward("both")
    assert_array_equal(net.forward(), both[:, :3])
    assert_array_equal(net.forward(outputName="two"), both[:, :3])
    (first, second), (again,) = net.forwardAndRetrieve(["two", "both"])
    assert_array_equal(np.concatenate([first, second], 1), both)
    assert_array_equal(again, both)


def test_what_it_gave_stays_when_it_runs_again(files, data):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data)
    first = net.forward()
    kept = first.copy()
    net.setInput(0 * data)
    assert not np.array_equal(net.forward(), kept)
    assert_array_equal(first, kept)


def test_the_input_is_the_net_s_own(files, data):
    net, mine = dnn.readNetFromCaffe(*files), data.copy()
    net.setInput(mine)
    wanted = net.forward()
    mine[...] = 0
    assert_array_equal(net.forward(), wanted)


def test_scale_and_mean(files, data):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data, "data", 0.5, (1, 2, 3))
    given = net.forward()
    net.setInput((data - np.array([1, 2, 3], np.float32).reshape(1, 3, 1, 1)) * np.float32(0.5))
    assert_allclose(given, net.forward(), rtol=1e-6)
    net.setInput(np.full((1, 3, 8, 10), 200, np.uint8), scalefactor=1 / 255)
    net.forward()


def test_shapes_may_change(files, data):
    net = dnn.readNetFromCaffe(*files)
    for shape in ((2, 3, 9, 5), (1, 3, 8, 10), (1, 3, 20, 30)):
        values = np.resize(data, shape)
        net.setInput(values)
        assert net.forward("both").shape == (shape[0], 6, shape[2] - 2, shape[3] - 2)
        assert_allclose(net.forward("bn"), step(files, values, "bn"), rtol=1e-4, atol=1e-5)


def test_a_detector_s_rows_come_by_score_with_zeros_behind(made):
    files = made(dnn_nets.detector(64, 3).replace("_threshold: 0.3", "_threshold: 0.8"))
    data = np.random.default_rng(0).standard_normal((2, 3, 64, 64)).astype(np.float32)
    whole, net = caffepy.Net(*files, caffepy.TEST), dnn.readNetFromCaffe(*files)
    whole.blobs["data"].reshape(*data.shape)
    rows = whole.forward(data=data)["detection_out"].reshape(-1, 7)
    net.setInput(data)
    found = net.forward()
    assert found.shape == (1, 1, 2 * 20, 7) and 2 < len(rows) < 40
    by_score = sorted(rows.tolist(), key=lambda row: (row[0], -row[2]))
    assert_allclose(found[0, 0, : len(rows)], by_score, rtol=1e-5, atol=1e-6)
    assert not found[0, 0, len(rows) :].any()
    assert net.getLayersShapes([2, 3, 64, 64])[2][-1][0].tolist() == [1, 1, 40, 7]


def test_costs_leave_the_input_as_it_is(files, data):
    net = dnn.readNetFromCaffe(*files)
    net.setInput(data)
    wanted = net.forward()
    assert net.getFLOPS([4, 3, 30, 30]) > net.getFLOPS([1, 3, 8, 10])
    assert_array_equal(net.forward(), wanted)


def test_times_are_ticks(files, data):
    net = dnn.readNetFromCaffe(*files)
    assert net.getPerfProfile()[0] == 0
    net.setInput(data)
    wanted = net.forward()
    whole, layers = net.getPerfProfile()
    assert whole > 0 and layers.shape == (len(net.getLayerNames()),) and (layers > 0).all()
    assert_array_equal(net.forward(), wanted)


def test_mistakes_are_told(files, data):
    net = dnn.readNetFromCaffe(*files)
    with pytest.raises(ConfigError, match=r"not all inputs .*found data.*setInput\(blob, 'data'\)"):
        net.forward()
    with pytest.raises(NotFound, match="'date' not found.*allowed: data.*Did you mean data"):
        net.setInput(data, "date")
    net.setInput(data)
    with pytest.raises(NotFound, match="no layer 'bth' in the net. Did you mean both"):
        net.forward("bth")
    net.setInput(data[:, :2])
    with pytest.raises(caffepy.errors.CaffeError, match="norm"):
        net.forward()
