import pytest
from numpy.testing import assert_array_equal
from support import build, run

from caffepy.errors import ShapeError

LINE = 'type: "Grid"'


def test_columns_and_rows():
    y, = run(build(LINE, (2, 3, 2, 3)), [None])
    assert y.shape == (2, 2, 2, 3)
    for item in y:
        assert_array_equal(item, [[[0, 1, 2], [0, 1, 2]], [[0, 0, 0], [1, 1, 1]]])


def test_the_bottom_is_pictures():
    with pytest.raises(ShapeError, match="must have 4 axes"):
        build(LINE, (2, 3))
