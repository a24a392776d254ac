import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError
from caffepy.layers.yolo._cells import overlap

BIASES = (0.5, 0.6, 1.2, 0.9, 1, 2, 2.3, 1.7, 3, 3.2)
X = random(2, 14, 4, 4)


def line(param):
    return ('type: "RegionLoss" region_loss_param { num_class: 2 num: 2 '
            + " ".join(f"biases: {b}" for b in BIASES) + f" {param} }}")


TRUTH = np.zeros((2, 300, 5))
TRUTH[0, :3] = [(1, 0.3, 0.6, 0.1, 0.15), (0, 0.9, 0.1, 0.3, 0.2), (1, 0.31, 0.61, 0.12, 0.17)]
TRUTH[1, :1] = [(0, 0.55, 0.5, 0.3, 0.2)]
TRUTH = TRUTH.reshape(2, 1500)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def deltas(x, thresh, drawn, rescore=True, match=True):
    """With scales of 3 for objects, 0.4 for none, 0.7 for classes and 2 for coordinates."""
    d = np.zeros((2, 2, 7, 4, 4))
    cells = x.reshape(d.shape)

    def box(n, b, j, i):
        c = cells[n, b, :, j, i]
        return np.array([(i + sigma(c[0])) / 4, (j + sigma(c[1])) / 4,
                         math.exp(c[2]) * BIASES[2 * b] / 4,
                         math.exp(c[3]) * BIASES[2 * b + 1] / 4])

    def coordinates(n, b, j, i, told, scale):
        c, cell = cells[n, b, :, j, i], d[n, b, :, j, i]
        for k in (0, 1):
            cell[k] = scale * (sigma(c[k]) - told[k]) * sigma(c[k]) * (1 - sigma(c[k]))
            cell[2 + k] = scale * (c[2 + k] - told[2 + k])

    for n, b, j, i in np.ndindex(2, 2, 4, 4):
        p = sigma(cells[n, b, 4, j, i])
        true = [t for t in TRUTH[n].reshape(-1, 5) if t[3]]
        if max(overlap(np, box(n, b, j, i), t[1:]) for t in true) <= thresh:
            d[n, b, 4, j, i] = 0.4 * p * p * (1 - p)
        if drawn:
            coordinates(n, b, j, i, (0.5, 0.5, 0, 0), 0.01)
    for n in range(2):
        for label, cx, cy, w, h in (t for t in TRUTH[n].reshape(-1, 5) if t[3]):
            i, j = int(cx * 4), int(cy * 4)
            shapes = np.array([(0, 0, BIASES[2 * b] / 4, BIASES[2 * b + 1] / 4) if match else
                               (0, 0, *box(n, b, j, i)[2:]) for b in range(2)])
            b = int(overlap(np, np.array([0, 0, w, h]), shapes).argmax())
            coordinates(n, b, j, i, (cx * 4 - i, cy * 4 - j, math.log(w * 4 / BIASES[2 * b]),
                                     math.log(h * 4 / BIASES[2 * b + 1])),
                        2 if rescore else 2 * (2 - w * h))
            c, cell = cells[n, b, :, j, i], d[n, b, :, j, i]
            aim = overlap(np, box(n, b, j, i), np.array([cx, cy, w, h])) if rescore else 1
            cell[4] = 3 * (sigma(c[4]) - aim) * sigma(c[4]) * (1 - sigma(c[4]))
            scores = np.exp(c[5:]) / np.exp(c[5:]).sum()
            cell[5:] = 0.7 * (scores - (np.arange(2) == label))
    return d


SCALES = "object_scale: 3 noobject_scale: 0.4 class_scale: 0.7 coord_scale: 2"


@pytest.mark.parametrize("thresh, rescore, match", [(0.6, 1, 1), (0.05, 0, 1), (0.3, 1, 0)])
def test_region_loss(thresh, rescore, match):
    words = f"{SCALES} thresh: {thresh} rescore: {rescore} bias_match: {match}"
    layer, bottom, top = build(line(words), X, TRUTH)
    for seen in (0, 6399, 6400):  # batches of two
        layer.position = seen
        layer.forward(bottom, top)
        d = deltas(X, thresh, seen < 6400, rescore, match)
        assert_allclose(top[0].data, (d**2).sum() / 2, rtol=1e-4)
        top[0].diff[...] = 0.5
        layer.backward(top, [True, False], bottom)
        assert_allclose(bottom[0].diff.reshape(d.shape), d / 4, rtol=1e-4, atol=1e-5)
        assert layer.position == seen + 1


def test_too_few_biases_are_zeros():
    text = 'type: "RegionLoss" region_loss_param { num_class: 2 num: 2 biases: 1 biases: 2 }'
    none = np.zeros((2, 1500))
    assert np.isfinite(run(build(text, X, none), [X, none])[0])


@pytest.mark.parametrize("word", ["coords: 5", "softmax: 0", 'softmax_tree: "tree"'])
def test_what_it_does_not_know(word):
    with pytest.raises(ConfigError, match="4 coordinates and a plain softmax"):
        build(line(word), X, TRUTH)
    with pytest.raises(ConfigError, match="10 numbers for 6 boxes"):
        build(line("").replace("num: 2", "num: 6"), (2, 42, 4, 4), TRUTH)


def test_a_grid_that_is_not_square():
    """On 2 x 4 cells half of the picture is a cell high and two wide, the second bias' shape
    (darknet's log(w W / bias) and log(h H / bias))."""
    text = ('type: "RegionLoss" region_loss_param { num_class: 1 num: 2 biases: 1 biases: 2 '
            'biases: 2 biases: 1 biases: 0 biases: 0 biases: 0 biases: 0 biases: 0 biases: 0 '
            'coord_scale: 1 }')
    truth = np.zeros((1, 300, 5))
    truth[0, 0] = 0, 0.6, 0.7, 0.5, 0.5
    x = np.zeros((1, 12, 2, 4))
    layer, bottom, top = built = build(text, x, truth.reshape(1, 1500))
    layer.position = 12800
    run(built, [x, truth.reshape(1, 1500)])
    d = layer.delta[0]
    assert_allclose(d[1, :4, 1, 2], [0.1 / 4, 0.1 / 4, 0, 0], atol=1e-6)
    assert not d[:, :4, 0].any() and not d[0, :4].any()
