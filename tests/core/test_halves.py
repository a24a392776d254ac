"""Half precision is places: reading a stale one rounds, and each time is counted."""

import numpy as np
import pytest
from fake_cuda.halves import EPSILON, STORED, encoded, rounded
from numpy.testing import assert_array_equal

from caffepy.core.memory import Mover, Place, SyncedMemory, Tensor
from caffepy.core.place import HALVES, PLACES

HOST, DEVICE, LAST = Place.HOST, Place.DEVICE, Place.DEVICE_LAST
SHAPE = (2, 3, 4, 5)
HALF_PLACES = [place for place in PLACES if place.half]
NAMES = {dtype: name for name, dtype in STORED.items()}


class HalfDevice(Mover):
    """A mover whose device is more host memory, with NumPy's rounding."""

    def zeros(self, place, count, dtype):
        return super().zeros(HOST, count, place.dtype(dtype))

    def transfer(self, source, target):
        assert source.dtype == target.dtype == np.float32
        np.copyto(target, source)

    def rewrite(self, source, target):
        if source.dtype == target.dtype:
            np.copyto(target, source)
            return
        assert np.float32 in (source.dtype, target.dtype)
        target[...] = encoded(decoded(source), NAMES[target.dtype])


def decoded(array):
    from fake_cuda import halves

    return halves.decoded(array, NAMES[array.dtype])


def filled(shape=SHAPE):
    tensor = Tensor(SyncedMemory(int(np.prod(shape)), np.float32, HalfDevice()), shape)
    generator = np.random.default_rng(1)
    tensor.overwrite(HOST)[...] = generator.standard_normal(shape)
    return tensor


@pytest.mark.parametrize("half", HALVES)
def test_a_walk_through_half_precision_costs_exactly_these_copies(half):
    tensor = filled()
    mover = tensor.memory.mover
    walk = [
        ("read", HOST, half, 2, 1),      # over, and rounded
        ("read", HOST, None, 0, 0),
        ("read", LAST, half, 1, 1),      # order and format at once, from what is exact
        ("write", DEVICE, half, 0, 0),
        ("read", DEVICE, None, 1, 1),
        ("read", HOST, None, 1, 0),
        ("write", LAST, half, 1, 1),
        ("read", HOST, None, 2, 1),      # order and format at once, and over
        ("write", DEVICE, None, 0, 0),
        ("read", LAST, half, 1, 1),
        ("read", LAST, half, 0, 0),
    ]
    for number, (verb, place, kind, copies, conversions) in enumerate(walk):
        before = mover.counts.total(), mover.conversions
        place = (DEVICE if kind and place is HOST else place).holding(kind or "float32")
        array = getattr(tensor, verb)(place)
        spent = mover.counts.total() - before[0], mover.conversions - before[1]
        assert spent == (copies, conversions), (number, verb, place)
        assert array.dtype == (HALVES[kind] if kind else np.float32)


@pytest.mark.parametrize("end", PLACES, ids=repr)
@pytest.mark.parametrize("start", PLACES, ids=repr)
def test_every_way_keeps_what_the_formats_can_hold(start, end):
    tensor = filled()
    expected = tensor.read(HOST).copy()
    tensor.write(start)
    for place in (start, end):
        expected = rounded(expected, place.half or "float32")
    assert_array_equal(decoded(tensor.write(end)), expected)
    assert tensor.channels_last == end.channels_last


@pytest.mark.parametrize("place", HALF_PLACES, ids=repr)
def test_a_parameter_in_float32_keeps_its_numbers_when_it_is_read_in_half_precision(place):
    tensor = filled()
    master = tensor.write(DEVICE).copy()
    for _ in range(3):
        tensor.read(place)
    assert tensor.memory.mover.conversions == 1
    for other in (LAST, DEVICE, HOST):
        assert_array_equal(tensor.read(other), master)
    array = tensor.write(DEVICE)
    array += 1
    found = decoded(tensor.read(place))
    assert_array_equal(found, rounded(master + 1, place.half))
    assert np.abs(found - (master + 1)).max() <= EPSILON[place.half] * np.abs(master + 1).max()


def test_another_shapes_channels_last_leaves_the_exact_value():
    tensor = filled()
    exact = tensor.read(HOST).copy()
    other = Tensor(tensor.memory, (2, 5, 3, 4))
    tensor.write(LAST)
    other.read(Place.of("device", True, "float16"))
    assert_array_equal(tensor.read(HOST), exact)
    tensor.write(Place.of("device", True, "float16"))
    assert_array_equal(decoded(other.read(Place.of("device", True, "float16"))),
                       rounded(exact, "float16").reshape(other.shape))


def test_zero_and_sums_know_half_precision():
    tensor = filled()
    tensor.zero()
    assert (tensor.read(Place.of("device", True, "bfloat16")) == 0).all()
    tensor.zero()
    array, add = tensor.accumulate(Place.of("device", False, "float16"))
    assert not add
    array[...] = 0.5
    array, add = tensor.accumulate(DEVICE)
    assert add and (array == 0.5).all()


def test_a_memory_that_grows_or_shrinks_forgets_the_orders_of_all_formats():
    tensor = filled()
    first = tensor.read(HOST)[0].copy()
    tensor.read(Place.of("device", True, "float16"))
    tensor.reshape((1, *SHAPE[1:]))
    assert_array_equal(decoded(tensor.read(Place.of("device", True, "float16")))[0],
                       rounded(first, "float16"))


def test_a_mover_of_the_host_has_no_half_precision():
    from caffepy.errors import DeviceError

    with pytest.raises(DeviceError, match="no device memory"):
        Tensor(SyncedMemory(3), (3,)).read(Place.of("device", False, "float16"))
