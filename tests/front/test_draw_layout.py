"""Where the parts of a drawn net lie: nothing over anything else, straight trunks."""

import itertools
import re
import xml.etree.ElementTree as ET

import nets
import numpy as np
import pytest
from drawn import LENET, TRAIN, net

from caffepy import draw
from caffepy.drawing.layout import layout
from caffepy.drawing.svg import SvgCanvas


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
