import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, ShapeError
from caffepy.layers.yolo._cells import overlap

BIASES = (20, 24, 50, 44, 90, 110, 30, 61)
WORDS = ("num_classes: 2 num_box: 2 anchors_scale: 32 anchors_scale: 16 mask_group_num: 2 mask: 2 "
         "mask: 3 mask: 0 mask: 1 " + " ".join(f"biases: {b}" for b in BIASES))
GRIDS = [random(1, 14, 3, 3, seed=4), random(1, 14, 6, 6, seed=5)]


def line(param):
    return f'type: "Yolov3DetectionOutput" yolov3_detection_output_param {{ {param} }}'


def sigma(x):
    return 1 / (1 + math.exp(-x))


def by_hand(least, most):
    found = []
    for x, masks, scale in zip(GRIDS, ((2, 3), (0, 1)), (32, 16), strict=True):
        side = x.shape[3]
        for b, mask in enumerate(masks):
            for i in range(side):
                for j in range(side):
                    cell = x[0, b * 7 : b * 7 + 7, i, j]
                    box = ((j + sigma(cell[0])) / side, (i + sigma(cell[1])) / side,
                           math.exp(cell[2]) * BIASES[2 * mask] / (side * scale),
                           math.exp(cell[3]) * BIASES[2 * mask + 1] / (side * scale))
                    for c in range(2):
                        score = sigma(cell[4]) * sigma(cell[5 + c])
                        if score > least:
                            found.append((score, c, *box))
    found.sort(key=lambda f: -f[0])
    kept = []
    for f in found:
        if all(overlap(np, np.array(f[2:]), np.array(k[2:])) < most for k in kept):
            kept.append(f)
    return [[0, c + 1, s, x - w / 2, y - h / 2, x + w / 2, y + h / 2] for s, c, x, y, w, h in kept]


@pytest.mark.parametrize("least, most", [(0.45, 0.45), (0.2, 0.2)])
def test_boxes(least, most):
    words = f"{WORDS} confidence_threshold: {least} nms_threshold: {most}"
    y = run(build(line(words), *GRIDS), GRIDS)[0]
    expected = by_hand(least, most)
    assert y.shape == (1, 1, len(expected), 7)
    assert_allclose(y[0, 0], expected, rtol=1e-4, atol=1e-5)


def test_nothing_is_found():
    y = run(build(line(WORDS + " confidence_threshold: 1"), *GRIDS), GRIDS)[0]
    assert y[0, 0].tolist() == [[0] + [-1] * 6]


def test_errors():
    with pytest.raises(ConfigError, match="one bottom"):
        build(line(WORDS), GRIDS[0])
    with pytest.raises(ConfigError, match="each mask a width"):
        build(line(WORDS + " mask: 7 mask: 8"), *GRIDS)
    with pytest.raises(ShapeError, match="14 channels"):
        build(line(WORDS), GRIDS[0], (1, 13, 6, 6))
