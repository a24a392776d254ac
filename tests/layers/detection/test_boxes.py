"""The arithmetic of boxes, against loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.layers.detection import _boxes


def random_boxes(count, seed=0, turned=False):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-0.2, 0.8, (count, 2))
    size = rng.uniform(-0.1 if turned else 0.05, 0.5, (count, 2))
    return np.concatenate([low, low + size], 1).astype(np.float32)


def overlap(a, b, pixel=0):
    def area(box):
        w, h = box[2] - box[0], box[3] - box[1]
        return 0 if w < 0 or h < 0 else (w + pixel) * (h + pixel)

    if b[0] > a[2] or b[2] < a[0] or b[1] > a[3] or b[3] < a[1]:
        w = h = pixel
    else:
        w = min(a[2], b[2]) - max(a[0], b[0]) + pixel
        h = min(a[3], b[3]) - max(a[1], b[1]) + pixel
    return w * h / (area(a) + area(b) - w * h) if w > 0 and h > 0 else 0


@pytest.mark.parametrize("pixel", [0, 1])
def test_overlaps(pixel):
    a, b = random_boxes(20) * (1 + 99 * pixel), random_boxes(15, 1) * (1 + 99 * pixel)
    table = _boxes.overlaps(a[:, None], b, pixel)
    assert (table > 0.2).any() and (pixel or (table == 0).any())
    assert_allclose(table, [[overlap(x, y, pixel) for y in b] for x in a], rtol=1e-4, atol=1e-6)


def test_boxes_turned_inside_out_have_no_area():
    boxes = np.array([[0, 0, -1, -1], [0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], [0, 0, 2, -1]])
    assert_array_equal(_boxes.areas(boxes), [0, 1, 0, 0])
    assert _boxes.overlaps(boxes[2], boxes[2]) == 0  # nothing over nothing


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("code", [_boxes.CORNER, _boxes.CENTER_SIZE, _boxes.CORNER_SIZE])
def test_what_is_encoded_is_decoded(code, scaled):
    priors, boxes = random_boxes(9), random_boxes(9, 1)
    variances = np.full((9, 4), [0.1, 0.2, 0.3, 0.4]) if scaled else None
    loc = _boxes.encode(boxes, priors, variances, code)
    assert_allclose(_boxes.decode(loc, priors, variances, code), boxes, rtol=1e-5, atol=1e-6)


def test_the_three_codes():
    prior, box = np.array([[0.2, 0.2, 0.4, 0.6]]), np.array([[0.3, 0.2, 0.7, 0.4]])
    variances = np.array([[0.1, 0.1, 0.2, 0.2]])
    for code, expected in ((_boxes.CORNER, [0.1, 0, 0.3, -0.2]),
                           (_boxes.CORNER_SIZE, [0.5, 0, 1.5, -0.5]),
                           (_boxes.CENTER_SIZE, [1, -0.25, np.log(2), np.log(0.5)])):
        assert_allclose(_boxes.encode(box, prior, None, code), [expected], atol=1e-12)
        assert_allclose(_boxes.encode(box, prior, variances, code), expected / variances,
                        atol=1e-12)


def test_best_first_keeps_the_order_of_equal_ones():
    scores = np.array([1, 3, 2, 3, 1, 2])
    assert_array_equal(_boxes.best_first(scores), [1, 3, 2, 5, 0, 4])
    assert_array_equal(_boxes.best_first(scores, 3), [1, 3, 2])
    assert len(_boxes.best_first(scores, 0)) == 0
    many = np.random.default_rng(0).integers(0, 50, 5000)
    for most in (1, 7, 400, 4999, 6000):
        assert_array_equal(_boxes.best_first(many, most), np.argsort(-many, kind="stable")[:most])


@pytest.mark.parametrize("threshold, eta", [(0.3, 1), (0.45, 1), (0.9, 0.8), (0.6, 0.5), (0, 1)])
def test_suppress(threshold, eta):
    boxes, limit, kept = random_boxes(60, turned=True), threshold, []
    for i in range(len(boxes)):
        if all(overlap(boxes[i], boxes[k]) <= limit for k in kept):
            kept.append(i)
            if eta < 1 and limit > 0.5:
                limit *= eta
    assert 3 < len(kept) < 60
    assert _boxes.suppress(boxes, threshold, eta) == kept


def test_suppress_little():
    assert _boxes.suppress(np.empty((0, 4)), 0.5) == []
    assert _boxes.suppress(random_boxes(1), 0.5) == [0]


def naive_match(table, threshold, left_out):
    """As SSD's source does it, pair by pair."""
    priors, boxes = table.shape
    found = [-2 if left_out[i] else -1 for i in range(priors)]
    best = [0.0 if left_out[i] else max([o for o in table[i] if o > 1e-6], default=0.0)
            for i in range(priors)]
    open_ = set(range(boxes))
    while open_:
        pairs = [(-table[i, j], i, j) for i in range(priors) for j in open_
                 if found[i] == -1 and table[i, j] > 1e-6]
        if not pairs:
            break
        o, i, j = min(pairs)
        found[i], best[i] = j, -o
        open_.remove(j)
    for i in range(priors):
        if threshold is not None and found[i] == -1 and table[i].max() >= max(threshold, 1e-6):
            found[i] = int(table[i].argmax())
    return found, best


@pytest.mark.parametrize("threshold", [None, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_match(seed, threshold):
    table = _boxes.overlaps(random_boxes(40, seed)[:, None], random_boxes(6, seed + 10))
    left_out = np.random.default_rng(seed).random(40) < 0.2
    before = table.copy()
    found, best = _boxes.match(table, threshold, left_out)
    expected = naive_match(table, threshold, left_out)
    assert_array_equal(found, expected[0])
    assert_allclose(best, expected[1])
    assert_array_equal(table, before)


def test_match_when_nothing_overlaps():
    found, best = _boxes.match(np.zeros((3, 2)), 0.5)
    assert list(found) == [-1] * 3 and not best.any()
    assert list(_boxes.match(np.zeros((3, 0)), 0.5)[0]) == [-1] * 3
