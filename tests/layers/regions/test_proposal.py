"""Proposal against one box at a time."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

import caffepy
from caffepy.errors import CaffeError, ConfigError, ShapeError

WORDS = ("feat_stride: 8 base_size: 8 min_size: 6 ratio: 0.5 ratio: 1 scale: 16 scale: 30 "
         "pre_nms_topn: %d post_nms_topn: %d nms_thresh: %g")
SCORES = random(2, 8, 4, 5)
DELTAS = random(2, 16, 4, 5) * 0.3
X = random(2, 3, 4, 5)
INFO = [[40, 50, 1, 2], [30, 40, 1, 1]]


def line(pre=80, post=5, threshold=0.5, tops=2):
    words = WORDS % (pre, post, threshold)
    names = "".join(f'top: "{t}" ' for t in "yz"[:tops])
    return f'{names}type: "Proposal" proposal_param {{ {words} }}'


def iou(a, b):
    w, h = (max(0, min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1) for i in (0, 1))
    if any(a[i] > b[2 + i] or b[i] > a[2 + i] for i in (0, 1)):
        return 0
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return w * h / (sum(areas) - w * h)


def naive(scores, deltas, info, image, pre, post, threshold):
    height, width, scale_h, scale_w = info
    sizes = []
    for ratio in (0.5, 1):
        w = math.sqrt(64 / ratio)
        sizes += [(int(w * s / 8 - 0.5) + 1, int(w * ratio * s / 8 - 0.5) + 1) for s in (16, 30)]
    found = []
    for h, w, k in np.ndindex(4, 5, 4):
        dx, dy, dw, dh = deltas[4 * k : 4 * k + 4, h, w]
        x, y = 3.5 + 8 * w + 0.5 + dx * sizes[k][0], 3.5 + 8 * h + 0.5 + dy * sizes[k][1]
        half = math.exp(dw) * sizes[k][0] / 2, math.exp(dh) * sizes[k][1] / 2
        box = [min(max(v, 0), limit - 1) for v, limit in (
            (x - half[0], width), (y - half[1], height), (x + half[0], width),
            (y + half[1], height))]
        small = box[2] - box[0] + 1 < 6 * scale_w or box[3] - box[1] + 1 < 6 * scale_h
        found.append((0 if small else scores[4 + k, h, w], box))
    found = sorted(found, key=lambda pair: -pair[0])[:pre]
    kept = []
    for score, box in found:
        if len(kept) < post and all(iou(box, other) <= threshold for _, other in kept):
            kept.append((score, box))
    return [[image, *box] for _, box in kept], [score for score, _ in kept]


@pytest.mark.parametrize("pre, post, threshold", [
    (80, 5, 0.5), (80, 80, 0.7), (10, 80, 0.3), (1, 1, 0.5), (80, 3, 1)])
def test_boxes(pre, post, threshold):
    bottoms = [SCORES, DELTAS, INFO]
    rois, scores = run(build(line(pre, post, threshold), *bottoms), bottoms)
    expected = [naive(*part, pre, post, threshold)
                for part in zip(SCORES, DELTAS, INFO, range(2), strict=True)]
    assert_allclose(rois, [row for part, _ in expected for row in part], rtol=1e-4, atol=1e-3)
    assert_allclose(scores, [score for _, part in expected for score in part], rtol=1e-5)


def test_one_info_serves_all_pictures_and_scores_need_no_top():
    bottoms = [SCORES, DELTAS, INFO[:1]]
    rois, = run(build(line(tops=1), *bottoms), bottoms)
    assert rois[-1, 0] == 1 and rois[:, 3].max() <= 49


def test_layers_behind_it_see_as_many_rows_as_there_are_boxes(tmp_path):
    inputs = "".join(f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{'
                     f"{''.join(f' dim: {d}' for d in np.shape(value))} }} }} }}\n"
                     for name, value in (("s", SCORES), ("d", DELTAS), ("i", INFO), ("x", X)))
    path = tmp_path / "net.prototxt"
    path.write_text(inputs + f"""
        layer {{ name: "p" bottom: "s" bottom: "d" bottom: "i" {line(80, 30, tops=1)} }}
        layer {{ name: "r" bottom: "x" bottom: "y" top: "r" type: "ROIPooling"
                 roi_pooling_param {{ pooled_h: 2 pooled_w: 2 spatial_scale: 0.125 }} }}""")
    for options in ({}, {"optimize": True}):
        net = caffepy.Net(str(path), caffepy.TEST, **options)
        for threshold in (1, 0.01, 1):  # a threshold that lets all stay, and few, and all again
            net.layers[list(net._layer_names).index("p")].p.nms_thresh = threshold
            out = net.forward(s=SCORES, d=DELTAS, i=INFO, x=X)["r"]
            assert len(out) == 60 if threshold == 1 else len(out) < 20
            assert np.isfinite(out).all() and out.shape[1:] == (3, 2, 2)


def test_mistakes():
    good = [SCORES, DELTAS, INFO]
    with pytest.raises(ConfigError, match="a ratio and a scale"):
        build('type: "Proposal" proposal_param { ratio: 1 }', *good)
    with pytest.raises(ConfigError, match="above 0"):
        build('type: "Proposal" proposal_param { ratio: 0 scale: 1 }', *good)
    with pytest.raises(ConfigError, match="at least 1"):
        build(line(post=0), *good)
    for bad in ([SCORES[:, 1:], DELTAS, INFO], [SCORES, DELTAS[:1], INFO], [(8, 4), DELTAS, INFO]):
        with pytest.raises(ShapeError, match="each needs 2 scores and 4 deltas"):
            build(line(), *bad)
    with pytest.raises(ShapeError, match="info is"):
        build(line(), SCORES, DELTAS, (3, 4))
    layer, bottom, top = build(line(), *good)
    with pytest.raises(CaffeError, match="no gradient"):
        layer.backward(top, [True] * 3, bottom)
