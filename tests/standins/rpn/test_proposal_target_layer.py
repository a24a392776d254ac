"""ProposalTargetLayer: which rois are taken, and what they are to become."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import CaffeError, DataError

LINE = ('name: "roi-data" type: "Python" top: "a" top: "b" top: "c" top: "d" top: "e" python_param '
        '{ module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer" param_str: "%s" }')
OBJECTS = np.array([[10, 10, 29, 29, 2], [50, 10, 69, 49, 1.0]])


def overlap(a, b):
    w, h = (min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1 for i in (0, 1))
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return w * h / (sum(areas) - w * h) if w > 0 and h > 0 else 0


def rois(count, seed=3):
    """Boxes near objects and far from them."""
    rng = np.random.default_rng(seed)
    near = OBJECTS[rng.integers(0, 2, count), :4] + rng.integers(-9, 10, (count, 4))
    return np.column_stack([np.zeros(count), near])


ROIS = rois(60)


def computed(objects=OBJECTS, settings="'num_classes': 4", given=ROIS, times=1, **options):
    layer, bottom, top = build(LINE % settings, given, objects, **options)
    assert [blob.shape[:2] for blob in top[:2]] == [(1, 5), (1, 1)[: top[1].ndim]]
    for _ in range(times):
        layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def check(taken, labels, targets, inside, outside, classes=4, column=lambda label: label,
          means=(0, 0, 0, 0), stds=(1, 1, 1, 1), weights=(1, 1, 1, 1)):
    for roi, label, target, weight in zip(taken, labels, targets.reshape(-1, classes, 4),
                                          inside.reshape(-1, classes, 4), strict=True):
        shares = [overlap(roi[1:], other) for other in OBJECTS]
        nearest = OBJECTS[int(np.argmax(shares))]
        assert label == (nearest[4] if max(shares) >= 0.5 else 0)
        expected, counts = np.zeros((2, classes, 4))
        if label:
            sides = [(c[2] - c[0] + 1, c[3] - c[1] + 1) for c in (roi[1:], nearest)]
            aim = [(nearest[i] + sides[1][i] / 2 - roi[1 + i] - sides[0][i] / 2) / sides[0][i]
                   for i in (0, 1)] + [np.log(sides[1][i] / sides[0][i]) for i in (0, 1)]
            expected[column(int(label))] = (np.array(aim) - means) / stds
            counts[column(int(label))] = weights
        assert_allclose(target, expected, rtol=1e-4, atol=1e-5)
        assert (weight == counts).all()
    assert (outside == (inside > 0)).all()


def test_so_many_of_each_kind(cfg):
    cfg.TRAIN.update(BATCH_SIZE=56, FG_FRACTION=0.25, BBOX_INSIDE_WEIGHTS=(1, 2, 3, 4))
    taken, labels, *_ = found = computed()
    shares = [max(overlap(roi[1:], other) for other in OBJECTS) for roi in ROIS]
    background = sum(0.1 <= share < 0.5 for share in shares)
    assert sum(share >= 0.5 for share in shares) > 14 and 42 > background > 5
    assert len(taken) == 14 + background and (labels[:14] > 0).all() and not labels[14:].any()
    assert len({*map(tuple, taken)}) == len(taken), "without putting back"
    check(*found, weights=(1, 2, 3, 4))
    cfg.TRAIN.BG_THRESH_LO = 0.3
    assert len(computed()[0]) == 14 + sum(0.3 <= share < 0.5 for share in shares)


def test_few_rois_and_the_objects_own(cfg):
    taken, labels, targets, *_ = found = computed(given=ROIS[:2])
    for box in OBJECTS[:, :4].tolist():
        assert [0, *box] in taken.tolist()
    own = [i for i, roi in enumerate(taken.tolist()) if roi[1:] in OBJECTS[:, :4].tolist()]
    assert not targets[own].any() and set(labels[own]) == {1, 2}
    check(*found)


def test_half_an_object_is_foreground(cfg):
    half = np.array([[0, 10, 10, 29, 19]])
    taken, labels, *_ = computed(OBJECTS[:1], given=half)
    assert labels[taken.tolist().index(half[0].tolist())] == 2


def test_drawn_by_seed_and_position(cfg):
    cfg.TRAIN.BATCH_SIZE = 16
    first, again, second, other = (
        computed(times=n, seed=s)[0].tolist() for n, s in ((1, 1), (1, 1), (2, 1), (1, 2)))
    assert first == again and first != second and first != other


def test_rfcn_takes_all_and_has_one_class_of_boxes(cfg):
    cfg.TRAIN.update(BATCH_SIZE=-1, AGNOSTIC=True)
    found = computed(settings="{'num_classes': 2}")
    shares = [max(overlap(roi[1:], other) for other in OBJECTS) for roi in ROIS]
    assert len(found[0]) == sum(share >= 0.1 for share in shares) + 2
    assert {blob.shape[2:] for blob in found} == {(1, 1)}
    found = [found[0][..., 0, 0], found[1][:, 0, 0, 0], *(blob[..., 0, 0] for blob in found[2:])]
    assert set(found[1]) == {0, 1, 2} and found[2].shape == (len(found[0]), 8)
    check(*found, classes=2, column=lambda label: 1)


def test_targets_less_their_means(cfg):
    cfg.TRAIN.update(BBOX_NORMALIZE_TARGETS_PRECOMPUTED=True, BBOX_NORMALIZE_MEANS=(0.1, 0, 0, 0.2))
    check(*computed(), means=(0.1, 0, 0, 0.2), stds=(0.1, 0.1, 0.2, 0.2))


def test_no_objects(cfg):
    with pytest.raises(DataError, match=r"'roi-data'.*no roi is foreground.*BG_THRESH_LO to 0"):
        computed(np.zeros((0, 5)))
    cfg.TRAIN.BG_THRESH_LO = 0.0
    taken, labels, *rest = computed(np.zeros((0, 5)))
    assert len(taken) == 60 and not labels.any() and not any(part.any() for part in rest)


@pytest.mark.parametrize("settings, given, message", [
    ("'classes': 4", ROIS, "param_str must give num_classes"),
    ("'num_classes': 2", ROIS, r"class is not below num_classes \(found 2; allowed: 1 to 1\)"),
    ("'num_classes': 4", ROIS + [1, 0, 0, 0, 0], "one picture at a time")])
def test_errors(cfg, settings, given, message):
    with pytest.raises(CaffeError, match=r"layer 'roi-data' \(Python\).*" + message):
        computed(settings=settings, given=given)
