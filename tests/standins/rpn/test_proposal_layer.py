"""ProposalLayer against one box at a time."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random

from caffepy.errors import CaffeError, ConfigError, DataError, ShapeError
from caffepy.standins.rpn.generate_anchors import generate_anchors

LINE = ('name: "proposal" type: "Python" top: "rois" %s python_param { '
        'module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "%s" }')
SCORES = random(1, 18, 5, 7)
DELTAS = random(1, 36, 5, 7) * 0.2
INFO = [[80, 112, 1.5]]


def overlap(a, b):
    w, h = (min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1 for i in (0, 1))
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return w * h / (sum(areas) - w * h) if w > 0 and h > 0 else 0


def naive(anchors, stride, pre, post, threshold, smallest):
    found = []
    for h, w, k in np.ndindex(5, 7, len(anchors)):
        x1, y1, x2, y2 = anchors[k] + np.array([w, h, w, h]) * stride
        dx, dy, dw, dh = DELTAS[0, 4 * k : 4 * k + 4, h, w]
        width, height = x2 - x1 + 1, y2 - y1 + 1
        x, y = x1 + width / 2 + dx * width, y1 + height / 2 + dy * height
        width, height = width * math.exp(dw), height * math.exp(dh)
        box = [min(max(value, 0), most) for value, most in (
            (x - width / 2, 111), (y - height / 2, 79), (x + width / 2, 111), (y + height / 2, 79))]
        if min(box[2] - box[0], box[3] - box[1]) + 1 >= smallest * 1.5:
            found.append((SCORES[0, len(anchors) + k, h, w], box))
    found = sorted(found, key=lambda pair: -pair[0])[: pre or None]
    kept = []
    for score, box in found:
        if all(overlap(box, other) <= threshold for _, other in kept):
            kept.append((score, box))
    return [score for score, _ in kept][: post or None], [box for _, box in kept][: post or None]


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("pre, post, threshold, smallest", [
    (12000, 2000, 0.7, 16), (60, 9, 0.5, 4), (0, 0, 0.3, 1), (100, 1, 0.7, 30)])
def test_the_best_boxes(cfg, phase, pre, post, threshold, smallest):
    cfg[phase].update(RPN_PRE_NMS_TOP_N=pre, RPN_POST_NMS_TOP_N=post, RPN_NMS_THRESH=threshold,
                      RPN_MIN_SIZE=smallest)
    cfg["TEST" if phase == "TRAIN" else "TRAIN"].RPN_POST_NMS_TOP_N = 3
    layer, bottom, top = build(LINE % ('top: "scores"', "'feat_stride': 16"), SCORES, DELTAS, INFO,
                               phase=phase)
    assert [blob.shape for blob in top] == [(1, 5), (1, 1)]
    layer.forward(bottom, top)
    scores, boxes = naive(generate_anchors(), 16, pre, post, threshold, smallest)
    assert top[0].shape == (len(boxes), 5) and not top[0].data[:, 0].any()
    assert_allclose(top[0].data[:, 1:], boxes, rtol=1e-4, atol=1e-3)
    assert_allclose(top[1].data, np.array(scores)[:, None], rtol=1e-6)


@pytest.mark.parametrize("settings", [
    "'feat_stride': 8\\n'scales': !!python/tuple [4, 8]", "{'feat_stride': 8, 'scales': [4, 8]}"])
def test_scales_of_rfcn(cfg, settings):
    layer, bottom, top = build(LINE % ("", settings), SCORES[:, :12], DELTAS[:, :24], INFO)
    layer.forward(bottom, top)
    assert layer.anchors.tolist() == generate_anchors(scales=[4, 8]).tolist()
    assert layer.stride == 8


@pytest.mark.parametrize("settings, shapes, kind, message", [
    ("'stride': 16", ((1, 18, 2, 2), (1, 36, 2, 2)), ConfigError, "must give feat_stride"),
    ("sixteen", ((1, 18, 2, 2), (1, 36, 2, 2)), ConfigError, "param_str: these settings are not"),
    ("'feat_stride': 16\\n'scales': 'x'", ((1, 18, 2, 2), (1, 36, 2, 2)), CaffeError, "lists of"),
    ("'feat_stride': 16", ((2, 18, 2, 2), (2, 36, 2, 2)), ShapeError, "one picture at a time"),
    ("'feat_stride': 16", ((1, 24, 2, 2), (1, 48, 2, 2)), ShapeError, "9 anchors.*scales and rati"),
    ("'feat_stride': 16", ((1, 18, 2, 2), (1, 36, 2, 3)), ShapeError, "each anchor has 4 deltas"),
])
def test_errors(cfg, settings, shapes, kind, message):
    with pytest.raises(kind, match=r"layer 'proposal' \(Python\).*" + message):
        layer, bottom, top = build(LINE % ("", settings), *shapes, INFO)
        layer.forward(bottom, top)


def test_a_picture_that_is_smaller_than_all_boxes_may_be(cfg):
    layer, bottom, top = build(LINE % ("", "'feat_stride': 16"), SCORES, DELTAS, [[10, 10, 1]])
    with pytest.raises(DataError, match="no box is as large as RPN_MIN_SIZE"):
        layer.forward(bottom, top)
