"""Nodes, and what a walk is handed beside the layers."""

import numpy as np

from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

NET = """
layer { name: "in" type: "Input" top: "x" top: "y"
        input_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "h" inner_product_param {
        num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "h" top: "h" }
layer { name: "loss" type: "EuclideanLoss" bottom: "h" bottom: "y" loss_weight: 3 }
"""


def build():
    param = caffe_pb2.NetParameter()
    text.parse(NET, param)
    net = Net(param, caffe_pb2.TRAIN)
    for name in ("x", "y"):
        net.blobs[name].data[...] = np.random.default_rng(1).normal(size=net.blobs[name].shape)
    return net


def test_a_node_knows_its_layers_place():
    net = build()
    source, ip, relu, loss = net.nodes
    assert [node.number for node in net.nodes] == [0, 1, 2, 3]
    assert [node.layer for node in net.nodes] == net.layers
    assert source.top_names == ["x", "y"] and not source.needs_backward and not source.wanted
    assert ip.named_bottoms == [("x", net.blobs["x"])] and ip.wanted == []
    assert ip.needs_backward and ip.loss_terms == [] and not ip.in_place and relu.in_place
    assert loss.bottom_names == ["h", "y"] and loss.wanted == [net.blobs["h"]]
    assert loss.top_names == ["(automatic)"] and loss.loss_terms == [(loss.tops[0], 3)]
    assert net.forward() == loss.loss() == 3 * float(loss.tops[0].data)


def test_a_nodes_reshape_names_the_losses_to_be_seeded():
    source, ip, _, loss = build().nodes
    source.tops[0].reshape(7, 3)
    assert ip.shapes_changed and ip.reshape() == [] and not ip.shapes_changed
    assert loss.shapes_changed, "its bottom has grown"
    loss.tops[0].reshape(1)
    source.tops[1].reshape(7, 2)
    assert loss.reshape() == loss.loss_terms and loss.tops[0].shape == ()


def test_a_walk_does_behind_backward_what_it_is_handed():
    class Sequel:
        def before_replay(self):
            done.append("told")

        def forward(self):
            done.append("done")

    net, done = build(), []
    net.forward(), net.launch_backward(Sequel(), done.append)
    assert done == [3, 2, 1, 0, "told", "done"]
    del done[:]
    net.launch_backward()
    assert done == [], "nothing is remembered"


def test_debug_info_and_the_scale_of_gradients_are_handed_over(caplog):
    net = build()
    caplog.set_level("INFO", "caffepy")
    net.forward(), net.backward()
    plain, loss = net.params["ip"][0].diff.copy(), net.nodes[-1]
    assert not net.debug_info and not any("[Backward]" in line for line in caplog.messages)
    net.set_debug_info(True), net.scale_gradients(lambda: 8.0)
    assert net.grad_scale() == 8 and float(loss.tops[0].diff) == 24
    net.clear_param_diffs(), net.forward(), net.backward()
    np.testing.assert_array_equal(net.params["ip"][0].diff, plain)
    assert net.debug_info and any("[Backward] Layer ip" in line for line in caplog.messages)
