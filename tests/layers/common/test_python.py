"""Python layers: the four methods, and all that a layer may do in a net."""


import numpy as np
import pytest
from numpy.testing import assert_allclose
from python_layers import INPUT, line, net_of
from support import build, check_gradient, random

import caffepy
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2


def test_the_four_methods(user_layers):
    x = random(4, 3)
    layer, bottom, top = build(line("Scaled", "2.5"), x)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 2.5 * x, rtol=1e-6)
    check_gradient(line("Scaled", "2.5"), (4, 3))


def test_the_users_object(user_layers):
    layer, bottom, top = build(line("Scaled", "2"), (2, 3), phase="TEST")
    instance = layer.instance
    assert type(instance).__name__ == "Scaled" and isinstance(instance, caffepy.Layer)
    assert instance.phase == caffepy.TEST and instance.type == "Python"
    assert instance.param_str == "2" and instance.name == "layer"
    assert layer.factor == 2.0, "what the layer lacks is looked up in the user's object"
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = layer.nothing_of_this_name


def test_a_loss(user_layers):
    x, y = random(4, 3), random(4, 3, seed=5)
    net = net_of(
        'name: "a" type: "Input" top: "a" input_param { shape { dim: 4 dim: 3 } }',
        'name: "b" type: "Input" top: "b" input_param { shape { dim: 4 dim: 3 } }',
        'name: "ip" type: "Scale" bottom: "a" top: "ip"',
        'name: "loss" type: "Python" bottom: "ip" bottom: "b" top: "loss" loss_weight: 2 '
        'python_param { module: "user_layers" layer: "EuclideanLoss" }')
    net.blobs["a"].data[...], net.blobs["b"].data[...] = x, y
    assert net.forward() == pytest.approx(((x - y) ** 2).sum() / 4, rel=1e-5)
    net.clear_param_diffs()
    net.backward()
    # d loss / d scale[c] = sum over n of 2 * (x - y) / 4 * x, the weight's 2 left to the layer
    assert_allclose(net.params["ip"][0].diff, ((x - y) / 4 * x).sum(0), rtol=1e-4, atol=1e-5)


def test_without_loss_weight_it_is_no_loss(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" bottom: "x" ' + line("EuclideanLoss"))
    assert net.loss_weights["y"] == 0 and net.forward() == 0


def test_parameters(user_layers, tmp_path):
    check_gradient(line("Affine", "2"), (3, 4))
    specs = (INPUT, 'name: "p" bottom: "x" param { lr_mult: 3 } ' + line("Affine", "2"),
             'name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss"')
    target = 'name: "t" type: "Input" top: "t" input_param { shape { dim: 4 dim: 2 } }'
    net = net_of(target, *specs)
    assert [blob.shape for blob in net.params["p"]] == [(2, 75), (2,)]
    assert [p.lr_mult for p in net.parameters] == [3, 1]
    assert_allclose(net.params["p"][0].data.ravel(), np.arange(150))
    assert not net.params["p"][1].data.any()
    net.blobs["x"].data[...] = random(4, 3, 5, 5)
    net.forward()
    net.backward()
    assert net.params["p"][0].diff.any()
    net.params["p"][0].data[...] = 5
    net.save(tmp_path / "weights.caffemodel")
    other = net_of(target, *specs)
    other.load(tmp_path / "weights.caffemodel")
    assert (other.layer("p").instance.blobs[0].data == 5).all()


def test_the_arena_of_the_parameters_reaches_the_users_object(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Affine", "2"))
    net.arena.values[:] = 2
    net.blobs["x"].data[...] = 1
    net.forward()
    assert_allclose(net.blobs["y"].data, 2 * 75 + 2)


def test_a_data_layer(user_layers):
    net = net_of('name: "p" type: "Python" top: "x" top: "phase" '
                 'python_param { module: "user_layers" layer: "Source" }',
                 'name: "double" type: "Power" bottom: "x" top: "y" power_param { scale: 2 }',
                 phase=caffe_pb2.TEST)
    for i in range(3):
        assert net.forward() == 0
        assert_allclose(net.blobs["y"].data, np.full((2, 3), 2 * i))
    assert (net.blobs["phase"].data == 1).all()
    net.layers[0].set_batch(5)  # as Fast R-CNN calls its layer from outside
    net.forward()
    assert net.blobs["y"].shape == (5, 3)


def test_attributes_of_the_user_do_not_reach_the_net(user_layers):
    net = net_of('name: "p" type: "Python" top: "x" top: "phase" '
                 'python_param { module: "user_layers" layer: "Source" }')
    layer = net.layers[0]
    assert layer.data is False and layer.labels == () and layer.position == 0
    assert layer.loss is False and layer.name == "p"
    assert layer.instance.labels is None and layer.instance.name is None


@pytest.mark.parametrize("channels_last", [False, True])
def test_views_kept_by_a_layer_amid_a_net(user_layers, channels_last):
    net = net_of(
        INPUT, 'name: "in" type: "Power" bottom: "x" top: "a" power_param { scale: 2 }',
        'name: "p" bottom: "a" ' + line("Keeper"),
        'name: "out" type: "Power" bottom: "y" top: "b" power_param { scale: 10 }')
    place = net.context.place.last if channels_last else net.context.place
    follow = caffepy.Layer.follow
    try:  # layers around it that work in channels-last order, as the fast engines do
        caffepy.Layer.follow = lambda self, tensor: place
        for seed in range(4):
            x = random(4, 3, 5, 5, seed=seed)
            net.blobs["x"].data[...] = x
            for i in range(4):  # not net.forward(), which sees to kept views by itself
                net.forward_layer(i)
            assert_allclose(net.blobs["b"].data, 10 * (2 * x + 1), rtol=1e-4, atol=1e-5)
            dy = random(4, 3, 5, 5, seed=seed + 9)
            net.blobs["b"].diff[...] = dy
            for i in (3, 2, 1):
                net.nodes[i].propagate_down = [True]
                net.backward_layer(i)
            assert_allclose(net.blobs["x"].diff, 2 * 3 * 10 * dy, rtol=1e-4, atol=1e-5)
    finally:
        caffepy.Layer.follow = follow


def test_reshape_runs_before_every_forward(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Scaled", "2"))
    calls = []
    net.layers[1].instance.reshape = lambda bottom, top: calls.append(1)
    net.forward(), net.forward()
    assert len(calls) == 2


def test_in_place(user_layers):
    net = net_of(INPUT, 'name: "p" type: "Python" bottom: "x" top: "x" '
                 'python_param { module: "user_layers" layer: "Scaled" param_str: "3" }')
    net.blobs["x"].data[...] = 2
    net.forward()
    assert (net.blobs["x"].data == 6).all()


def test_what_the_class_declares_is_checked(user_layers):
    with pytest.raises(ConfigError, match=r"takes 2 bottom blob\(s\) \(found 1\)"):
        net_of(INPUT, 'name: "p" bottom: "x" ' + line("Declared", "2"))
    layer = net_of(INPUT, 'name: "p" bottom: "x" bottom: "x" ' + line("Declared", "2")).layers[-1]
    assert layer.keeps == ("top",) and layer.labels == (1,) and layer.tops == "0+"
    assert layer.learns == (), "of another type than Layer's, so it means something else"


def test_a_gradient_that_is_needed_and_missing(user_layers):
    loss = 'name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1'
    scale = 'name: "s" type: "Scale" bottom: "x" top: "s"'
    with pytest.raises(ConfigError, match="layer 'p' .*this layer has no gradient, and one is"):
        net_of(INPUT, scale, 'name: "p" bottom: "s" ' + line("Broken"), loss)
    net = net_of(INPUT, scale, 'name: "p" bottom: "s" propagate_down: false ' + line("Broken"),
                 loss)
    assert [node.needs_backward for node in net.nodes] == [False] * 4
    net = net_of(INPUT, scale, 'name: "p" bottom: "s" ' + line("Scaled", "2"), loss)
    assert [node.needs_backward for node in net.nodes] == [False, True, True, True]


def test_an_init_of_the_users_own(user_layers):
    layer, bottom, top = build(line("WithInit", "4"), (2, 3))
    assert layer.made_for == "layer4"
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 4 * bottom[0].data)


def test_draws_of_the_user_are_resumed(user_layers):
    whole = build(line("Dropping", "1"), (2, 3))
    draws = []
    for _ in range(4):
        whole[0].forward(*whole[1:])
        draws.append(whole[2][0].data.copy())
    assert whole[0].position == 4 and not np.array_equal(draws[2], draws[3])
    resumed = build(line("Dropping", "1"), (2, 3))
    resumed[0].position = 3
    resumed[0].forward(*resumed[1:])
    assert_allclose(resumed[2][0].data, draws[3])


def test_close_reaches_the_user(user_layers):
    layer, _, _ = build(line("Closing", "1"), (2, 3))
    layer.close()
    assert layer.instance.closed
