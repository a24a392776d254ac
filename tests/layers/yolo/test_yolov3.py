import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.layers.yolo._cells import overlap

BIASES = (20, 24, 50, 44, 90, 110, 30, 61)
X = random(2, 14, 4, 4)


def line(param):
    return ('type: "Yolov3" yolov3_param { num_class: 2 num: 2 anchors_scale: 32 mask: 1 mask: 2 '
            + " ".join(f"biases: {b}" for b in BIASES) + f" {param} }}")


def labels(*pictures):
    rows = np.zeros((2, 300, 5))
    for rows_of, given in zip(rows, pictures, strict=True):
        for row, each in zip(rows_of, given, strict=False):
            row[:] = each
    return rows.reshape(2, 1500)


TRUTH = labels([(1, 0.3, 0.6, 0.4, 0.3), (0, 0.9, 0.1, 0.7, 0.9), (1, 0.4, 0.4, 0.16, 0.2)],
               [(0, 0.55, 0.5, 0.45, 0.4)])


def sigma(x):
    return 1 / (1 + np.exp(-x))


def deltas(x, truth, thresh, objects=1.0, classes=1.0, coords=5.0):
    d = np.zeros((2, 2, 7, 4, 4))
    cells = x.reshape(d.shape)
    for n, b, j, i in np.ndindex(2, 2, 4, 4):
        c, bias = cells[n, b, :, j, i], BIASES[2 * b + 2 : 2 * b + 4]
        box = np.array([(i + sigma(c[0])) / 4, (j + sigma(c[1])) / 4,
                        math.exp(c[2]) * bias[0] / 128, math.exp(c[3]) * bias[1] / 128])
        true = [t for t in truth[n].reshape(-1, 5) if t[3]]
        if max((overlap(np, box, t[1:]) for t in true), default=0) <= thresh:
            d[n, b, 4, j, i] = sigma(c[4])
    for n in range(2):
        for label, cx, cy, w, h in (t for t in truth[n].reshape(-1, 5) if t[3]):
            shapes = np.array([(0, 0, bw / 128, bh / 128) for bw, bh in
                               zip(BIASES[::2], BIASES[1::2], strict=True)])
            best = overlap(np, np.array([0, 0, w, h]), shapes).argmax()
            if best not in (1, 2):
                continue
            b, i, j = best - 1, int(cx * 4), int(cy * 4)
            c, scale = cells[n, b, :, j, i], coords * (2 - w * h)
            cell = d[n, b, :, j, i]
            cell[0] = scale * (sigma(c[0]) - cx * 4 + i)
            cell[1] = scale * (sigma(c[1]) - cy * 4 + j)
            cell[2] = scale * (c[2] - math.log(w * 128 / BIASES[2 * best]))
            cell[3] = scale * (c[3] - math.log(h * 128 / BIASES[2 * best + 1]))
            cell[4] = objects * (sigma(c[4]) - 1)
            if cell[5]:
                cell[5 + int(label)] = 1 - sigma(c[5 + int(label)])
            else:
                cell[5:] = classes * (sigma(c[5:]) - (np.arange(2) == label))
    return d


def loss_and_gradient(param, truth, x=X):
    layer, bottom, top = built = build(line(param), x, truth)
    loss = float(run(built, [x, truth])[0])
    top[0].diff[...] = 0.5
    for blob in bottom:
        blob.data[...] = np.nan
    layer.backward(top, [True, False], bottom)
    return loss, bottom[0].diff.reshape(2, 2, 7, 4, 4)


@pytest.mark.parametrize("thresh", [0.05, 0.5])
def test_yolov3(thresh):
    d = deltas(X, TRUTH, thresh, classes=0.7, coords=2)
    loss, dx = loss_and_gradient(
        f"thresh: {thresh} class_scale: 0.7 coord_scale: 2 object_scale: 9", TRUTH)
    assert_allclose(loss, (d**2).sum() / 2, rtol=1e-4)
    assert_allclose(dx, 0.5 * d / 2, rtol=1e-4, atol=1e-5)


def test_logic_gradient():
    d = deltas(X, TRUTH, 0.2, objects=3)
    loss, dx = loss_and_gradient("object_scale: 3 use_logic_gradient: true", TRUTH)
    assert_allclose(loss, (d**2).sum() / 2, rtol=1e-4)
    p = sigma(X.reshape(d.shape))
    slope = p * (1 - p)
    slope[:, :, 2:4] = 1
    assert_allclose(dx, 0.5 * d * slope / 2, rtol=1e-4, atol=1e-5)


def test_true_boxes_that_fall_together():
    truth = labels([(1, 0.3, 0.6, 0.4, 0.3), (0, 0.31, 0.61, 0.41, 0.32)], [])
    _, dx = loss_and_gradient("", truth)
    assert_allclose(dx, deltas(X, truth, 0.2) / 4, rtol=1e-4, atol=1e-5)


def test_no_true_boxes():
    loss, dx = loss_and_gradient("", labels([], []))
    assert_allclose(dx, deltas(X, labels([], []), 0.2) / 4, rtol=1e-4, atol=1e-6)


def test_errors():
    with pytest.raises(ConfigError, match="each mask a width"):
        build(line("").replace("mask: 2", "mask: 4"), X, TRUTH)
    with pytest.raises(ShapeError, match="14 channels"):
        build(line(""), X[:, :13], TRUTH)
    with pytest.raises(ShapeError, match="rows of class"):
        build(line(""), X, TRUTH[:, :7])
    with pytest.raises(DataError, match="a box of picture 1 is none"):
        loss_and_gradient("", labels([], [(2, 0.5, 0.5, 0.1, 0.1)]))


def test_a_grid_that_is_not_square():
    """2 x 4 cells of 32 pixels are a picture of 64 x 128, of which a box of 32 x 64 is the half in
    both directions: it is of the first bias' shape, 64 wide and 32 high, to the pixel (darknet's
    log(w W / bias) and log(h H / bias))."""
    text = ('type: "Yolov3" yolov3_param { num_class: 1 num: 2 anchors_scale: 32 mask: 0 mask: 1 '
            'biases: 64 biases: 32 biases: 32 biases: 64 coord_scale: 1 }')
    truth = np.zeros((1, 300, 5))
    truth[0, 0] = 0, 0.6, 0.7, 0.5, 0.5
    x = np.zeros((1, 12, 2, 4))
    layer, bottom, top = built = build(text, x, truth.reshape(1, 1500))
    run(built, [x, truth.reshape(1, 1500)])
    d = layer.delta[0]
    assert_allclose(d[0, :4, 1, 2], 1.75 * np.array([0.5 - 0.4, 0.5 - 0.4, 0, 0]), atol=1e-6)
    assert d[0, 4, 1, 2] == -0.5 and not d[:, :4, 0].any() and not d[1, :4].any()
