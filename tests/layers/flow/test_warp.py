import logging
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, check_gradient, random, run

from caffepy.core.net import Net
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2, text

X = random(2, 3, 5, 6)
FLOW = np.floor(3 * random(2, 2, 5, 6, seed=1)) + 0.3  # far from where it has a corner
PIXELS = np.stack([np.tile(np.arange(6), (5, 1)), np.tile(np.arange(5)[:, None], (1, 6))])
LINE = 'type: "Warp" warp_param { coordinates: %s }'


def seen(x, places, absolute):
    """Each sample by itself."""
    y = np.zeros(x.shape)
    n, _, height, width = x.shape
    for i, r, c in np.ndindex(n, height, width):
        across, down = places[i, :, r, c]
        if not absolute and not (0 <= across <= width - 1 and 0 <= down <= height - 1):
            continue
        j, k = math.floor(across), math.floor(down)
        for row, column in np.ndindex(2, 2):
            if 0 <= k + row < height and 0 <= j + column < width:
                share = (1 - abs(across - j - column)) * (1 - abs(down - k - row))
                y[i, :, r, c] += share * x[i, :, k + row, j + column]
    return y


@pytest.mark.parametrize("word, places", [("RELATIVE", FLOW), ("ABSOLUTE", PIXELS + FLOW)])
def test_each_sample(word, places):
    expected = seen(X, PIXELS + FLOW, word == "ABSOLUTE")
    assert_allclose(run(build(LINE % word, X, places), [X, places])[0], expected, rtol=1e-4,
                    atol=1e-5)


@pytest.mark.parametrize("word, places", [("RELATIVE", FLOW), ("ABSOLUTE", PIXELS + FLOW)])
def test_gradient(word, places):
    check_gradient(LINE % word, X, places)


def test_the_two_differ_at_the_edge_alone():
    relative, absolute = (seen(X, PIXELS + FLOW, absolute) for absolute in (False, True))
    beyond = (relative != absolute).any(axis=1)
    assert beyond.any() and not beyond.all() and (relative[:, :, ~beyond[0]].any())


def test_where_nothing_moves_the_slope_is_the_mean_of_both_sides():
    flow = np.zeros((1, 2, 3, 4))
    x = random(1, 1, 3, 4)
    layer, bottom, top = build(LINE % "RELATIVE", x, flow, dtype=np.float64)
    layer.forward(bottom, top)
    assert_array_equal(top[0].data, x)
    top[0].diff[...] = 1
    layer.backward(top, [True, True], bottom)
    steps = np.diff(np.pad(x[0, 0], 1, "edge"), axis=1)[1:-1]
    assert_allclose(bottom[1].diff[0, 0], (steps[:, 1:] + steps[:, :-1]) / 2)
    steps = np.diff(np.pad(x[0, 0], 1, "edge"), axis=0)[:, 1:-1]
    assert_allclose(bottom[1].diff[0, 1], (steps[1:] + steps[:-1]) / 2)
    assert_array_equal(bottom[0].diff, np.ones(x.shape))


def test_places_far_away_or_unknown():
    places = np.full((1, 2, 1, 2), np.nan)
    places[0, :, 0, 1] = 1e30
    for word in ("RELATIVE", "ABSOLUTE"):
        built = build(LINE % word, np.ones((1, 1, 1, 2)), places)
        assert not run(built, [np.ones((1, 1, 1, 2)), places])[0].any()


def test_shapes_are_checked():
    for wrong in ((2, 3, 5, 6), (1, 2, 5, 6), (2, 2, 6, 6)):
        with pytest.raises(ShapeError, match="two numbers for each pixel"):
            build(LINE % "RELATIVE", X, wrong)


NET = """layer { name: "in" type: "Input" top: "x" top: "flow" input_param {
  shape { dim: [1, 1, 3, 4] } shape { dim: [1, 2, 3, 4] } } }
layer { name: "grid" type: "Grid" bottom: "flow" top: "grid" }
layer { name: "half" type: "Eltwise" bottom: "flow" top: "half" eltwise_param { coeff: 0.5 } }
layer { name: "places" type: "Eltwise" bottom: "half" bottom: "grid" top: "places" }
layer { name: "warp" type: "Warp" bottom: "x" bottom: "%s" top: "y" %s }"""


@pytest.mark.parametrize("bottom, words, without, absolute, warned", [
    ("places", "", "", True, False),
    ("half", "", "", False, True),
    ("half", "", "Grid", False, False),
    ("half", "warp_param { coordinates: RELATIVE }", "", False, False),
    ("half", "warp_param { coordinates: ABSOLUTE }", "Grid", True, False),
])
def test_the_net_says_whose_it_is(bottom, words, without, absolute, warned, caplog):
    param = caffe_pb2.NetParameter()
    text.parse(NET % (bottom, words), param)
    if without:
        del param.layer[3], param.layer[1]
    with caplog.at_level(logging.WARNING, logger="caffepy"):
        net = Net(param, caffe_pb2.TEST)
    assert net.layers[-1].absolute == absolute
    assert ("takes its second bottom for a flow" in caplog.text) == warned
    net.blobs["flow"].data[...] = 0
    net.blobs["x"].data[...] = x = random(1, 1, 3, 4)
    net.forward()
    if bottom == "places" or not absolute:
        assert_allclose(net.blobs["y"].data, x, rtol=1e-6)
