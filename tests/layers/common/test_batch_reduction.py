import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError


def line(reduction, param=""):
    return (f'type: "BatchReduction" batch_reduction_param {{ {param} '
            f"reduction_param {{ {reduction} }} }}")


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_the_whole_axis(axis):
    x = random(4, 5, 3)
    for words, expected in (("", x.sum(axis)), ("operation: MEAN", x.mean(axis)),
                            ("operation: TOPK k: 2", np.sort(x, axis)[::-1].take(0, 0))):
        if "TOPK" in words:
            expected = np.sort(x, axis).take([-2, -1], axis).mean(axis)
        text = line(f"axis: {axis} {words}")
        assert_allclose(run(build(text, x), [x])[0], expected, rtol=1e-4, atol=1e-6)
        check_gradient(text, x, other_batch=axis != 0, step=1e-4)


def test_levels():
    x = random(2, 14, 3)
    text = line("operation: MEAN axis: 1", "level: 1 level: 2 level: 3")
    expected = np.stack([x[:, :1].mean(1), x[:, 1:5].mean(1), x[:, 5:].mean(1)], 1)
    assert_allclose(run(build(text, x), [x])[0], expected, rtol=1e-4, atol=1e-6)
    check_gradient(text, x)
    text = line("axis: 1", "level: 2")
    assert_allclose(run(build(text, x[:, :4]), [x[:, :4]])[0], x[:, :4].sum(1, keepdims=True),
                    rtol=1e-4, atol=1e-6)


def test_the_diagonal():
    x = random(2, 4, 4, 3)
    text = line("axis: 1 operation: MEAN", "pos: true")
    expected = sum(x[:, i, i] for i in range(4)) / 4
    assert_allclose(run(build(text, x), [x])[0], expected, rtol=1e-4, atol=1e-6)
    check_gradient(text, x)


def test_coeff_is_not_read():
    x = random(2, 3)
    assert_allclose(run(build(line("coeff: 7"), x), [x])[0], x.sum(0), rtol=1e-5)


@pytest.mark.parametrize("text, kind, said", [
    (line("operation: ASUM"), ConfigError, "SUM, MEAN or TOPK"),
    (line("operation: TOPK"), ConfigError, "k, of the k largest"),
    (line("operation: TOPK k: 1", "level: 1 level: 2"), ConfigError, "one level"),
    (line("", "level: 1 level: 2"), ShapeError, "do not fit.*allowed: 5"),
    (line("operation: TOPK k: 9"), ShapeError, "k 9, 4 numbers"),
    (line("", "pos: true"), ShapeError, "two axes of one size"),
])
def test_errors(text, kind, said):
    with pytest.raises(kind, match=said):
        build(text, (4, 3))
