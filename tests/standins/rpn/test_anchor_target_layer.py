"""AnchorTargetLayer against one anchor at a time."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import CaffeError
from caffepy.standins.rpn.generate_anchors import generate_anchors

LINE = ('name: "rpn-data" type: "Python" top: "a" top: "b" top: "c" top: "d" python_param { '
        'module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "%s" }')
SETTINGS = "'feat_stride': 4\\n'scales': [1, 2]\\n'allowed_border': %d"
OBJECTS = np.array([[10, 9, 40, 39, 2], [2, 20, 20, 33, 1], [33, 1, 55, 46, 2.0]])
INFO = [[48, 60, 1]]


def overlap(a, b):
    w, h = (min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1 for i in (0, 1))
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return w * h / (sum(areas) - w * h) if w > 0 and h > 0 else 0


def naive(objects, border, negative=0.3, positive=0.7, clobber=False):
    """Labels before some are dropped, and targets: (H, W, A) and (H, W, A, 4)."""
    anchors = generate_anchors(scales=[1, 2])
    labels, targets, table = np.full((12, 15, 6), -1.0), np.zeros((12, 15, 6, 4)), {}
    for h, w, k in np.ndindex(labels.shape):
        box = anchors[k] + np.array([w, h, w, h]) * 4
        if min(box[:2]) >= -border and box[2] < 60 + border and box[3] < 48 + border:
            table[h, w, k] = [overlap(box, other) for other in objects]
            other = objects[int(np.argmax(table[h, w, k]))]
            sides = [(c[2] - c[0] + 1, c[3] - c[1] + 1) for c in (box, other)]
            middles = [[c[i] + side[i] / 2 for i in (0, 1)]
                       for c, side in zip((box, other), sides, strict=True)]
            targets[h, w, k] = (
                [(middles[1][i] - middles[0][i]) / sides[0][i] for i in (0, 1)]
                + [np.log(sides[1][i] / sides[0][i]) for i in (0, 1)])
    most = [max(row[i] for row in table.values()) for i in range(len(objects))]
    for at, row in table.items():
        best = any(value == limit for value, limit in zip(row, most, strict=True))
        labels[at] = (1 if best or max(row) >= positive else 0 if max(row) < negative else -1)
        if clobber and max(row) < negative:
            labels[at] = 0
    return labels, targets


def as_maps(top):
    """The tops by cell and anchor: labels (H, W, A), the others (H, W, A, 4)."""
    labels = top[0].data.reshape(6, 12, 15).transpose(1, 2, 0)
    return [labels, *(blob.data[0].reshape(6, 4, 12, 15).transpose(2, 3, 0, 1) for blob in top[1:])]


def computed(settings, objects=OBJECTS, times=1, **options):
    layer, bottom, top = build(LINE % settings, (1, 12, 12, 15), objects, INFO, **options)
    assert [blob.shape for blob in top] == [(1, 1, 72, 15)] + [(1, 24, 12, 15)] * 3
    for _ in range(times):
        layer.forward(bottom, top)
    return as_maps(top)


@pytest.mark.parametrize("border", [0, 9])
@pytest.mark.parametrize("clobber", [False, True])
def test_all_of_them(cfg, border, clobber):
    cfg.TRAIN.update(RPN_BATCHSIZE=10000, RPN_CLOBBER_POSITIVES=clobber,
                     RPN_BBOX_INSIDE_WEIGHTS=(1, 2, 3, 4), RPN_POSITIVE_OVERLAP=0.6)
    labels, targets, inside, outside = computed(SETTINGS % border)
    expected, aims = naive(OBJECTS, border, positive=0.6, clobber=clobber)
    assert {-1, 0, 1} == set(expected.ravel())
    assert (labels == expected).all()
    assert_allclose(targets, aims, rtol=1e-4, atol=1e-5)
    assert_allclose(inside, (expected == 1)[..., None] * np.array([1, 2, 3, 4.0]))
    assert_allclose(outside, np.repeat((expected >= 0)[..., None], 4, 3) / (expected >= 0).sum(),
                    rtol=1e-6)


def test_so_many_are_kept_and_drawn_by_seed_and_position(cfg):
    whole, _ = naive(OBJECTS, 9, positive=0.4)
    cfg.TRAIN.update(RPN_POSITIVE_OVERLAP=0.4)
    assert (whole == 1).sum() > 4
    for size, share, positive in ((8, 0.5, 4), (40, 0.05, 2), (1000, 0.001, 1)):
        cfg.TRAIN.update(RPN_BATCHSIZE=size, RPN_FG_FRACTION=share)
        labels = computed(SETTINGS % 9)[0]
        assert (labels == 1).sum() == positive
        assert (labels == 0).sum() == min(size - positive, (whole == 0).sum())
        assert (whole[labels >= 0] == labels[labels >= 0]).all(), "others became -1"
    cfg.TRAIN.update(RPN_BATCHSIZE=8, RPN_FG_FRACTION=0.5)
    first, again, second, other = (
        computed(SETTINGS % 9, times=n, seed=s)[0] for n, s in ((1, 1), (1, 1), (2, 1), (1, 2)))
    assert (first == again).all() and (first != second).any() and (first != other).any()


def test_every_one_is_as_likely_to_be_kept(cfg):
    cfg.TRAIN.update(RPN_POSITIVE_OVERLAP=0.4, RPN_BATCHSIZE=8, RPN_FG_FRACTION=0.5)
    whole, _ = naive(OBJECTS, 9, positive=0.4)
    layer, bottom, top = build(LINE % (SETTINGS % 9), (1, 12, 12, 15), OBJECTS, INFO)
    kept = 0
    for _ in range(600):
        layer.forward(bottom, top)
        kept = kept + (as_maps(top)[0] == 1)
    count = int((whole == 1).sum())
    mean = 600 * 4 / count
    assert kept.sum() == 2400
    assert abs(kept[whole == 1] - mean).max() < 5 * (mean * (1 - 4 / count)) ** 0.5


def test_weights_of_objects_and_background(cfg):
    cfg.TRAIN.RPN_POSITIVE_WEIGHT = 0.25
    labels, _, _, outside = computed(SETTINGS % 9)
    assert outside[labels == 1].sum(0) == pytest.approx([0.25] * 4, rel=1e-5)
    assert outside[labels == 0].sum(0) == pytest.approx([0.75] * 4, rel=1e-5)
    assert not outside[labels == -1].any() and len({*outside[labels == 1].ravel()}) == 1


def test_targets_less_their_means(cfg):
    plain = computed(SETTINGS % 9)[1]
    cfg.TRAIN.update(RPN_NORMALIZE_TARGETS=True, RPN_NORMALIZE_MEANS=(0.1, 0.2, 0, 0),
                     RPN_NORMALIZE_STDS=(0.1, 0.1, 0.2, 0.5))
    normal = computed(SETTINGS % 9)[1]
    within = plain.any(-1)
    assert_allclose(normal[within], (plain[within] - [0.1, 0.2, 0, 0]) / [0.1, 0.1, 0.2, 0.5],
                    rtol=1e-3, atol=1e-4)
    assert not normal[~within].any()


def test_an_object_that_no_anchor_overlaps(cfg):
    """As in the original, all anchors are nearest to it."""
    cfg.TRAIN.RPN_BATCHSIZE, cfg.TRAIN.RPN_FG_FRACTION = 10000, 1
    labels = computed(SETTINGS % 0, np.array([[200, 200, 220, 220, 1]]))[0]
    assert set(labels.ravel()) == {-1, 1}


def test_no_objects(cfg):
    labels, targets, inside, outside = computed(SETTINGS % 0, np.zeros((0, 5)))
    assert set(labels.ravel()) == {-1, 0} and (labels == 0).sum() == 256
    assert not targets.any() and not inside.any()
    assert outside.sum() == pytest.approx(4, rel=1e-5)


def test_a_share_that_is_none(cfg):
    cfg.TRAIN.RPN_POSITIVE_WEIGHT = 1.5
    with pytest.raises(CaffeError, match=r"'rpn-data'.*RPN_POSITIVE_WEIGHT is a share of 1"):
        computed(SETTINGS % 0)
