"""models/lenet says what the original's example says."""

from pathlib import Path

import pytest
from google.protobuf import text_format

from caffepy.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2]


def read(name, message):
    return text_format.Parse((ROOT / "models" / "lenet" / name).read_text(), message)


def test_solver():
    solver = read("lenet_solver.prototxt", caffe_pb2.SolverParameter())
    assert (ROOT / solver.net).is_file()
    assert solver.solver_mode == solver.CPU
    assert solver.snapshot_prefix == "models/lenet/lenet"
    assert (list(solver.test_iter), solver.test_interval, solver.display) == ([100], 500, 100)
    assert (solver.max_iter, solver.snapshot, solver.lr_policy) == (10000, 5000, "inv")
    rates = (solver.base_lr, solver.momentum, solver.weight_decay, solver.gamma, solver.power)
    assert rates == pytest.approx((0.01, 0.9, 0.0005, 0.0001, 0.75))


@pytest.mark.parametrize("name, ends", [
    ("lenet_train_test.prototxt", ["accuracy", "loss"]), ("lenet.prototxt", ["prob"]),
])
def test_net(name, ends):
    net = read(name, caffe_pb2.NetParameter())
    layers = {layer.name: layer for layer in net.layer}
    hidden = ["conv1", "pool1", "conv2", "pool2", "ip1", "relu1", "ip2"]
    assert list(layers)[1:] == hidden + ends
    assert [layers[name].convolution_param.num_output for name in ("conv1", "conv2")] == [20, 50]
    assert [layers[name].inner_product_param.num_output for name in ("ip1", "ip2")] == [500, 10]
    made = {"data", "label"}
    for layer in net.layer:
        assert made.issuperset(layer.bottom), layer.name
        made.update(layer.top)


def test_both_phases_read_mnist():
    net = read("lenet_train_test.prototxt", caffe_pb2.NetParameter())
    train, test = net.layer[:2]
    assert [layer.include[0].phase for layer in (train, test)] == [0, 1]
    assert [layer.data_param.batch_size for layer in (train, test)] == [64, 100]
    assert [layer.data_param.backend for layer in (train, test)] == [1, 1]
    assert [layer.data_param.source for layer in (train, test)] == [
        "data/mnist/mnist_train_lmdb", "data/mnist/mnist_test_lmdb"]
    assert [layer.transform_param.scale for layer in (train, test)] == [1 / 256, 1 / 256]
    for name in ("conv1", "conv2", "ip1", "ip2"):
        (layer,) = (layer for layer in net.layer if layer.name == name)
        assert [param.lr_mult for param in layer.param] == [1, 2]
