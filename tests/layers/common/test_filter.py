import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

LINE = 'type: "Filter" top: "a" top: "b"'
A, B = random(4, 3, 2), random(4, 5)
SELECTOR = [1, 0, 1, 0.5]


def test_filter():
    a, b = run(build(LINE, A, B, SELECTOR), [A, B, SELECTOR])
    assert_allclose(a, A[[0, 2, 3]], rtol=1e-6)
    assert_allclose(b, B[[0, 2, 3]], rtol=1e-6)
    check_gradient(LINE, A, B, SELECTOR)


def test_the_selector_changes_shapes():
    built = build(LINE, A, B, 4 * [0])
    layer, bottom, top = built
    assert top[0].shape == A.shape  # at set-up there is no selector
    assert [y.shape for y in run(built, [A, B, [0, 1, 0, 0]])] == [(1, 3, 2), (1, 5)]
    assert [y.shape for y in run(built, [A, B, [0, 0, 0, 0]])] == [(0, 3, 2), (0, 5)]
    assert [y.shape for y in run(built, [A, B, [1, 1, 1, 1]])] == [(4, 3, 2), (4, 5)]


def test_errors():
    with pytest.raises(ConfigError, match="one top for each bottom but the selector"):
        build('type: "Filter"', A, B, SELECTOR)
    with pytest.raises(ShapeError, match="bottom 1 and the selector"):
        build(LINE, A, B[:3], SELECTOR)
    with pytest.raises(ShapeError, match="one number for each item"):
        build(LINE, A, B, B)
