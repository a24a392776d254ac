"""Averaging on GPUs: which calls NCCL gets, on which stream, in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from workers import together

from caffepy.errors import DeviceError
from caffepy.parallel.nccl import Nccl
from caffepy.parallel.single import Single


class DeviceArray:
    """What Nccl asks of an array on a device."""

    def __init__(self, pointer, size, dtype="float32"):
        self.data, self.size = SimpleNamespace(ptr=pointer), size
        self.dtype = np.dtype(dtype)


class FakeCuda:
    """A module ``cupy`` that writes down what it is told; ``nccl`` has CuPy 14's signatures."""

    def __init__(self, refuses=False, available=True):
        log = self.log = []
        self.refuses = refuses
        names = iter(["nccl stream"])

        class Stream:
            def __init__(self, null=False, non_blocking=False, ptds=False):
                assert non_blocking, "else it would wait for the stream of everything"
                self.name, self.ptr = next(names), 77

            def wait_event(self, event):
                log.append(f"{self.name} waits for what {event.at} had at {event.when}")

        class Computing(Stream):
            def __init__(self):
                self.name, self.ptr = "computing", 11

        class Event:
            def __init__(self, block=False, disable_timing=False, interprocess=False):
                assert disable_timing

            def record(self, stream):
                self.at, self.when = stream.name, len(log)

        class NcclError(RuntimeError):
            pass

        class NcclCommunicator:
            def __init__(self, ndev, commId, rank):
                assert isinstance(commId, bytes) and len(commId) == 128
                if refuses:
                    raise NcclError("NCCL_ERROR_INVALID_USAGE")
                log.append(("init", ndev, commId[:3], rank))

            def allReduce(self, sendbuf, recvbuf, count, datatype, op, stream):
                assert sendbuf == recvbuf
                log.append(("average", sendbuf, count, datatype, op, stream))

            def broadcast(self, sendbuff, recvbuff, count, datatype, root, stream):
                assert sendbuff == recvbuff
                log.append(("broadcast", sendbuff, count, datatype, root, stream))

            def destroy(self):
                log.append("destroy")

            def abort(self):
                log.append("abort")

        class Device:
            def __init__(self, number):
                self.number = number

            def __enter__(self):
                log.append(f"device {self.number}")

            def __exit__(self, *exception):
                log.append("device before")

        computing = Computing()
        self.nccl = SimpleNamespace(
            available=available, NCCL_FLOAT16=6, NCCL_FLOAT32=7, NCCL_FLOAT64=8,
            NcclCommunicator=NcclCommunicator, NcclError=NcclError,
            get_unique_id=lambda: bytes((253, 120, 0, *range(125))))
        # without nccl, which the module cupy does not import by itself
        self.cuda = SimpleNamespace(Stream=Stream, Event=Event, Device=Device,
                                    get_current_stream=lambda: computing)

    def device(self, number):
        """What a worker on this GPU has (kernels.cuda.device.Device)."""
        return SimpleNamespace(index=number, xp=self, nccl=self.nccl)


def test_the_workers_meet_under_the_root_s_name():
    def connect(control):
        cupy = FakeCuda()
        nccl = Nccl(control, cupy.device(4 + control.rank))
        assert (nccl.rank, nccl.size) == (control.rank, 2)
        return cupy.log

    for rank, log in enumerate(together(2, connect)):
        assert log == [
            f"device {4 + rank}", ("init", 2, bytes((253, 120, 0)), rank), "device before"]


def connected(**fake):
    cupy = FakeCuda(**fake)
    nccl = Nccl(Single(), cupy.device(0))
    cupy.log.clear()
    return nccl, cupy.log


def test_buckets_go_on_their_own_stream_behind_what_was_computed():
    nccl, log = connected()
    nccl.start(DeviceArray(1000, 50))
    nccl.start(DeviceArray(600, 100, "float16"))
    nccl.finish()
    assert log == [
        "nccl stream waits for what computing had at 0",
        ("average", 1000, 50, 7, 4, 77),
        "nccl stream waits for what computing had at 2",
        ("average", 600, 100, 6, 4, 77),
        "computing waits for what nccl stream had at 4",
    ]


def test_average_and_broadcast_are_done_when_computing_goes_on():
    nccl, log = connected()
    nccl.average(DeviceArray(8, 5, "float64"))
    nccl.broadcast(DeviceArray(16, 6), 1)
    assert log == [
        "nccl stream waits for what computing had at 0",
        ("average", 8, 5, 8, 4, 77),
        "computing waits for what nccl stream had at 2",
        "nccl stream waits for what computing had at 3",
        ("broadcast", 16, 6, 7, 1, 77),
        "computing waits for what nccl stream had at 5",
    ]


def test_arrays_on_the_host_go_another_way():
    def work(control):
        cupy = FakeCuda()
        nccl = Nccl(control, cupy.device(0))
        cupy.log.clear()
        array, other = np.full(3, float(control.rank)), np.full(2, 4.0 * control.rank)
        nccl.broadcast(array, 1)
        nccl.start(other)
        nccl.finish()
        assert not [call for call in cupy.log if isinstance(call, tuple)]
        return array, other, nccl.agree(control.rank), nccl.broadcast_bytes(b"%d" % control.rank)

    for array, other, agreed, told in together(2, work):
        assert_array_equal(array, np.ones(3))
        assert_array_equal(other, np.full(2, 2.0))
        assert (agreed, told) == (1, b"0")


def test_a_lost_worker_tears_the_others_out_of_their_kernels():
    class Control(Single):
        def __init__(self):
            self.on_lost, self.ended = [], []

        def abort(self, error):
            self.ended.append(error)

        def agree(self, number):
            raise DeviceError("worker 1: it has died")

        def close(self):
            self.ended.append("closed")

    cupy, control = FakeCuda(), Control()
    nccl = Nccl(control, cupy.device(0))
    for call in control.on_lost:
        call()
    assert cupy.log[-1] == "abort"
    with pytest.raises(DeviceError, match="worker 1"):  # and not what NCCL would have to say
        nccl.start(DeviceArray(8, 5))
    assert not [call for call in cupy.log if call[0] == "average"]
    error = KeyError()
    nccl.abort(error)
    nccl.close()
    assert control.ended == [error, "closed"] and not control.on_lost
    assert cupy.log[-2:] == ["abort", "destroy"]


def test_refusals():
    with pytest.raises(DeviceError, match="CuPy finds no NCCL"):
        connected(available=False)
    with pytest.raises(DeviceError, match=r"NCCL_ERROR_INVALID_USAGE \(found GPU 0 here\)"):
        connected(refuses=True)
