import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, parse, random, run

from caffepy.core import registry
from caffepy.errors import ConfigError, DataError, ShapeError

X = random(5, 2, 4)
FLAGS = np.ones((5, 2))


def line(param=""):
    return f'type: "WarpCTCLoss" ctc_loss_param {{ {param} }}'


def loss(words, *bottoms):
    layer, bottom, top = built = build(line(words), *bottoms)
    value = float(run(built, bottoms)[0])
    top[0].diff[...] = 0.5  # which does not count
    layer.backward(top, [True, *(False for _ in bottoms[1:])], bottom)
    return value, bottom[0].diff.copy()


def alone(x, labels, blank):
    """One sequence, by TextBoxes++' layer."""
    values = x[:, None], np.ones((len(x), 1)), np.array([labels + [-1] * (len(x) - len(labels))]).T
    layer, bottom, top = built = build(
        f'type: "CTCLoss" ctc_loss_param {{ blank_index: {blank} }}', *values)
    value = float(run(built, values)[0])
    layer.backward(top, [True, False, False], bottom)
    return value, bottom[0].diff[:, 0]


@pytest.mark.parametrize("words, blank", [("", 0), ("blank_index: 3", 3), ("blank_label: 3", 3)])
def test_bottoms_of_each_form(words, blank):
    first, second = ([1, 2], [2]) if blank == 0 else ([1, 0], [2])
    one, two = alone(X[:, 0], first, blank), alone(X[:, 1], second, blank)
    rows = [[*first, blank], [blank, *second, blank]][:1] + [[*second, blank, blank]]
    value, dx = loss(words, X, rows)
    assert_allclose(value, (one[0] + two[0]) / 2, rtol=1e-5)
    assert_allclose(dx, np.stack([one[1], two[1]], 1), rtol=1e-4, atol=1e-6)

    two = alone(X[:3, 1], second, blank)
    flags = FLAGS.copy()
    flags[3, 1] = 0
    shift = 1 if blank == 0 else 0  # there labels count without the blank
    columns = -np.ones((5, 2))
    columns[:2, 0], columns[:1, 1] = np.array(first) - shift, np.array(second) - shift
    value, dx = loss(words, X, flags, columns)
    assert_allclose(value, (one[0] + two[0]) / 2, rtol=1e-5)
    assert_allclose(dx[:3, 1], two[1], rtol=1e-4, atol=1e-6)
    assert not dx[3:, 1].any()

    columns[:2, 0], columns[:1, 1] = first, second
    assert_allclose(loss(words, X, [5, 3], [2, 1], columns)[0], value, rtol=1e-5)


def test_too_few_steps_count_nothing():
    value, dx = loss("", X[:2], [[1, 1], [2, 0]])
    assert_allclose(value, alone(X[:2, 1], [2], 0)[0], rtol=1e-5)
    assert not dx[:, 0].any()


def test_another_name():
    assert registry.of(parse('type: "WarpCTC"')).type == "WarpCTCLoss"


def test_errors():
    with pytest.raises(ConfigError, match="blank_index is no class"):
        build(line("blank_index: 4"), X, [[1], [2]])
    with pytest.raises(ShapeError, match="do not fit the scores"):
        build(line(), X, FLAGS, FLAGS[:4])
    with pytest.raises(DataError, match="more labels than steps"):
        loss("", X, [2, 5], [3, 1], np.ones((5, 2)))
    with pytest.raises(DataError, match="not one of the 4 classes"):
        loss("", X, [[4], [1]])
