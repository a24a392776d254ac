"""Blob: shapes, legacy axes, sharing."""

import numpy as np
import pytest

from caffepy.core.blob import Blob, shape_text
from caffepy.errors import ShapeError


def test_starts_as_zeros_of_its_shape():
    blob = Blob((2, 3, 4))
    assert blob.shape == (2, 3, 4) and blob.count == 24
    assert (blob.data == 0).all() and (blob.diff == 0).all()
    assert blob.data.shape == blob.diff.shape == (2, 3, 4)


def test_reshape_takes_numbers_or_a_sequence():
    blob = Blob()
    blob.reshape(2, 3)
    assert blob.shape == (2, 3)
    blob.reshape([4, np.int64(5), 6])
    assert blob.shape == (4, 5, 6)
    blob.reshape()
    assert blob.shape == () and blob.count == 1 and blob.data.shape == ()


def test_legacy_axes_are_one_where_missing():
    blob = Blob((5, 7))
    assert (blob.num, blob.channels, blob.height, blob.width) == (5, 7, 1, 1)
    with pytest.raises(ShapeError, match="at most 4 axes"):
        _ = Blob((1, 1, 1, 1, 2)).num


def test_sharing_needs_equal_counts_not_equal_shapes():
    one, other = Blob((2, 6)), Blob((3, 4))
    other.share_values(one)
    one.data[...] = 5
    assert (other.data == 5).all() and other.data.shape == (3, 4)
    other.diff[...] = 1
    assert (one.diff == 0).all()
    with pytest.raises(ShapeError, match=r"\(2, 6\) and \(5,\)|\(5,\) and \(2, 6\)"):
        one.share_grads(Blob((5,)))


@pytest.mark.parametrize("shape", [(-1, 3), (2**20, 2**20, 2**20), (1,) * 33])
def test_shapes_that_cannot_be_meant_are_refused_without_allocating(shape):
    with pytest.raises(ShapeError):
        Blob(shape)
    with pytest.raises(ShapeError):
        Blob().reshape(shape)


def test_axis_counts_from_either_end():
    blob = Blob((2, 3, 4))
    assert blob.axis(-1) == 2 and blob.axis(1) == 1
    assert blob.count_from(1) == 12 and blob.count_from(0, 2) == 6
    with pytest.raises(ShapeError, match="axis 3 does not exist"):
        blob.axis(3)


def test_shapes_print_as_in_the_original():
    assert shape_text((64, 1, 28, 28)) == "64 1 28 28 (50176)"
    assert shape_text(()) == "(1)"
