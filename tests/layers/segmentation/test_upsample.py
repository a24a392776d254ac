"""Upsample, YOLO's; and which of the two is meant."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, check_gradient, parse, random, run

from caffepy.core import registry
from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 2, 3)
BOTH = 'bottom: "x" bottom: "mask" '


def line(words, bottoms=""):
    return f'{bottoms}type: "Upsample" upsample_param {{ {words} }}'


@pytest.mark.parametrize("words, scale", [("", 1), ("scale: 2", 2), ("scale: 3", 3)])
def test_blocks(words, scale):
    y, = run(build(line(words), X), [X])
    assert_array_equal(y, np.float32(X).repeat(scale, 2).repeat(scale, 3))
    check_gradient(line(words), X)


@pytest.mark.parametrize("words, whose", [
    (line(""), "yolo"), (line("", 'bottom: "x" '), "yolo"), (line("scale: 2", BOTH), "segnet"),
    (line("upsample_h: 3 upsample_w: 3"), "segnet"), (line("pad_out_w: true"), "segnet"),
])
def test_whose_it_is(words, whose):
    assert registry.of(parse(words)).dialect == whose


def test_mistakes():
    with pytest.raises(ConfigError, match="at least 1"):
        build(line("scale: 0"), X)
    with pytest.raises(ShapeError, match="4 axes"):
        build(line(""), (2, 3))
