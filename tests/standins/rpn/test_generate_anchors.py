"""The anchors that Faster R-CNN's papers and weights go by."""

import pytest
from numpy.testing import assert_allclose

from caffepy.standins.rpn.generate_anchors import generate_anchors


def test_the_nine_anchors():
    assert generate_anchors().tolist() == [
        [-84, -40, 99, 55], [-176, -88, 191, 103], [-360, -184, 375, 199],
        [-56, -56, 71, 71], [-120, -120, 135, 135], [-248, -248, 263, 263],
        [-36, -80, 51, 95], [-80, -168, 95, 183], [-168, -344, 183, 359]]


@pytest.mark.parametrize("base, ratios, scales", [
    (16, [0.333, 0.5, 0.667, 1, 1.5, 2, 3], [2, 3, 5, 9, 16, 32]), (8, [1], [1]), (10, [3], [2.5])])
def test_other_sizes(base, ratios, scales):
    expected = []
    for ratio in ratios:
        w = round((base * base / ratio) ** 0.5)
        h = round(w * ratio)
        middle = (base - 1) / 2
        expected += [[middle - (w * s - 1) / 2, middle - (h * s - 1) / 2,
                      middle + (w * s - 1) / 2, middle + (h * s - 1) / 2] for s in scales]
    assert_allclose(generate_anchors(base, ratios, scales), expected)
