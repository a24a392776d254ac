import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError, ShapeError

LINE = 'type: "BatchReindex"'
X, INDEX = random(4, 3, 2), [3, 0, 3, 1, 3]


def test_batch_reindex():
    assert_allclose(run(build(LINE, X, INDEX), [X, INDEX])[0], X[INDEX], rtol=1e-6)
    check_gradient(LINE, X, INDEX)


@pytest.mark.parametrize("index", [4, -1, float("nan")])
def test_indices_are_checked(index):
    with pytest.raises(DataError, match=r"index at \(1,\).*allowed: 0 to 3"):
        run(build(LINE, X, [0, index]), [X, [0, index]])


def test_indices_have_one_axis():
    with pytest.raises(ShapeError, match="one axis"):
        build(LINE, X, [[0, 1]])
