"""Values on their way between host and device, counted."""

from __future__ import annotations

import fake_cuda
import numpy as np
import pytest
from kernels.cuda.sides import SHAPES, normal

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.core.place import PLACES
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.cuda.mover import STAGED, STAGES, CudaMover

WHOLE = [place for place in PLACES if not place.half]


@pytest.fixture
def mover(fake_gpu) -> CudaMover:
    return CudaMover(Device(0))


def test_only_stale_places_are_copied(mover):
    memory, shape = SyncedMemory(6, np.float32, mover), (2, 3)
    memory.overwrite(Place.HOST, shape)[...] = 1
    walk = [(Place.DEVICE, "read", 1), (Place.HOST, "read", 0), (Place.DEVICE, "write", 0),
            (Place.DEVICE, "write", 0), (Place.HOST, "read", 1), (Place.DEVICE, "read", 0),
            (Place.HOST, "write", 0), (Place.DEVICE, "write", 1), (Place.HOST, "write", 1)]
    for place, verb, copies in walk:
        before = mover.counts.total()
        array = getattr(memory, verb)(place, shape)
        assert mover.counts.total() == before + copies, (place, verb)
        assert isinstance(array, np.ndarray) != place.on_device


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("shape", [*SHAPES, (3, 65, 8, 8), (70, 2, 1, 33)])
def test_all_ways_between_the_places(mover, monkeypatch, shape, backwards):
    monkeypatch.setattr(fake_cuda.emulator, "reverse", backwards)
    values = normal(shape)
    for start in WHOLE:
        for end in WHOLE:
            tensor = Tensor(SyncedMemory(values.size, np.float32, mover), shape)
            tensor.overwrite(Place.HOST)[...] = values
            tensor.write(start)
            found = tensor.write(end)
            found = found if isinstance(found, np.ndarray) else found.get()
            assert np.array_equal(found, values), (start, end)


@pytest.mark.parametrize("grid", [(2, 1, 1), (2, 2, 2)])
def test_few_blocks_transpose_many_tiles(mover, monkeypatch, grid):
    """As it is with more rows or images than a grid has blocks."""
    device, values = mover.device, normal((3, 70, 45))
    for backwards in (False, True):
        monkeypatch.setattr(fake_cuda.emulator, "reverse", backwards)
        x, y = device.xp.asarray(values), device.xp.empty((3, 45, 70), np.float32)
        device.launch_grid("reorder.transpose_widen", grid, (32, 8), *values.shape, x, y, False)
        assert np.array_equal(y.get(), values.transpose(0, 2, 1))


def test_float64_changes_its_order_too(mover):
    values = normal((2, 3, 4, 5)).astype(np.float64)
    tensor = Tensor(SyncedMemory(values.size, np.float64, mover), values.shape)
    tensor.overwrite(Place.HOST)[...] = values
    assert np.array_equal(tensor.read(Place.DEVICE_LAST).get(), values)
    tensor.write(Place.DEVICE_LAST)
    assert np.array_equal(tensor.read(Place.HOST), values)


@pytest.mark.parametrize("count", [1, 1000, STAGED // 4 + 1])
def test_the_host_may_write_on_after_a_copy(mover, count):
    """Copies run later on a real device: the fake checks only where the numbers are taken from."""
    memory = SyncedMemory(count, np.float32, mover)
    host = memory.overwrite(Place.HOST, (count,))
    host[:] = 3
    taken = []
    copy = mover.device.xp.cuda.runtime.memcpyAsync
    mover.device.xp.cuda.runtime.memcpyAsync = lambda *args: (taken.append(args[1]), copy(*args))
    before = fake_cuda.counts.syncs
    memory.read(Place.DEVICE, (count,))
    staged = taken != [host.ctypes.data]
    assert staged == (count * 4 <= STAGED)
    assert staged or fake_cuda.counts.syncs > before, "neither set aside nor waited for"


def test_a_copy_to_the_host_waits(mover):
    memory = SyncedMemory(10, np.float32, mover)
    memory.write(Place.DEVICE, (10,))
    before = fake_cuda.counts.syncs
    memory.read(Place.HOST, (10,))
    assert fake_cuda.counts.syncs == before + 1


def test_what_is_set_aside_stays_until_it_is_copied(mover):
    memory = SyncedMemory(100, np.float32, mover)
    for _ in range(5):
        memory.overwrite(Place.HOST, (100,))
        memory.read(Place.DEVICE, (100,))
    assert len(mover._stages) == 5, "a copy may still be reading each"
    mover.device.synchronize()
    memory.overwrite(Place.HOST, (100,))
    memory.read(Place.DEVICE, (100,))
    assert len(mover._stages) == 5


def test_the_host_waits_where_the_device_is_far_behind(mover):
    memory = SyncedMemory(100, np.float32, mover)
    before = fake_cuda.counts.syncs
    for _ in range(STAGES + 3):
        memory.overwrite(Place.HOST, (100,))
        memory.read(Place.DEVICE, (100,))
    assert len(mover._stages) == STAGES
    assert fake_cuda.counts.syncs == before + 1


def test_the_hosts_room_is_page_locked(mover):
    host = SyncedMemory(1000, np.float32, mover).read(Place.HOST, (1000,))
    assert fake_cuda.memory.is_pinned(host.ctypes.data, host.nbytes)


def test_an_empty_value_moves_nowhere(mover):
    memory = SyncedMemory(0, np.float32, mover)
    memory.write(Place.HOST, (0,))
    assert memory.write(Place.DEVICE, (0,)).shape == (0,)


def test_a_whole_walk_stays_off_the_null_stream(mover):
    tensor = Tensor(SyncedMemory(24, np.float64, mover), (2, 3, 2, 2))
    with mover.device.computing():
        for place in (*WHOLE, *reversed(WHOLE)):
            tensor.write(place)
    assert fake_cuda.counts.stray == 0
