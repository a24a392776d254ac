"""Blobs as scripts see them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import caffepy
from caffepy.errors import DeviceError, ShapeError


def test_data_and_diff_are_writable_float32_views():
    blob = caffepy.Blob((2, 3, 4, 5))
    for view in (blob.data, blob.diff):
        assert view.dtype == np.float32 and view.shape == (2, 3, 4, 5)
        assert view.flags.c_contiguous and view.flags.writeable
        assert_array_equal(view, 0)
    blob.data[1] = 3
    blob.data.flat[0] = 7
    blob.diff[...] = np.arange(5)
    assert blob.data.sum() == 3 * 60 + 7 and blob.diff[0, 0, 0, 4] == 4
    assert not np.shares_memory(blob.data, blob.diff)


def test_a_view_outlives_its_blob():
    view = caffepy.Blob((3,)).data
    view[...] = 5
    assert_array_equal(view * 2, 10)


@pytest.mark.parametrize("assign", [
    lambda blob: setattr(blob, "data", 1), lambda blob: setattr(blob, "shape", (1,)),
])
def test_data_is_filled_not_replaced(assign):
    with pytest.raises(AttributeError):
        assign(caffepy.Blob((2,)))


def test_shapes_and_the_four_old_axes():
    blob = caffepy.Blob((2, 3, 4, 5))
    assert (blob.num, blob.channels, blob.height, blob.width, blob.count) == (2, 3, 4, 5, 120)
    assert tuple(blob.shape) == (2, 3, 4, 5) and blob.shape[1] == 3 and len(blob.shape) == 4
    blob.reshape(6, 7)
    assert (blob.num, blob.channels, blob.height, blob.width) == (6, 7, 1, 1)
    assert blob.data.shape == blob.diff.shape == (6, 7)
    blob.reshape()
    assert blob.shape == () and blob.count == 1 and blob.data.shape == ()
    blob.reshape(*np.array([2, 2]))
    assert blob.shape == (2, 2) and repr(blob) == "Blob(2, 2)"
    blob.reshape(1, 2, 3, 4, 5)
    with pytest.raises(ShapeError, match="at most 4 axes"):
        blob.num  # noqa: B018
    with pytest.raises(ShapeError, match="not negative"):
        blob.reshape(-1, 2)


def test_addresses_on_the_gpu_need_one():
    blob = caffepy.Blob((2, 2))
    blob.data[...] = 4
    for name in ("_gpu_data_ptr", "_gpu_diff_ptr"):
        with pytest.raises(DeviceError, match="lives on the CPU"):
            getattr(blob, name)
    assert_array_equal(blob.data, 4)
