"""caffepy.Net: forward and backward, whole and in part, and arrays in."""


import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pycaffe_nets import data, net_of

from caffepy.errors import ConfigError, NotFound, ShapeError


def test_forward_from_start_to_end(net):
    x = data(4, 2, 6, 6)
    out = net.forward(blobs=["conv"], data=x)
    assert set(out) == {"prob", "conv"}
    w, b = (blob.data for blob in net.params["ip"])
    assert_allclose(net.blobs["ip"].data, out["conv"].reshape(4, -1) @ w.T + b, rtol=1e-4,
                    atol=1e-5)
    assert_allclose(out["prob"].sum(1), 1, rtol=1e-5)

    net.blobs["ip"].data[...] = [[5, 0, 0, 0, 0]] * 4
    assert_allclose(net.forward(start="prob")["prob"][:, 0], np.exp(5) / (np.exp(5) + 4),
                    rtol=1e-5)
    net.blobs["prob"].data[...] = -1
    part = net.forward(end="ip")
    assert set(part) == {"ip"}
    assert_array_equal(net.blobs["prob"].data, -1)


def test_underscored_forward_and_backward_by_index(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    net.blobs["data"].data[...] = data(4, 3)
    loss = net._forward(0, 3)
    assert_allclose(loss, 2 * net.blobs["loss"].data, rtol=1e-6)
    assert net._forward(0, 2) == 0
    net._backward(3, 3)
    assert net.blobs["ip"].diff.any() and not net.params["ip"][0].diff.any()
    net._backward(2, 0)
    assert net.params["ip"][0].diff.any()
    for wrong in (lambda: net._forward(0, 4), lambda: net._forward(-1, 2),
                  lambda: net._backward(4, 0)):
        with pytest.raises(NotFound, match="0 to 3"):
            wrong()


def test_backward_with_diffs_start_and_end(tmp_path):
    prototxt = "force_backward: true" + pycaffe_nets.DEPLOY
    net = net_of(tmp_path, prototxt)
    net.forward(data=data(4, 2, 6, 6))
    seed = data(4, 5)
    net.blobs["ip"].diff[...] = seed
    out = net.backward(diffs=["conv"], start="ip")
    assert set(out) == {"data", "conv"}
    assert_allclose(net.params["ip"][1].diff, seed.sum(0), rtol=1e-4, atol=1e-5)
    assert out["data"].any()

    net.clear_param_diffs()
    assert not net.params["ip"][1].diff.any()
    assert set(net.backward(start="ip", end="ip")) == {"conv"}
    assert not net.params["conv"][0].diff.any(), "conv lies below the end"

    net.backward(prob=np.ones((4, 5)))
    assert_array_equal(net.blobs["prob"].diff, 1)
    assert_allclose(net.blobs["ip"].diff, 0, atol=1e-6)  # a softmax sums to one, whatever comes


def test_wrong_inputs_are_told_and_nothing_is_written(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    with pytest.raises(ConfigError, match="Input arguments.*found data; allowed: data, label"):
        net.forward(data=data(4, 3))
    with pytest.raises(ShapeError, match=r"not batch sized.*\(5,\).*\(4,\)"):
        net.forward(data=data(4, 3), label=np.zeros(5))
    with pytest.raises(ShapeError, match=r"blob 'data'.*\(4, 2\).*\(4, 3\)"):
        net.forward(data=data(4, 2), label=np.zeros(4))
    assert not net.blobs["data"].data.any()
    with pytest.raises(ConfigError, match="outputs.*found ip; allowed: loss"):
        net.backward(ip=data(4, 5))
    with pytest.raises(NotFound, match="Did you mean ip"):
        net.forward(end="ipp")
    with pytest.raises(NotFound, match="Did you mean loss"):
        net.forward(blobs=["los"])


@pytest.mark.parametrize("count", [3, 4, 10])
def test_forward_all_cuts_and_joins(net, count):
    x = data(count, 2, 6, 6)
    out = net.forward_all(blobs=["ip"], data=x)
    assert {name: values.shape for name, values in out.items()} == {
        "prob": (count, 5), "ip": (count, 5)}
    for i in range(count):
        net.blobs["data"].data[...] = x[i]
        net.forward()
        assert_allclose(out["prob"][i], net.blobs["prob"].data[0], rtol=1e-4, atol=1e-6)
    assert [len(batch["data"]) for batch in net._batch({"data": x})] == [4] * (-(-count // 4))


def test_forward_all_of_what_cannot_be_cut(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    out = net.forward_all(data=data(6, 3), label=np.zeros(6))
    assert out["loss"].shape == (2,), "a scalar per batch"
    with pytest.raises(ShapeError, match="equally many items"):
        net.forward_all(data=data(6, 3), label=np.zeros(7))
    with pytest.raises(ConfigError, match="needs an array for each input"):
        net.forward_all()


def test_forward_backward_all(tmp_path):
    net = net_of(tmp_path, "force_backward: true" + pycaffe_nets.DEPLOY)
    x, seeds = data(6, 2, 6, 6), data(6, 5)
    values, gradients = net.forward_backward_all(diffs=["ip"], data=x, prob=seeds)
    assert values["prob"].shape == (6, 5)
    assert gradients["data"].shape == x.shape and gradients["ip"].shape == (6, 5)
    p = values["prob"]
    expected = p * (seeds - (p * seeds).sum(1, keepdims=True))
    assert_allclose(gradients["ip"], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="found dat; allowed: data, prob"):
        net.forward_backward_all(dat=x)


def test_reshape_to_another_size(net):
    small = net.forward(data=data(4, 2, 6, 6))["prob"].copy()
    net.blobs["data"].reshape(1, 2, 6, 6)
    net.reshape()
    assert net.blobs["prob"].data.shape == (1, 5)
    assert_allclose(net.forward(data=data(4, 2, 6, 6)[2:3])["prob"], small[2:3], rtol=1e-5)
    with pytest.raises(ShapeError, match="'ip'"):
        net.blobs["data"].reshape(1, 2, 9, 9)
        net.reshape()

MEMORY = """
layer { name: "data" type: "MemoryData" top: "data" top: "label"
  memory_data_param { batch_size: 2 channels: 1 height: 2 width: 3 } }
layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" reduction_param { axis: 1 } }
"""


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1, 1)])
def test_set_input_arrays(tmp_path, shape):
    net = net_of(tmp_path, MEMORY)
    x, labels = data(4, 1, 2, 3), np.arange(4, dtype=np.float32).reshape(shape)
    net.set_input_arrays(x, labels)
    for batch in (0, 2, 0):
        assert_allclose(net.forward()["sum"], x[batch : batch + 2].reshape(2, -1).sum(1),
                        rtol=1e-5)
        assert_array_equal(net.blobs["label"].data, [batch, batch + 1])
    x[...] = 1
    assert_array_equal(net.forward()["sum"], 6)


@pytest.mark.parametrize("wrong, message", [
    (lambda x, y: (x.astype(np.float64), y), "data must be float32.*np.ascontiguousarray"),
    (lambda x, y: (x, y.astype(np.int64)), "labels must be float32"),
    (lambda x, y: (x.tolist(), y), "data must be float32.*found list"),
    (lambda x, y: (x[:, :, :, ::-1], y), "data must be C contiguous"),
    (lambda x, y: (x.reshape(4, 6), y), "data must be 4-d"),
    (lambda x, y: (x, y.reshape(2, 2)), "labels must be 4-d"),
    (lambda x, y: (x, y.reshape(1, 1, 2, 2)), "labels must be one number per item"),
    (lambda x, y: (x.reshape(4, 2, 1, 3), y), "do not fit the layer"),
    (lambda x, y: (x, y[:2]), "one label for each item"),
    (lambda x, y: (x[:3], y[:3]), "multiple of the batch size"),
])
def test_set_input_arrays_says_what_is_wrong(tmp_path, wrong, message):
    net = net_of(tmp_path, MEMORY)
    with pytest.raises(ShapeError, match=message):
        net.set_input_arrays(*wrong(data(4, 1, 2, 3), np.zeros(4, np.float32)))


def test_set_input_arrays_needs_memory_data(net):
    with pytest.raises(ConfigError, match="first layer is a MemoryDataLayer.*found Input"):
        net.set_input_arrays(data(4, 2, 6, 6), np.zeros(4, np.float32))
