"""Whole published nets: sizes, and channels-last order that survives from layer to layer."""

import math

import nets
import numpy as np
import pytest
from support import ENGINES

from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

KEEP_ORDER = {"Convolution", "Pooling", "LRN", "ReLU", "Concat", "Split"}


def build(source, engine=None, phase=caffe_pb2.TRAIN):
    param = caffe_pb2.NetParameter()
    text.parse(source, param)
    return Net(param, phase, context=Context(seed=3, engines=[engine] if engine else None))


@pytest.mark.skipif("onednn" not in ENGINES, reason="no oneDNN on this machine")
def test_no_activation_is_reordered_between_googlenets_fast_layers():
    net = build(nets.googlenet(), "onednn")
    net.forward(), net.backward()  # plans are made, weights reordered
    net.clear_param_diffs()
    paid = {}
    for direction, step, order in (
        ("forward", net.forward_layer, range(len(net.layers))),
        ("backward", net.backward_layer, reversed(range(len(net.layers)))),
    ):
        for i in order:
            if direction == "backward" and not net.nodes[i].needs_backward:
                continue
            before = net.context.mover.reorders
            step(i)
            if net.context.mover.reorders > before and net.layers[i].type in KEEP_ORDER:
                paid[direction, net.layers[i].name] = net.context.mover.reorders - before
    # conv1 reads the data, which comes in C order, and inner products give their gradients in C
    # order to the convolutions of the auxiliary classifiers
    assert paid == {("forward", "conv1"): 1, ("backward", "loss_4a/conv"): 1,
                    ("backward", "loss_4d/conv"): 1}


def test_parameters_count_as_published():
    # 6,998,552 without the auxiliary classifiers (Szegedy et al.), 13,378,280 with them
    googlenet = build(nets.googlenet())
    auxiliary = {"loss_4a", "loss_4d"}
    assert sum(p.count for p in googlenet.parameters) == 13_378_280
    assert sum(p.count for p in googlenet.parameters
               if p.layer.split("/")[0] not in auxiliary) == 6_998_552
    # 25,557,032 learned ones, and BatchNorm's statistics: 2 x 26,560 and 53 factors
    assert sum(p.count for p in build(nets.resnet50(size=64)).parameters) == 25_610_205


@pytest.mark.parametrize("source", [nets.googlenet(), nets.resnet50(2, size=64)],
                         ids=["googlenet", "resnet50"])
def test_engines_agree_on_whole_nets(source):
    losses = {}
    grads = {}
    for engine in ENGINES:
        net = build(source, engine, caffe_pb2.TRAIN)
        for layer in net.layers:  # the same masks on each engine: layers draw by position
            layer.position = 0
        losses[engine] = net.forward()
        net.backward()
        first = net.params["conv1"][0]
        grads[engine] = first.grads.read(Place.HOST).copy()
    assert all(math.isfinite(loss) for loss in losses.values())
    for engine in ENGINES[1:]:
        reference = grads["reference"]
        assert losses[engine] == pytest.approx(losses["reference"], rel=1e-3)
        # over 50 layers near-ties of ReLU fall differently; that is a small part of the whole
        apart = np.linalg.norm(grads[engine] - reference)
        assert apart < 0.05 * np.linalg.norm(reference)
