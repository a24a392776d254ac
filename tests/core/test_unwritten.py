"""Memory is never shown before somebody wrote it: what lies there is zero, or what was there."""

import numpy as np
import pytest
from turning import DEEP, TEST, TRAIN, feed, numbers, parsed

from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.memory import Mover, Place, SyncedMemory, Tensor
from caffepy.core.net import Net
from caffepy.solvers.solver import Solver

HOST, LAST = Place.HOST, Place.HOST_LAST
PLACES = [HOST, LAST, Place.DEVICE, Place.DEVICE_LAST]
SMALL, MIDDLE, LARGE = (2, 3, 2, 2), (2, 3, 3, 2), (2, 3, 4, 5)


class FakeDevice(Mover):
    """A mover whose device is more host memory."""

    def zeros(self, place, count, dtype):
        return super().zeros(place.plain if not place.on_device else HOST, count, dtype)

    def transfer(self, source, target):
        np.copyto(target, source)


@pytest.fixture(autouse=True)
def dirty(monkeypatch):
    """What NumPy hands out unwritten is no number."""
    empty = np.empty

    def soiled(*args, **settings):
        array = empty(*args, **settings)
        if array.dtype.kind in "fu":
            array.fill(np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).max)
        return array

    monkeypatch.setattr(np, "empty", soiled)


def counting(tensor, place):
    """Write 1, 2, 3... in C order by way of a place."""
    tensor.overwrite(place)[...] = np.arange(1, tensor.count + 1).reshape(tensor.shape)


def flat(tensor, place=HOST):
    return tensor.read(place).ravel()


@pytest.mark.parametrize("written", PLACES)
@pytest.mark.parametrize("read", PLACES)
def test_a_tensor_that_shrank_before_its_first_use_grows_with_zeros(written, read):
    tensor = Tensor(SyncedMemory(120, np.float32, FakeDevice()), LARGE)
    tensor.reshape(SMALL)
    counting(tensor, written)
    tensor.reshape(MIDDLE)
    np.testing.assert_array_equal(flat(tensor, read), [*range(1, 25), *[0] * 12])
    tensor.reshape((36,))
    np.testing.assert_array_equal(flat(tensor), [*range(1, 25), *[0] * 12])


@pytest.mark.parametrize("written", PLACES)
@pytest.mark.parametrize("read", PLACES)
@pytest.mark.parametrize("between", [None, *PLACES])
def test_what_was_there_stays_in_c_order(written, read, between):
    tensor = Tensor(SyncedMemory(120, np.float32, FakeDevice()), LARGE)
    counting(tensor, written)
    if between:
        tensor.read(between)
    tensor.reshape(SMALL)
    np.testing.assert_array_equal(flat(tensor, read), np.arange(1, 25))
    tensor.reshape(MIDDLE)
    np.testing.assert_array_equal(flat(tensor, read)[:24], np.arange(1, 25))
    tensor.reshape((2, 15, 4, 1))
    tensor.reshape(LARGE)
    found = flat(tensor, read)
    np.testing.assert_array_equal(found[:24], np.arange(1, 25))
    assert set(found[24:]) <= {*range(25, 121), 0}


def test_numbers_behind_the_end_come_back():
    blob = Blob(LARGE)
    blob.data[...] = 5
    blob.reshape(SMALL)
    blob.data[...] = 6
    blob.reshape(LARGE)
    np.testing.assert_array_equal(blob.data.ravel(), [6] * 24 + [5] * 96)


def test_places_agree_after_growing():
    """Both are current for the first numbers; behind them lie numbers of different times."""
    tensor = Tensor(SyncedMemory(120, np.float32, FakeDevice()), (120,))
    counting(tensor, HOST)
    tensor.overwrite(Place.DEVICE)[...] = 7
    tensor.reshape((24,))
    tensor.read(HOST)
    tensor.reshape((120,))
    np.testing.assert_array_equal(flat(tensor, HOST), flat(tensor, Place.DEVICE))


def test_another_size_costs_no_copy_until_somebody_looks():
    tensor = Tensor(SyncedMemory(120), LARGE)
    for shape in (SMALL, MIDDLE, LARGE, SMALL):
        tensor.reshape(shape)
        tensor.overwrite(LAST)[...] = 1
    assert not tensor.memory.mover.counts


def test_a_blob_that_shares_memory_keeps_its_window_when_the_other_grows():
    one, other = Blob((2, 6)), Blob((3, 4))
    other.share_values(one)
    one.data[...] = 5
    one.reshape(2, 5)
    assert other.data.shape == (3, 4) and (other.data == 5).all()
    one.reshape(4, 6)
    assert other.data.shape == (3, 4) and (other.data == 0).all()


CHAIN = ('force_backward: true layer { name: "x" type: "Input" top: "x" '
         "input_param { shape { dim: 1 dim: %d dim: 6 dim: 6 } } } "
         'layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { scale: 1 } } '
         'layer { name: "b" type: "Power" bottom: "x" top: "b" power_param { scale: 10 } } '
         'layer { name: "f" type: "Flatten" bottom: "b" top: "f" } '
         'layer { name: "r" type: "Reshape" bottom: "f" top: "r" reshape_param { shape { '
         "dim: 0 dim: %d dim: -1 dim: 1 } } } "
         'layer { name: "s" type: "Reduction" bottom: "r" top: "s" }')


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("device", ["cpu", 0])
def test_a_gradient_that_is_not_computed_is_zero_or_the_old_one(channels, device, request):
    if device == 0:
        request.getfixturevalue("fake_gpu")
    net = Net(parsed(CHAIN % (channels, channels)), TEST, context=Context(seed=1, device=device))
    x = net.blobs["x"]
    x.reshape(1, channels, 4, 4)
    x.data[...] = 1
    net.forward()
    net.blobs["s"].diff[...] = 1
    net.backward()
    x.reshape(1, channels, 5, 5)
    net.reshape()
    count = 16 * channels
    np.testing.assert_array_equal(x.data.ravel(), [1] * count + [0] * 9 * channels)
    np.testing.assert_array_equal(
        net.blobs["b"].diff.ravel(), [1] * count + [0] * 9 * channels)
    net.forward()
    net.blobs["a"].diff[...] = 1
    net.backward_range(net.layer_names.index("a"), 0)
    np.testing.assert_array_equal(x.diff.ravel(), [11] * count + [1] * 9 * channels)


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_what_lies_in_lodgings_before_a_pass_does_not_matter(phase):
    nets = [Net(parsed(DEEP), phase, context=Context(seed=5), optimize=True) for _ in range(2)]
    assert nets[0].executor.turns.lodgings

    def soil(net):
        for lodging in net.executor.turns.lodgings:
            for piece in lodging._pieces:
                piece.fill(np.nan)

    for size in (6, 4, 5, 8, 3):
        for net in nets:
            for name in net.input_names:
                net.blobs[name].reshape(2, net.blobs[name].shape[1], size, size)
            feed(net)
        soil(nets[0])
        backward = phase == TRAIN
        found, expected = (numbers(net, backward, passes=1) for net in nets)
        for one, two in zip(found, expected, strict=True):
            assert np.isfinite(two).all()
            np.testing.assert_array_equal(one, two)


def test_a_lodger_that_grows_shows_no_numbers_of_others():
    net = Net(parsed(DEEP), TEST, context=Context(seed=5), optimize=True)
    feed(net)
    net.forward()
    for life in net.executor.turns.values[0]:
        life.memory.resize(life.memory.count // 2)
        assert life.memory.is_zero


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdaDelta"])
def test_arenas_and_histories_begin_with_zeros(kind, fake_gpu):
    for device in ("cpu", 0):
        solver = Solver(parsed_solver(kind), context=Context(seed=3, device=device))
        arena = solver.net.arena
        gaps = np.ones(arena.count, bool)
        for p in solver.net.parameters:
            gaps[p.offset : p.offset + p.count] = False
        for array in (arena.values, arena.grads, *solver.updater.history):
            host = array if device == "cpu" else array.get()
            assert np.isfinite(host).all() and not host[gaps].any()
        assert all(not h.any() for h in solver.updater.history_blobs())


def parsed_solver(kind):
    from caffepy.proto import caffe_pb2

    param = caffe_pb2.SolverParameter(type=kind, base_lr=0.1, lr_policy="fixed", delta=1e-6,
                                      momentum=0.9 if kind != "AdaGrad" else 0, max_iter=1)
    param.net_param.CopyFrom(parsed(DEEP))
    return param
