"""PriorBox, against loops over cells."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, run

from caffepy.errors import ConfigError, ShapeError

LINE = 'type: "PriorBox" prior_box_param { %s }'
MAP, IMAGE = np.zeros((2, 4, 3, 5)), np.zeros((2, 3, 60, 120))


def boxes(words, cells=MAP, image=IMAGE):
    y = run(build(LINE % words, cells, image), [cells, image])[0]
    assert y.shape[:2] == (1, 2)
    return y[0, 0].reshape(-1, 4), y[0, 1].reshape(-1, 4)


def expected(sizes, places=((0.5, 0.5),), step=(20, 24), cells=(3, 5), image=(60, 120)):
    """For each cell, size and place in it: xmin, ymin, xmax, ymax."""
    return [[(x - w / 2) / image[1], (y - h / 2) / image[0],
             (x + w / 2) / image[1], (y + h / 2) / image[0]]
            for row in range(cells[0]) for column in range(cells[1]) for w, h in sizes
            for down, right in places
            for y, x in [((row + down) * step[0], (column + right) * step[1])]]


R2 = math.sqrt(2)


def test_sizes_and_ratios_in_their_order():
    found, variances = boxes("min_size: 30 max_size: 60 aspect_ratio: 2")
    root = math.sqrt(1800)
    assert_allclose(found, expected([(30, 30), (root, root), (30 * R2, 30 / R2),
                                     (30 / R2, 30 * R2)]), rtol=1e-5, atol=1e-6)
    assert_allclose(variances, 0.1)


def test_every_size_has_all_ratios_and_sizes_are_cut_to_whole_numbers():
    found, variances = boxes(
        "min_size: 10.9 min_size: 20 max_size: 16.7 max_size: 25 flip: false aspect_ratio: 1 "
        "aspect_ratio: 2 aspect_ratio: 2 variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4")
    a, b = math.sqrt(160), math.sqrt(500)
    assert_allclose(found, expected([(10, 10), (a, a), (10 * R2, 10 / R2),
                                     (20, 20), (b, b), (20 * R2, 20 / R2)]), rtol=1e-5, atol=1e-6)
    assert_allclose(variances, [[0.1, 0.2, 0.3, 0.4]] * len(found))


def test_a_ratio_that_another_has_turned_over_is_there_already():
    assert len(boxes("min_size: 10 aspect_ratio: 2 aspect_ratio: 0.5")[0]) == 3 * 15


def test_given_images_steps_and_offsets():
    found, _ = boxes("min_size: 10 img_size: 80 step: 7 offset: 0.2")
    assert_allclose(found, expected([(10, 10)], [(0.2, 0.2)], (7, 7), image=(80, 80)), rtol=1e-5)
    found, _ = boxes("min_size: 10 img_h: 40 img_w: 80 step_h: 5 step_w: 6")
    assert_allclose(found, expected([(10, 10)], step=(5, 6), image=(40, 80)), rtol=1e-5, atol=1e-6)


def test_clip():
    found, _ = boxes("min_size: 50 clip: true")
    assert_allclose(found, np.clip(expected([(50, 50)]), 0, 1), rtol=1e-5)


def test_textboxes_has_every_box_once_more_half_a_cell_lower():
    found, _ = boxes("min_size: 30 aspect_ratio: 2 flip: false offset: 0.4 "
                     "denser_prior_boxes: true")
    assert_allclose(found, expected([(30, 30), (30 * R2, 30 / R2)], [(0.4, 0.4), (1, 0.4)]),
                    rtol=1e-5, atol=1e-6)


def test_synopsys_gives_widths_and_heights():
    found, _ = boxes("box_width: 12.5 box_height: 20 box_width: 7 box_height: 9.5 yx_order: true")
    assert_allclose(found, np.array(expected([(12.5, 20), (7, 9.5)]))[:, [1, 0, 3, 2]], rtol=1e-5)


def test_synopsys_has_the_order_of_tensorflow():
    found, _ = boxes("min_size: 60 max_size: 80 aspect_ratio: 2 flip: false tf: true")
    root = math.sqrt(4800)
    wanted = np.array(expected([(60, 60), (60 * R2, 60 / R2), (root, root)]))
    wanted[::3] += [0.05, 0.05, -0.05, -0.05]
    assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_faceboxes_stand_small_squares_densely():
    found, _ = boxes("min_size: 32 min_size: 64 min_size: 128 faceboxes: true")
    wanted = []
    for row in range(3):
        for column in range(5):
            x, y = (column + 0.5) * 24, (row + 0.5) * 20
            for size, count, apart in ((32, 4, 8), (64, 2, 16), (128, 1, 0)):
                half = (size - 1) / 2
                for i in range(count):
                    for j in range(count):
                        cx, cy = x + (j - count // 2) * apart, y + (i - count // 2) * apart
                        wanted.append([(cx - half) / 120, (cy - half) / 60,
                                       (cx + half) / 120, (cy + half) / 60])
    assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_another_map_has_other_boxes():
    layer, bottom, top = build(LINE % "min_size: 30", MAP, IMAGE)
    bottom[0].reshape(2, 4, 2, 2)
    layer.reshape(bottom, top)
    layer.forward(bottom, top)
    assert_allclose(top[0].data[0, 0].reshape(-1, 4),
                    expected([(30, 30)], step=(30, 60), cells=(2, 2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("words, message", [
    ("", "needs a min_size"), ("min_size: 0", "each min_size must be above 0"),
    ("min_size: 30 max_size: 30", "must be above its min_size"),
    ("min_size: 30 max_size: 40 max_size: 50", "one max_size for each min_size"),
    ("min_size: 30 variance: 0.1 variance: 0.2", "one variance for all"),
    ("min_size: 30 variance: 0", "each variance must be above 0"),
    ("min_size: 30 img_size: 3 img_h: 4 img_w: 4", "either img_size, or img_h and img_w"),
    ("min_size: 30 img_h: 4", "either img_size, or img_h and img_w"),
    ("min_size: 30 step: 3 step_w: 4", "either step, or step_h and step_w"),
    ("min_size: 30 step_w: 4", "either step, or step_h and step_w"),
    ("min_size: 30 step: 0", "step must be above 0"),
    ("box_width: 3", "as many box_height"),
])
def test_mistakes(words, message):
    with pytest.raises(ConfigError, match=message):
        boxes(words)


def test_it_needs_pictures():
    with pytest.raises(ShapeError, match="the image must have four axes"):
        boxes("min_size: 30", MAP, np.zeros((2, 3)))
