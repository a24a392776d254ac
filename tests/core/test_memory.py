"""SyncedMemory: values move only when a stale place is read, and each move is counted."""

import gc

import numpy as np
import pytest

from caffepy.core.blob import Blob
from caffepy.core.memory import Mover, Place, SyncedMemory, Tensor
from caffepy.errors import DeviceError

HOST, LAST = Place.HOST, Place.HOST_LAST
SHAPE = (2, 3, 4, 5)


class FakeDevice(Mover):
    """A mover whose device is more host memory: lets the walk be counted without a GPU."""

    def zeros(self, place, count, dtype):
        return super().zeros(place.plain if not place.on_device else HOST, count, dtype)

    def transfer(self, source, target):
        np.copyto(target, source)


def filled(shape=SHAPE, mover=None):
    tensor = Tensor(SyncedMemory(int(np.prod(shape)), np.float32, mover), shape)
    tensor.overwrite(HOST)[...] = np.arange(tensor.count, dtype=np.float32).reshape(shape)
    return tensor


def test_the_nine_step_walk_costs_exactly_these_copies():
    mover = FakeDevice()
    tensor = filled(mover=mover)
    walk = [
        ("gpu read", 1), ("cpu read", 0), ("gpu write", 0), ("gpu write", 0), ("cpu read", 1),
        ("gpu read", 0), ("cpu write", 0), ("gpu write", 1), ("cpu write", 1),
    ]
    costs = []
    for step, _ in walk:
        before = mover.counts.total()
        place = Place.DEVICE if step.startswith("gpu") else HOST
        (tensor.read if step.endswith("read") else tensor.write)(place)
        costs.append((step, mover.counts.total() - before))
    assert costs == walk


def test_overwrite_copies_nothing_and_makes_the_others_stale():
    mover = FakeDevice()
    tensor = filled(mover=mover)
    tensor.overwrite(Place.DEVICE)[...] = 7
    assert mover.counts.total() == 0
    assert (tensor.read(HOST) == 7).all()
    assert mover.counts == {(Place.DEVICE, HOST): 1}


def test_channels_last_holds_the_same_values_in_another_order():
    tensor = filled()
    plain = tensor.read(HOST).copy()
    last = tensor.read(LAST)
    assert last.shape == SHAPE
    assert last.transpose(0, 2, 3, 1).flags.c_contiguous
    np.testing.assert_array_equal(last, plain)
    tensor.write(LAST)[1, 2, 3, 4] = -1
    assert tensor.read(HOST)[1, 2, 3, 4] == -1
    assert tensor.memory.mover.reorders == 2


def test_writes_decide_which_order_elementwise_layers_follow():
    tensor = filled()
    assert not tensor.channels_last
    tensor.read(LAST)
    assert not tensor.channels_last
    tensor.write(LAST)
    assert tensor.channels_last


@pytest.mark.parametrize("shape", [(4, 1, 3, 3), (4, 6, 1, 1), (4, 6), (2, 3, 4, 5, 6)])
def test_shapes_that_know_one_order_never_reorder(shape):
    tensor = filled(shape)
    tensor.write(LAST)
    tensor.read(HOST)
    assert tensor.memory.mover.reorders == 0


def test_blobs_of_other_shape_over_one_memory_meet_in_c_order():
    tensor = filled((2, 3, 4, 4))
    values = tensor.read(HOST).copy()
    tensor.write(LAST)
    flat = Tensor(tensor.memory, (2, 48))
    np.testing.assert_array_equal(flat.read(LAST), values.reshape(2, 48))
    other = Tensor(tensor.memory, (2, 4, 3, 4))
    np.testing.assert_array_equal(other.read(LAST), values.reshape(2, 4, 3, 4))
    np.testing.assert_array_equal(tensor.read(LAST), values)
    other.write(LAST)[...] = 5
    np.testing.assert_array_equal(tensor.read(LAST), np.full((2, 3, 4, 4), 5))


def test_device_channels_last_reaches_the_host_in_one_order_change_and_one_transfer():
    mover = FakeDevice()
    tensor = filled(mover=mover)
    values = tensor.read(HOST).copy()
    tensor.write(Place.DEVICE_LAST)
    mover.counts.clear()
    np.testing.assert_array_equal(tensor.read(HOST), values)
    assert mover.counts == {(Place.DEVICE_LAST, Place.DEVICE): 1, (Place.DEVICE, HOST): 1}


def test_zero_is_known_without_touching_memory_and_gradients_accumulate_from_it():
    tensor = filled()
    tensor.zero()
    assert tensor.is_zero
    array, add = tensor.accumulate(HOST)
    assert not add
    array[...] = 2
    array, add = tensor.accumulate(HOST)
    assert add
    array += 3
    assert (tensor.read(HOST) == 5).all()
    tensor.zero()
    assert (tensor.read(LAST) == 0).all()


def test_every_write_moves_the_version_and_no_read_does():
    tensor = filled()
    versions = [tensor.version]
    for verb in (tensor.write, tensor.overwrite):
        verb(HOST)
        versions.append(tensor.version)
    tensor.zero()
    versions.append(tensor.version)
    assert sorted(set(versions)) == versions
    tensor.read(HOST), tensor.read(LAST)
    assert tensor.version == versions[-1]


def test_a_cpu_net_says_that_it_has_no_device():
    with pytest.raises(DeviceError, match="no device memory"):
        filled().read(Place.DEVICE)


def test_room_is_kept_when_it_suffices():
    blob = Blob((4, 3, 8, 8))
    blob.data[...] = 1
    room = blob.values.read(HOST).ctypes.data
    blob.reshape(2, 3, 8, 8)
    assert blob.data.ctypes.data == room and (blob.data == 1).all()
    blob.reshape(4, 3, 8, 8)
    assert blob.data.ctypes.data == room
    blob.reshape(5, 3, 8, 8)
    assert (blob.data == 0).all()


def test_adopt_moves_the_value_and_keeps_sharers():
    blob, sharer = Blob((2, 3)), Blob((3, 2))
    sharer.share_values(blob)
    blob.data[...] = [[1, 2, 3], [4, 5, 6]]
    arena = np.zeros(10, np.float32)
    blob.values.memory.adopt(HOST, arena[2:8])
    assert list(arena) == [0, 0, 1, 2, 3, 4, 5, 6, 0, 0]
    sharer.data[0] = 9
    assert arena[2] == arena[3] == 9


class TestDoor:
    """blob.data: writable views that scripts keep for hours."""

    def test_a_view_pins_the_memory_while_any_view_of_it_lives(self):
        blob = Blob(SHAPE)
        memory = blob.values.memory
        view = blob.data
        piece = view[1:, ::2].T
        assert memory.pinned
        del view
        gc.collect()
        assert memory.pinned
        del piece
        assert not memory.pinned

    def test_what_was_written_into_a_kept_view_counts_at_the_next_call(self):
        blob = Blob(SHAPE)
        view = blob.data
        blob.values.overwrite(LAST)[...] = 1  # a layer writes elsewhere
        blob.values.memory.refresh_host()  # the call ends
        assert (view == 1).all()
        view[...] = 2
        blob.values.memory.host_is_newest()  # the next call starts
        assert (blob.values.read(LAST) == 2).all()

    def test_without_a_kept_view_nothing_is_assumed(self):
        blob = Blob(SHAPE)
        blob.data[...] = 3
        blob.values.overwrite(LAST)[...] = 4
        blob.values.memory.host_is_newest()
        assert (blob.data == 4).all()

    def test_reading_twice_gives_the_same_memory(self):
        blob = Blob(SHAPE)
        first, second = blob.data, blob.data
        first[0, 0, 0, 0] = 8
        assert second[0, 0, 0, 0] == 8
        assert first.dtype == np.float32 and first.flags.writeable


class Diary:
    """An observer that notes what it is told."""

    def __init__(self):
        self.lines = []

    def read(self, memory, place):
        self.lines.append(f"read {place}")

    def replace(self, memory):
        self.lines.append("replace")

    def ask(self, memory):
        self.lines.append("ask")

    def transfer(self, memory, target):
        self.lines.append(f"transfer {target}")


class TestState:
    """What a memory says of itself, and to whom."""

    def test_a_state_stays_what_it_was(self):
        tensor = filled()
        memory = tensor.memory
        before = memory.state
        tensor.write(LAST)
        assert before.valid == {HOST} and not before.in_last_order
        assert memory.state == ({LAST}, SHAPE, True, before.version + 1)

    def test_restored_it_says_what_it_said(self):
        tensor = filled()
        memory, before = tensor.memory, tensor.memory.state
        tensor.read(LAST)
        tensor.zero()
        memory.restore(before)
        assert memory.state == before
        assert memory.is_current(HOST) and not memory.is_current(LAST)
        memory.restore(before, written=True)
        assert memory.state == before._replace(version=before.version + 1)

    def test_what_was_brought_elsewhere_is_current_there_too(self):
        memory = filled().memory
        memory.gain(frozenset({LAST}), SHAPE)
        assert memory.state.valid == {HOST, LAST} and memory.last_shape == SHAPE

    def test_it_tells_which_arrays_it_holds(self):
        tensor = filled()
        assert tensor.memory.array_in(LAST) is None
        assert np.shares_memory(tensor.memory.array_in(HOST), tensor.read(HOST))

    def test_an_observer_is_told_of_all_verbs_before_they_are_done(self):
        device = Place.DEVICE
        tensor, diary = filled(mover=FakeDevice()), Diary()
        tensor.memory.observer = diary
        tensor.read(HOST)
        tensor.write(device)
        tensor.overwrite(LAST)
        tensor.zero()
        tensor.accumulate(HOST)
        tensor.accumulate(HOST)
        assert diary.lines == [
            "read host", "read device", "transfer device", "replace", "replace",
            "ask", "replace", "ask", "read host"]
        tensor.memory.observer = None
        tensor.read(HOST)
        assert len(diary.lines) == 9

    def test_what_an_observer_refuses_is_not_done(self):
        class Jealous(Diary):
            def replace(self, memory):
                raise RuntimeError("mine")

        tensor = filled()
        tensor.memory.observer, before = Jealous(), tensor.memory.state
        for verb in (lambda: tensor.overwrite(LAST), tensor.zero):
            with pytest.raises(RuntimeError, match="mine"):
                verb()
        assert tensor.memory.state == before

    def test_it_knows_whether_it_serves_as_it_did(self):
        tensor = filled()
        memory, zero = tensor.memory, SyncedMemory(tensor.count).state
        plain = memory.state
        tensor.write(LAST)
        last = memory.state
        assert memory.serves_as(last, [LAST])
        assert not memory.serves_as(plain, [HOST]), "the order of the last write is another"
        assert not memory.serves_as(zero, [])
        other = Tensor(memory, (3, 2, 4, 5))
        other.write(LAST)
        assert not memory.serves_as(last, [LAST]), "it holds the order of another shape"
        assert memory.serves_as(last, [HOST])
        tensor.zero()
        assert memory.serves_as(zero, []) and not memory.serves_as(last, [LAST])
