"""Nets whose blobs take turns give the same numbers to the bit, and nobody reads another's."""

import numpy as np
import pytest
from fuzz.nets_random import Maker
from models.offline import net_param
from support import ENGINES
from turning import (
    BRANCHES,
    CHAIN,
    CONV,
    INPUT,
    LOSS,
    SUM,
    TEST,
    TRAIN,
    block,
    feed,
    no_sharing,
    parsed,
    same,
    scatter,
    shared,
    watch,
)

from caffepy.core import debug, registry, turns
from caffepy.core.context import Context
from caffepy.core.layer import Layer
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.solvers.solver import Solver

__all__ = ["no_sharing"]  # a fixture


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize("seed", range(30))
def test_random_nets_give_the_same_to_the_bit(seed, phase, engine, no_sharing):
    param = parsed(Maker(seed).text())
    nets = [build(param, phase, context=Context(seed=5, engines=(engine,)), optimize=True)
            for build in (Net, no_sharing)]
    watch(nets[0])
    backward = phase == TRAIN or param.force_backward
    for batch in (3, 5, 2):
        for net in nets:
            for name in ("data", "label"):
                net.blobs[name].reshape(batch, *net.blobs[name].shape[1:])
            feed(net)
        same(*nets, backward=backward)
    nets[0].before_forward.append(lambda i: None)  # whoever looks between sees one by one
    nets[1].before_forward.append(lambda i: None)
    same(*nets, backward=backward)
    assert any(map(shared, nets[:1])) and not shared(nets[1])


# each architecture once; for the large ones one item, and no fillers, which take seconds
NETS = ["lenet/lenet_train_test", "mnist_siamese/train_val", "mnist_autoencoder/train_val",
        "cifar10/cifar10_full_sigmoid_bn_train_test", "alexnet_cifar10/train_val",
        "hdf5_classification/nonlinear_train", "caffenet/train_val", "alexnet/train_val",
        "googlenet/train_val", "resnet50/train_val", "squeezenet/train_val",
        "mobilenet/train_val", "vgg16/train_val"]
SLIM = 64  # outputs of inner products that have thousands


def slim(path):
    param = net_param(path, 1, fill=False)
    for layer in param.layer:
        if layer.inner_product_param.num_output > 1000:
            layer.inner_product_param.num_output = SLIM
        if layer.type == "DummyData" and path.startswith("vgg16"):  # whose layers are many
            layer.dummy_data_param.shape[0].dim[2:] = [64, 64]
    return param


@pytest.mark.parametrize("path", NETS)
def test_published_nets_give_the_same_to_the_bit(path, no_sharing):
    for phase in (TRAIN, TEST):
        param = slim(f"{path}.prototxt")
        nets = [build(param, phase, context=Context(seed=5), optimize=True,
                      stages=["test-on-test"]) for build in (Net, no_sharing)]
        watch(nets[0])
        for net in nets:
            scatter(net)
        same(*nets, backward=phase == TRAIN, passes=1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_layers_between_those_that_run_as_one(phase, engine, no_sharing):
    prototxt = INPUT + CONV.format("z", "x") + block("z", "z", "a") + block("a", "a", "b") + (
        LOSS % "b")
    nets = [build(parsed(prototxt), phase, context=Context(seed=5, engines=(engine,)),
                  optimize=True) for build in (Net, no_sharing)]
    sums = 2 * (phase == TEST and engine == "onednn")  # with the convolution before them
    assert len(nets[0].executor.fused) == 2 + sums and len(shared(nets[0])) > 5
    watch(nets[0])
    for net in nets:
        feed(net)
    same(*nets, backward=phase == TRAIN)


class Peek(Layer):
    """Looks at its blobs through Python's door, as layers of other people's making do."""

    def reshape(self, bottom, top):
        top[0].reshape_like(bottom[0])

    def forward(self, bottom, top):
        top[0].data[...] = 2 * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = 2 * top[0].diff


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_what_layers_of_others_touch_is_left_alone(phase, monkeypatch, no_sharing):
    registry.discover()  # before its table is copied
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    registry.register("Peek")(Peek)
    prototxt = INPUT + CHAIN + 'layer { name: "p" type: "Peek" bottom: "c" top: "p" }\n' + (
        SUM.format("s", "p", "f") + LOSS % "s")
    nets = [build(parsed(prototxt), phase, context=Context(seed=5), optimize=True)
            for build in (Net, no_sharing)]
    for net in nets:
        feed(net)
    same(*nets, backward=phase == TRAIN)
    peek = nets[0].nodes[nets[0].layer_names.index("p")]
    looked_at = {memory for blob in peek.bottoms + peek.tops
                 for memory in (blob.values.memory, blob.grads.memory)}
    assert shared(nets[0]) and not looked_at & set(shared(nets[0]))


def test_training_with_sums_of_gradients_and_tests_between(no_sharing, monkeypatch, tmp_path):
    def train(share):
        with monkeypatch.context() as patch:
            if not share:
                patch.setattr(turns, "groups", lambda *found: [])
            solver = Solver(caffe_pb2.SolverParameter(
                net_param=parsed(BRANCHES), base_lr=0.01, lr_policy="fixed", momentum=0.9,
                iter_size=2, test_iter=[2], test_interval=2, random_seed=3, max_iter=5,
                snapshot_prefix=str(tmp_path / "s"), snapshot_after_train=False,
            ), optimize=True)
        for net in (solver.net, *solver.test_nets):
            feed(net)
        assert bool(shared(solver.net)) == bool(shared(solver.test_nets[0])) == share
        solver.solve()
        return [solver.smoothed_loss, *(p.blob.data.copy() for p in solver.net.parameters)]

    for one, two in zip(train(True), train(False), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_debug_info_tells_the_same(phase, no_sharing, monkeypatch):
    told = []
    for build in (Net, no_sharing):
        lines: list[tuple] = []
        monkeypatch.setattr(debug.logger, "info", lambda *line, to=lines: to.append(line))
        net = build(parsed("debug_info: true " + BRANCHES), phase, context=Context(seed=5),
                    optimize=True)
        feed(net)
        net.forward()
        if phase == TRAIN:
            net.backward()
        told.append(lines)
    assert told[0] == told[1] and len(told[0]) > 30
