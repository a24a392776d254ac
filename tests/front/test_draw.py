"""Pictures of nets: labels as pycaffe's, and what is in them."""

import sys
import types

import pytest
from drawn import LENET, TEST, TRAIN, layer, net, words_of

from caffepy import draw
from caffepy.drawing import graph
from caffepy.errors import ConfigError, NotFound

# -- labels ------------------------------------------------------------------------------------


def test_labels_are_pycaffes():
    methods = draw.get_pooling_types_dict()  # those of forks, too
    assert {number: methods[number] for number in range(3)} == {
        0: "MAX", 1: "AVE", 2: "STOCHASTIC"}
    conv, pool, ip = (net().layer[i] for i in (2, 3, 4))
    assert draw.get_layer_label(conv, "TB") == (
        '"conv1 (Convolution) kernel size: 5 stride: 1 pad: 0"')
    assert draw.get_layer_label(conv, "LR", True) == (
        r'"conv1\n(Convolution)\nkernel size: 5\nstride: 1\npad: 0\nlr mult: 1.0, 2.0"')
    assert draw.get_layer_label(pool, "BT") == (
        '"pool1 (Pooling MAX) kernel size: 2 stride: 2 pad: 0"')
    assert draw.get_layer_label(ip, "TB", True) == '"ip1 (InnerProduct) lr mult: 1.0, 1.0"'
    assert draw.get_edge_label(conv) == "20" and draw.get_edge_label(ip) == "500"
    data = layer('type: "Data" data_param { batch_size: 64 }')
    assert draw.get_edge_label(data) == "Batch 64"
    assert draw.get_edge_label(pool) == '""'
    assert [draw.choose_color_by_layertype(kind) for kind in (
        "Convolution", "Deconvolution", "Pooling", "InnerProduct", "ReLU")] == [
        "#FF5050", "#FF5050", "#FF9900", "#CC33FF", "#6495ED"]


def test_windows_of_other_words():
    sides = layer('name: "c" type: "Convolution" convolution_param { kernel_h: 1 kernel_w: 7 '
                  "pad_w: 3 stride: 2 stride: 1 }")
    assert "kernel size: 1x7 stride: 2x1 pad: 0x3" in draw.get_layer_label(sides, "TB")
    whole = layer('name: "p" type: "Pooling" pooling_param { pool: AVE global_pooling: true }')
    assert draw.get_layer_label(whole, "TB") == '"p (Pooling AVE) global"'


def test_lr_mults():
    conv = 'type: "Convolution" '
    for blocks, expected in (("", (1, 1)), ("param { lr_mult: 3 }", (3, 1)),
                             ("param { lr_mult: 0 } param { lr_mult: 2 }", (0, 2))):
        assert draw.get_layer_lr_mult(layer(conv + blocks)) == expected
    with pytest.raises(ConfigError, match="at most two"):
        draw.get_layer_lr_mult(layer(conv + "param { } " * 3))
    with pytest.raises(ConfigError, match="ReLU layers do not have"):
        draw.get_layer_lr_mult(layer('type: "ReLU"'))


# -- what is in the picture --------------------------------------------------------------------


def test_svg_names_layers_settings_shapes_and_phases():
    words = words_of(draw.draw_net(net(), "TB", "svg", TRAIN))
    for expected in ("conv1", "(Convolution)", "kernel size: 5 stride: 1 pad: 0", "(Pooling MAX)",
                     "relu1 (ReLU)", "64 x 1 x 28 x 28", "64 x 20 x 24 x 24", "64 x 500", "label",
                     "scalar"):
        assert expected in words
    assert "accuracy" not in words and words.count("mnist") == 1
    words = words_of(draw.draw_net(net(), "TB", "svg", TEST, display_lrm=True))
    assert "accuracy" in words and "10 x 20 x 24 x 24" in words
    assert "kernel size: 5 stride: 1 pad: 0 lr mult: 1.0, 2.0" in words
    words = words_of(draw.draw_net(net(), "LR", "svg"))
    assert words.count("mnist") == 2 and "kernel size: 5" in words and "accuracy" in words


def test_without_shapes_there_are_names_and_numbers_of_outputs():
    words = words_of(draw.draw_net(net(), "TB", "svg", shapes=False))
    assert "data" in words and "20" in words and "500" in words
    assert not any(" x " in word for word in words)


def test_nets_that_cannot_be_built_are_drawn_all_the_same():
    strange = net('layer { name: "a" type: "NoSuchType" bottom: "x" top: "y" } '
                  'layer { name: "d" type: "Data" top: "z" data_param { source: "/nowhere" } }')
    words = words_of(draw.draw_net(strange, "TB", "svg"))
    assert {"a", "(NoSuchType)", "x", "y", "d", "(Data)"} <= set(words)


def test_names_may_hold_any_letter():
    words = words_of(draw.draw_net(net('layer { name: "a<b>&c" type: "ReLU" }'), "TB", "svg"))
    assert "a<b>&c" in words
    assert draw.draw_net(net('layer { name: "\\303\\251" type: "ReLU" }'), "TB", "png")


def test_fillers_do_no_work_for_a_picture():
    filled = LENET.replace("xavier", "of_a_plugin_that_is_not_here")
    assert "64 x 20 x 24 x 24" in words_of(draw.draw_net(net(filled), "TB", "svg", TRAIN))


def test_old_nets_are_drawn_and_left_as_they_are():
    old = net('name: "old" input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 '
              'layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" '
              "convolution_param { num_output: 2 kernel_size: 3 } }")
    before = old.SerializeToString()
    words = words_of(draw.draw_net(old, "TB", "svg"))
    assert "(Convolution)" in words and "1 x 2 x 6 x 6" in words
    assert old.SerializeToString() == before


def test_layers_in_place_stand_in_the_box_before_and_two_producers_share_a_blob():
    built = graph.build(net())
    assert [node.within for node in built.nodes if node.within] == [["relu1 (ReLU)"]]
    data = [i for i, node in enumerate(built.nodes) if node.blob and node.lines[0] == "data"]
    assert len(data) == 1 and sum(head == data[0] for _, head in built.edges) == 2
    # one that works in place on two bottoms has a box, and what comes after sees its top
    both = graph.build(net(
        'layer { name: "i" type: "Input" top: "a" } layer { name: "j" type: "Input" top: "b" } '
        'layer { name: "s" type: "Eltwise" bottom: "a" bottom: "b" top: "a" } '
        'layer { name: "r" type: "ReLU" bottom: "a" top: "c" }'))
    names = [node.lines[0] for node in both.nodes]
    tails = [names[tail] for tail, head in both.edges if names[head] == "r"]
    assert tails == ["a"] and names.count("a") == 2
    assert not any(both.leads(head, tail) for tail, head in both.edges)


def test_shapes_without_the_data(caplog):
    absent = net(LENET.replace('type: "DummyData"', 'type: "Data"').replace(
        "dummy_data_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 } }",
        'data_param { source: "/no/such/lmdb" batch_size: 64 }').replace(
        "dummy_data_param { shape { dim: 10 dim: 1 dim: 28 dim: 28 } shape { dim: 10 } }",
        'data_param { source: "/no/such/lmdb" batch_size: 10 }'))
    words = words_of(draw.draw_net(absent, "TB", "svg", TRAIN, input_shape=(1, 28, 28)))
    assert "64 x 20 x 24 x 24" in words
    assert "64 x 20 x 24 x 24" not in words_of(draw.draw_net(absent, "TB", "svg"))
    assert "layer 'mnist': /no/such/lmdb is not there" in caplog.text
    absent.layer[0].transform_param.crop_size = 28
    words = words_of(draw.draw_net(absent, "TB", "svg", TRAIN))
    assert "64 x 3 x 28 x 28" in words and "64 x 20 x 12 x 12" in words


def test_pydot_is_the_users(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(NotFound, match="pydot is not installed"):
        draw.get_pydot_graph(net(), "LR")
    module = types.ModuleType("pydot")
    module.graph_from_dot_data = lambda text: [("graph", text)]
    monkeypatch.setitem(sys.modules, "pydot", module)
    kind, out = draw.get_pydot_graph(net(), "LR", label_edges=False, phase=TRAIN)
    assert kind == "graph" and out == draw.get_dot(net(), "LR", TRAIN, shapes=False)
