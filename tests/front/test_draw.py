"""Pictures of nets: what is in them, that nothing lies over anything else, and all formats."""

import itertools
import os
import re
import sys
import types
import xml.etree.ElementTree as ET
import zlib

import cv2
import nets
import numpy as np
import pytest

from caffepy import draw
from caffepy.drawing import graph
from caffepy.drawing.layout import layout
from caffepy.drawing.pixels import PixelCanvas
from caffepy.drawing.svg import SvgCanvas
from caffepy.errors import ConfigError, NotFound
from caffepy.proto import caffe_pb2, text

LENET = """
name: "LeNet"
layer { name: "mnist" type: "DummyData" top: "data" top: "label" include { phase: TRAIN }
  dummy_data_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 } } }
layer { name: "mnist" type: "DummyData" top: "data" top: "label" include { phase: TEST }
  dummy_data_param { shape { dim: 10 dim: 1 dim: 28 dim: 28 } shape { dim: 10 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
  inner_product_param { num_output: 500 } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""
TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST


def net(prototxt=LENET):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return param


def layer(words):
    return net("layer { " + words + " }").layer[0]


def words_of(svg):
    return [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]


# -- labels ------------------------------------------------------------------------------------


def test_labels_are_pycaffes():
    assert draw.get_pooling_types_dict() == {0: "MAX", 1: "AVE", 2: "STOCHASTIC"}
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


# -- where it lies -----------------------------------------------------------------------------


def numbers(words):
    return [float(n) for n in re.findall(r"-?[\d.]+", words)]


def svg_parts(svg):
    """Boxes (left, top, right, bottom), texts (words, x, y, bold), edges (lists of points)."""
    boxes, texts, edges = [], [], []
    for element in ET.fromstring(svg).iter():
        tag = element.tag.split("}")[1]
        if tag == "polygon":
            points = np.reshape(numbers(element.get("points")), (-1, 2))
            boxes.append((*points.min(0), *points.max(0)))
        elif tag == "text":
            texts.append((element.text, float(element.get("x")), float(element.get("y")),
                          element.get("font-weight") == "bold"))
        elif tag == "path" and element.get("marker-end"):
            edges.append(np.reshape(numbers(element.get("d")), (-1, 2)))
    return boxes, texts, edges


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
@pytest.mark.parametrize("prototxt", [LENET, nets.googlenet(2), nets.resnet50(2)],
                         ids=["lenet", "googlenet", "resnet50"])
def test_nothing_overlaps(prototxt, rankdir):
    svg = draw.draw_net(net(prototxt), rankdir, "svg", shapes=prototxt is LENET)
    boxes, texts, edges = svg_parts(svg)
    size = ET.fromstring(svg)
    outer = []  # a layer within another's box lies in it; all others lie apart
    for a in boxes:
        assert a[0] > 0 and a[1] > 0
        assert a[2] < float(size.get("width")) and a[3] < float(size.get("height"))
        if not any(b is not a and b[0] <= a[0] and b[1] < a[1] and b[2] >= a[2] and b[3] >= a[3]
                   for b in boxes):
            outer.append(a)
    for a, b in itertools.combinations(outer, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1], (a, b)
    measure = SvgCanvas()
    for words, x, y, bold in texts:
        half = measure.text_width(words, bold) / 2
        assert any(b[0] < x - half and x + half < b[2] and b[1] < y - 5 and y + 5 < b[3]
                   for b in boxes), words
    for points in edges:  # corner points of the path: between bends it runs along a band
        for a, b in zip(points, points[1:], strict=False):
            for t in (0.25, 0.5, 0.75):
                x, y = a + t * (b - a)
                assert not any(o[0] < x < o[2] and o[1] < y < o[3] for o in outer)


def test_arrows_lead_the_way_that_rankdir_says():
    starts = {}
    for rankdir in ("TB", "BT", "LR", "RL"):
        _, texts, edges = svg_parts(draw.draw_net(net(), rankdir, "svg", TRAIN))
        starts[rankdir] = next((x, y) for words, x, y, _ in texts if words == "mnist")
        axis, sign = {"TB": (1, 1), "BT": (1, -1), "LR": (0, 1), "RL": (0, -1)}[rankdir]
        assert all(sign * (points[-1] - points[0])[axis] > 0 for points in edges)
    assert starts["TB"][1] < starts["BT"][1] and starts["LR"][0] < starts["RL"][0]


def test_chains_stand_upright_and_crossings_go():
    chain = layout([(20, 10)] * 5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert len({x for x, _ in chain.centers}) == 1
    assert [y for _, y in chain.centers] == sorted(y for _, y in chain.centers)
    # given crosswise: 0 and 1 on top, 2 and 3 below
    crossed = layout([(20, 10)] * 4, [(0, 3), (1, 2)])
    x = [center[0] for center in crossed.centers]
    assert (x[0] - x[1]) * (x[3] - x[2]) > 0
    # an edge past a node goes around it
    past = layout([(20, 10), (200, 10), (20, 10)], [(0, 1), (1, 2), (0, 2)])
    _, (bend, _), *_ = past.routes[2][1:]
    assert abs(bend - past.centers[1][0]) > 100
    assert layout([], []).size == (0, 0)
    # what has nothing behind stands right before what it leads to
    late = layout([(20, 10)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert late.centers[4][1] == late.centers[2][1]
    # a run between a wide fan and a narrow one is upright
    fans = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (6, 9)]
    sizes = [(20, 10), *[(200, 10)] * 3, *[(30, 10)] * 3, *[(90, 10)] * 3]
    x = [center[0] for center in layout(sizes, fans).centers]
    assert x[1:4] == x[4:7] == x[7:10] and x[0] == x[2]


def test_a_nets_trunk_is_one_line():
    _, texts, _ = svg_parts(draw.draw_net(net(), "TB", "svg", TRAIN))
    trunk = {x for words, x, _, _ in texts if words in (
        "conv1", "pool1", "ip1", "relu1 (ReLU)", "ip2", "64 x 20 x 24 x 24", "64 x 500")}
    assert len(trunk) == 1


def cross(first, second):
    """Do two edges between the same bands cross?"""
    return any((a[0] - c[0]) * (b[0] - d[0]) < -1e-6
               for (a, b), (c, d) in itertools.product(first, second)
               if a[1] == c[1] and b[1] == d[1])


def test_graphs_without_need_of_crossings_get_none():
    """Ladders of two rails with some rungs, their nodes numbered at random."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        order = rng.permutation(16)
        edges = [(i, i + 2) for i in range(14)] + [(i, i + 3) for i in range(0, 12, 4)]
        edges = [(int(order[a]), int(order[b])) for a, b in edges]
        edges = [edges[i] for i in rng.permutation(len(edges))]
        routes = layout([(20, 10)] * 16, edges).routes
        steps = [list(zip(route[1::2], route[2::2], strict=False)) for route in routes]
        assert not any(cross(a, b) for a, b in itertools.combinations(steps, 2)), seed


def test_random_graphs_have_no_overlaps():
    for seed in range(150):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(2, 25))
        sizes = [tuple(rng.uniform(5, 120, 2)) for _ in range(count)]
        edges = {tuple(sorted(rng.choice(count, 2, replace=False).tolist()))
                 for _ in range(int(rng.integers(1, 3 * count)))}
        placed = layout(sizes, sorted(edges))
        boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                 for (x, y), (w, h) in zip(placed.centers, sizes, strict=True)]
        assert min(b[0] for b in boxes) > -1e-6 and max(b[2] for b in boxes) < placed.size[0] + 1e-6
        for a, b in itertools.combinations(boxes, 2):
            assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1], seed
        for (tail, head), route in zip(sorted(edges), placed.routes, strict=True):
            assert route[0] == pytest.approx((placed.centers[tail][0], boxes[tail][3]))
            assert route[-1] == pytest.approx((placed.centers[head][0], boxes[head][1]))
            for (x, top), (_, bottom) in zip(route[2:-2:2], route[3:-2:2], strict=True):
                assert not any(b[0] < x < b[2] and b[1] < bottom and top < b[3] for b in boxes)


# -- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ext", ["png", "jpg", ".PNG"])
def test_pixels(ext):
    data = draw.draw_net(net(), "TB", ext)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] > 1000
    for color in ("#FF5050", "#FF9900", "#CC33FF", "#90EE90", "#E0E0E0"):
        bgr = [int(color[i : i + 2], 16) for i in (5, 3, 1)]
        assert (abs(picture.astype(int) - bgr).max(2) < 8).sum() > 500, color
    assert (picture.max(2) < 60).sum() > 2000  # ink


def test_letters_fit_their_boxes_in_pixels():
    canvas = PixelCanvas("png")
    canvas.begin(400, 40)
    words = "inception_3a/5x5_reduce kernel size: 10"
    canvas.text(words, (200, 20), True)
    columns = np.flatnonzero((canvas._picture < 200).any((0, 2))) / 2
    half = canvas.text_width(words, True) / 2
    assert 200 - half - 1.5 <= columns[0] and columns[-1] <= 200 + half + 1.5


def test_huge_pictures_are_drawn_smaller():
    canvas = PixelCanvas("png")
    canvas.begin(1000, 50000)
    assert max(canvas._picture.shape) <= 65000


def test_files_take_their_format_from_the_name(tmp_path):
    for name, start in (("a.svg", b"<svg"), ("a.png", b"\x89PNG"), ("a.dot", b"digraph"),
                        ("a.raw", b"digraph"), ("a.b.gv", b"digraph")):
        draw.draw_net_to_file(net(), tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(ConfigError, match="must end in"):
        draw.draw_net_to_file(net(), "picture")
    with pytest.raises(ConfigError, match=r"\.xyz.*svg, pdf, png"):
        draw.draw_net(net(), "TB", "xyz")
    with pytest.raises(ConfigError, match="LR, RL, TB, BT"):
        draw.draw_net(net(), "up", "svg")


def test_dot_quotes_and_connects():
    out = draw.get_dot(net('name: "a \\"b\\"" layer { name: "x\\\\y" type: "ReLU" bottom: "i" '
                           'top: "o" }'), "BT", shapes=False)
    assert out.startswith('digraph "a \\"b\\"" {\n  rankdir=BT;')
    assert r'n0 [label="x\\y\n(ReLU)", shape=box, fillcolor="#6495ED"];' in out
    assert "n1 -> n0;" in out and "n0 -> n2;" in out and out.count("octagon") == 2


def test_eps_and_graphviz_need_dot(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for options in (dict(ext="eps"), dict(ext="png", graphviz=True)):
        with pytest.raises(NotFound, match="not on the PATH.*svg, pdf or png"):
            draw.draw_net(net(), "TB", **options)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_graphviz_is_asked_where_it_is(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\n[ "$1" = -Tbad ] && { echo "no bad" >&2; exit 1; }\n'
                       'echo "args $@"; cat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert draw.draw_net(net(), "TB", "eps").startswith(b"args -Teps\ndigraph")
    assert draw.draw_net(net(), "TB", "pdf").startswith(b"%PDF")  # not asked
    assert draw.draw_net(net(), "TB", "pdf", graphviz=None).startswith(b"args -Tpdf")
    assert draw.draw_net(net(), "TB", "png", graphviz=True).startswith(b"args -Tpng")
    with pytest.raises(RuntimeError, match="no bad"):
        draw.draw_net(net(), "TB", "bad", graphviz=True)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_graphviz_without_a_format_is_done_without(tmp_path, monkeypatch, caplog):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "no png" >&2; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw.draw_net(net(), "TB", "png", graphviz=None).startswith(b"\x89PNG")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert draw.draw_net(net(), "TB", "svg", graphviz=None).startswith(b"<svg")


def pdf_page(data):
    """What a PDF of ours draws, after a look at its table of objects."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
    table = re.findall(rb"(\d{10}) 00000 n \n", data[start:])
    for number, place in enumerate(table, 1):
        assert data[int(place):].startswith(b"%d 0 obj\n" % number)
    length, stream = re.search(rb"/Length (\d+) .*?stream\n(.*)\nendstream", data, re.S).groups()
    assert int(length) == len(stream)
    return zlib.decompress(stream).decode()


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_pdf(rankdir):
    data = draw.draw_net(net(), rankdir, "pdf", TRAIN)
    drawn = pdf_page(data)
    texts = re.findall(r"\((.*?)\) Tj", drawn.replace(r"\(", "[").replace(r"\)", "]"))
    for expected in ("conv1", "relu1 \\050ReLU\\051", "64 x 20 x 24 x 24"):
        assert expected in texts
    width, height = map(float, re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert (height > width) == (rankdir == "TB")
    assert "1.000 0.314 0.314 rg" in drawn and drawn.count(" f") >= 9  # a box, arrow heads


def test_pdf_of_any_letter_and_size():
    strange = net('layer { name: "\\303\\251(\\342\\206\\222\\\\" type: "ReLU" }')
    assert r"(\351\050?\134) Tj" in pdf_page(draw.draw_net(strange, "TB", "pdf"))
    long = net("".join(f'layer {{ name: "r{i}" type: "ReLU" bottom: "{i}" top: "{i + 1}" }}'
                       for i in range(400)))
    data = draw.draw_net(long, "TB", "pdf", shapes=False)
    assert float(re.search(rb"MediaBox \[0 0 [\d.]+ ([\d.]+)\]", data)[1]) == 14400


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
