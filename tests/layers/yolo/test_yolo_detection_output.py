import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, ShapeError
from caffepy.layers.yolo._cells import overlap

BIASES = (0.7, 0.9, 2.4, 2.7)


def line(param, type="YoloDetectionOutput", field="yolo_detection_output_param"):
    return f'type: "{type}" {field} {{ {param} }}'


WORDS = "num_classes: 3 num_box: 2 " + " ".join(f"biases: {b}" for b in BIASES)


def sigma(x):
    return 1 / (1 + math.exp(-x))


def rows_by_hand(grids, least, most):
    found = []
    for x in grids:
        side = x.shape[3]
        for b in range(2):
            for i in range(side):
                for j in range(side):
                    cell = x[0, b * 8 : b * 8 + 8, i, j]
                    p = np.exp(cell[5:]) / np.exp(cell[5:]).sum()
                    score = sigma(cell[4]) * p.max()
                    if score >= least:
                        found.append((score, p.argmax(), (j + sigma(cell[0])) / side,
                                      (i + sigma(cell[1])) / side,
                                      math.exp(cell[2]) * BIASES[2 * b] / side,
                                      math.exp(cell[3]) * BIASES[2 * b + 1] / side))
    found.sort(key=lambda f: -f[0])
    kept = []
    for f in found:
        if all(overlap(np, np.array(f[2:]), np.array(k[2:])) < most for k in kept):
            kept.append(f)
    return [[0, c + 1, s, x - w / 2, y - h / 2, x + w / 2, y + h / 2] for s, c, x, y, w, h in kept]


@pytest.mark.parametrize("sides", [(4,), (3, 5)])
@pytest.mark.parametrize("least, most", [(0.3, 0.45), (0.01, 0.2)])
def test_boxes(sides, least, most):
    grids = [random(1, 16, side, side, seed=side) for side in sides]
    words = f"{WORDS} confidence_threshold: {least} nms_threshold: {most}"
    y = run(build(line(words), *grids), grids)[0]
    expected = rows_by_hand(grids, least, most)
    assert y.shape == (1, 1, len(expected), 7)
    assert_allclose(y[0, 0], expected, rtol=1e-4, atol=1e-5)


def test_nothing_is_found():
    x = random(2, 16, 3, 3)
    y = run(build(line(WORDS + " confidence_threshold: 1"), x), [x])[0]
    assert y[0, 0].tolist() == [[i] + [-1] * 6 for i in range(2)]


def test_errors():
    with pytest.raises(ShapeError, match="16 channels: 2 boxes"):
        build(line(WORDS), (1, 15, 3, 3))
    with pytest.raises(ConfigError, match="4 numbers for 3 boxes"):
        build(line(WORDS.replace("num_box: 2", "num_box: 3")), (1, 24, 3, 3))
    with pytest.raises(ConfigError, match="4 coordinates"):
        build(line(WORDS + " coords: 5"), (1, 16, 3, 3))
