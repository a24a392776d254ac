"""Forward passes from tapes: that they give what the layers give, and when the layers run."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.core import registry
from caffepy.core.context import Context
from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.taped import MOST_IN_VAIN, WARM_UP
from caffepy.proto import caffe_pb2, text
from caffepy.settings import Settings

GAUSS = 'weight_filler { type: "gaussian" std: 0.2 } bias_filler { type: "gaussian" }'


def layer(name, type, bottom, top=None, body=""):
    reads = " ".join(f'bottom: "{b}"' for b in bottom.split())
    return f'layer {{ name: "{name}" type: "{type}" {reads} top: "{top or name}" {body} }}\n'


def conv(name, bottom, outputs, kernel, stride=1, pad=0):
    return layer(name, "Convolution", bottom, body=(
        f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} stride: {stride} "
        f"pad: {pad} {GAUSS} }}"))


INPUT = ('layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 '
         "dim: 20 dim: 18 } } }\n")
START = INPUT + conv("conv", "data", 16, 3, 2, 1) + layer("relu", "ReLU", "conv", "conv")
BRANCHES = START + (
    layer("pool", "Pooling", "conv", body="pooling_param { kernel_size: 3 stride: 2 }")
    + conv("left", "pool", 32, 1) + conv("right", "pool", 32, 3, 1, 1)
    + layer("bn", "BatchNorm", "right", "right", "batch_norm_param { eps: 0.01 }")
    + layer("scale", "Scale", "right", "right", "scale_param { bias_term: true }")
    + layer("sum", "Eltwise", "left right") + layer("sum/relu", "ReLU", "sum", "sum")
    + conv("half", "sum", 16, 1, 2) + conv("half2", "sum", 32, 1, 2)
    + layer("norm", "LRN", "half", body="lrn_param { local_size: 3 }")
    + layer("cat", "Concat", "norm half2")
    + layer("mean", "Pooling", "cat", body="pooling_param { pool: AVE kernel_size: 3 stride: 2 "
            "pad: 1 }")
    + layer("drop", "Dropout", "mean")
    + layer("all", "Pooling", "drop", body="pooling_param { pool: AVE global_pooling: true }")
    + layer("ip", "InnerProduct", "all", body=f"inner_product_param {{ num_output: 5 {GAUSS} }}")
    + layer("prob", "Softmax", "ip"))


def build(prototxt=BRANCHES, on=True, optimize=True, phase=caffe_pb2.TEST):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return Net(param, phase, optimize=optimize,
               context=Context(seed=3, settings=Settings(graphs=on)))


def look(net, seed, shape=None):
    """What the net makes of pictures."""
    blob = net.blobs["data"]
    if shape:
        blob.reshape(*shape)
    blob.data[...] = np.random.default_rng(seed).normal(size=blob.shape)
    loss = net.forward()
    return [loss, *(values.copy() for _, values, _ in net.outputs())]


def equal(a, b):
    for one, other in zip(a, b, strict=True):
        assert_array_equal(one, other)


def pair(prototxt=BRANCHES, **options):
    """A net that has tapes, and one that never has, after some passes."""
    net, other = build(prototxt, **options), build(prototxt, on=False, **options)
    for seed in range(WARM_UP + 2):
        equal(look(net, seed), look(other, seed))
    return net, other


@pytest.fixture
def own_types(monkeypatch):
    """Types that are registered meanwhile are forgotten afterwards."""
    registry.discover()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))


@pytest.mark.parametrize("optimize", [False, True])
def test_passes_are_played_and_give_the_same(played, optimize):
    net, other = pair(optimize=optimize)
    assert len(played) == 1, "the last one alone"
    for seed in range(9, 14):
        equal(look(net, seed), look(other, seed))
    assert len(played) == 6
    assert {"conv", "relu", "cat", "half2", "ip", "prob"} <= {*net.executor.taped}
    assert not other.executor.taped


def test_inputs_that_stay_and_inputs_that_change():
    net, other = pair()
    for seed in (7, 7, 8, 8, 8, 9):
        equal(look(net, seed), look(other, seed))
        equal([net.forward()], [other.forward()])
        equal([net.outputs()[0][1]], [other.outputs()[0][1]])


def test_a_view_that_is_kept_counts(played):
    net, other = pair()
    views = [each.blobs["data"].data for each in (net, other)]
    for value in range(4):
        for view in views:
            view[...] = value
        net.forward(), other.forward()
        equal([net.outputs()[0][1]], [other.outputs()[0][1]])
    assert len(played) >= 3


@pytest.mark.parametrize("name", ["conv", "right", "bn", "scale", "half", "ip"])
def test_parameters_that_change(played, name):
    net, other = pair()
    for each in (net, other):
        each.params[name][-1].data[...] *= 1.5
        each.params[name][0].data[...] += 0.5
    for seed in range(WARM_UP + 3):
        equal(look(net, seed), look(other, seed))
    assert played[-1] and net.executor.taped


def test_shapes_that_change(played):
    net, other = pair()
    for seed, shape in enumerate([
            (3, 3, 20, 18), (3, 3, 20, 18), (1, 3, 17, 19), *[(2, 3, 20, 18)] * (WARM_UP + 2)]):
        equal(look(net, seed, shape), look(other, seed, shape))
    assert net.executor.taped


def test_who_looks_between_layers_has_them_run(played):
    net, _ = pair()
    del played[:]
    seen = []
    net.after_forward.append(seen.append)
    look(net, 5)
    assert seen == list(range(len(net.layers))) and not played
    net.after_forward.clear()
    look(net, 5)
    assert played


def test_parts_of_a_pass_run_by_themselves(played):
    net, other = pair(optimize=False)
    del played[:]
    last = len(net.layers) - 1
    for each in (net, other):
        each.forward_range(0, 3)
        each.blobs["pool"].data[...] = 0.25
        each.forward_range(4, last)
    assert not played
    equal([net.outputs()[0][1]], [other.outputs()[0][1]])
    equal(look(net, 2), look(other, 2))
    assert played


def test_another_thread_has_scratch_memory_of_its_own(played):
    net, other = pair()
    del played[:]
    found = []
    thread = threading.Thread(target=lambda: found.append(look(net, 1)))
    thread.start()
    thread.join()
    equal(found[0], look(other, 1))
    assert not played


def test_nets_that_share_parameters():
    net, other = pair()
    owners = [build(phase=caffe_pb2.TRAIN), build(on=False, phase=caffe_pb2.TRAIN)]
    for each, owner in zip((net, other), owners, strict=True):
        each.share_trained_layers(owner)
    for step in range(3):
        for seed in range(WARM_UP + 2):
            equal(look(net, seed), look(other, seed))
        assert net.executor.taped
        for owner in owners:
            for blobs in owner.params.values():
                blobs[0].data[...] *= 1.0 + 0.1 * step


def test_layers_that_compute_by_numpy_run_by_themselves(played):
    prototxt = START + layer("abs", "AbsVal", "conv") + conv("after", "abs", 8, 3)
    net, other = pair(prototxt)
    equal(look(net, 5), look(other, 5))
    assert played
    assert "abs" not in net.executor.taped and {"conv", "after"} <= {*net.executor.taped}


@pytest.mark.usefixtures("own_types")
def test_layers_that_say_what_is_not_so_run_each_time():
    @registry.register("TestTapedCounting")
    class Counting(Layer):
        recordable = True  # so it says, and writes by NumPy
        runs = 0

        def reshape(self, bottom, top):
            top[0].reshape_like(bottom[0])

        def forward(self, bottom, top):
            type(self).runs += 1
            values = top[0].values.overwrite(Place.HOST)
            values[...] = bottom[0].values.read(Place.HOST) + self.runs

    net = build(START + layer("count", "TestTapedCounting", "conv") + conv("after", "count", 8, 3))
    for seed in range(WARM_UP + 4):
        look(net, seed)
    assert Counting.runs == WARM_UP + 4
    assert "after" in net.executor.taped and "count" not in net.executor.taped


@pytest.mark.usefixtures("own_types")
def test_work_on_an_array_that_was_taped_already_is_noticed():
    """A kernel has written the blob, and then a layer goes on with it by NumPy."""
    @registry.register("TestTapedAfterwards")
    class Afterwards(Layer):
        recordable = True

        def reshape(self, bottom, top):
            from caffepy.kernels.operations.relu import ReLUSpec

            top[0].reshape_like(bottom[0])
            self.kernel = self.plan(ReLUSpec(bottom[0].shape, 0.0, "float32"))

        def forward(self, bottom, top):
            self.kernel.forward(bottom[0].values, top[0].values)
            values = top[0].values.write(Place.HOST)
            values += 1

    net, other = pair(START + layer("one", "TestTapedAfterwards", "conv")
                      + conv("after", "one", 8, 3))
    equal(look(net, 5), look(other, 5))
    assert "one" not in net.executor.taped and "after" in net.executor.taped


def test_what_is_zero_is_read_as_zero_again():
    net, other = pair()
    for seed in range(WARM_UP + 4):
        for each in (net, other):
            for place in (Place.HOST, Place.HOST_LAST):  # what lies there still
                each.blobs["data"].values.overwrite(place)[...] = seed + 1
            each.blobs["data"].values.zero()
            each.forward()
        equal([net.outputs()[0][1]], [other.outputs()[0][1]])


def test_losses_and_what_comes_with_them():
    prototxt = START + conv("score", "conv", 4, 9) + layer(
        "loss", "Reduction", "score", body="loss_weight: 2")
    net, other = pair(prototxt)
    for seed in range(3):
        equal(look(net, seed), look(other, seed))


def test_tapes_that_are_never_played_are_made_no_more():
    net, other = pair()
    for step in range((WARM_UP + 1) * (MOST_IN_VAIN + 3)):
        for each in (net, other):  # what a tape has copies of never stays
            each.params["right"][0].data[...] *= 0.99
        equal(look(net, step), look(other, step))
    assert not net.executor.taped


def test_a_net_that_looked_elsewhere_has_its_own_scratch_memory():
    """Another net on the same engine wants more of it, and then the first one plays its tape."""
    context = Context(seed=3)
    param = caffe_pb2.NetParameter()
    text.parse(BRANCHES, param)
    nets = [Net(param, caffe_pb2.TEST, optimize=True, context=context) for _ in range(2)]
    alone = build(on=False)
    for ours, its in zip(nets[0].params.values(), alone.params.values(), strict=True):
        for a, b in zip(ours, its, strict=True):
            a.data[...] = b.data
    for seed in range(WARM_UP + 2):
        look(nets[0], seed)
        look(nets[1], seed, (5, 3, 80, 70))
    equal(look(nets[0], 3), look(alone, 3))
