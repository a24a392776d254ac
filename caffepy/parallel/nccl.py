"""Workers with a GPU each, by NVIDIA's NCCL through CuPy.

Averaging runs on a stream of its own: it starts when what the computing stream has been given so
far is done, and the computing stream goes on with what follows ``finish`` when the averaging is
done. The host waits for neither, and nothing here synchronises, so that all of it can be captured
into a CUDA graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.errors import DeviceError
from caffepy.parallel.base import Array, Communicator

AVERAGE = 4  # ncclAvg, which CuPy hands on without having a name for it; NCCL 2.10 and later
TYPES = {"float16": "NCCL_FLOAT16", "float32": "NCCL_FLOAT32", "float64": "NCCL_FLOAT64"}


class Nccl(Communicator):
    """The GPUs of workers that another communicator connects already.

    Args:
        control: by which the workers find each other and agree; arrays on the host go through it.
            It is closed with this.
        device: this worker's GPU (a kernels.cuda.device.Device).

    Raises:
        DeviceError: CuPy has no NCCL, or NCCL refuses, such as two workers on one GPU.
    """

    def __init__(self, control: Communicator, device: Any) -> None:
        cupy = self._cupy = device.xp
        self._nccl = device.nccl
        self._torn = False
        if not getattr(self._nccl, "available", False):
            raise DeviceError(
                "CuPy finds no NCCL, which GPUs average by",
                fix="Run 'pip install \"caffepy[cuda12]\"' (or cuda13, as the driver allows).")
        self.control = control
        self.rank, self.size = control.rank, control.size
        self.local_rank, self.local_size = control.local_rank, control.local_size
        self._device = device.index
        with cupy.cuda.Device(device.index):
            uid = control.broadcast_bytes(self._nccl.get_unique_id() if self.root else b"")
            try:
                self._comm = self._nccl.NcclCommunicator(self.size, uid, self.rank)
            except self._nccl.NcclError as error:
                raise DeviceError(
                    f"NCCL cannot connect the GPUs: {error}", found=f"GPU {device.index} here",
                    fix="Each worker needs a GPU of its own; NCCL_DEBUG=INFO tells more.",
                ) from None
            self._stream = cupy.cuda.Stream(non_blocking=True)
            self._ready = cupy.cuda.Event(disable_timing=True)
            self._done = cupy.cuda.Event(disable_timing=True)
        # a kernel of NCCL's that waits for a dead worker would wait for ever
        if hasattr(control, "on_lost"):
            control.on_lost.append(self._tear)

    def broadcast(self, array: Array, root: int = 0) -> None:
        if isinstance(array, np.ndarray):
            self.control.broadcast(array, root)
            return
        self._fork()
        pointer = array.data.ptr
        self._comm.broadcast(
            pointer, pointer, array.size, self._type(array), root, self._stream.ptr)
        self.finish()

    def average(self, array: Array) -> None:
        self.start(array)
        self.finish()

    def start(self, array: Array) -> None:
        if isinstance(array, np.ndarray):
            self.control.start(array)
            return
        self._fork()
        pointer = array.data.ptr
        self._comm.allReduce(
            pointer, pointer, array.size, self._type(array), AVERAGE, self._stream.ptr)

    def finish(self) -> None:
        """Let what the computing stream is given from here on wait for all that was started."""
        self.control.finish()
        self._done.record(self._stream)
        self._cupy.cuda.get_current_stream().wait_event(self._done)

    def agree(self, number: int) -> int:
        return self.control.agree(number)

    def broadcast_bytes(self, message: bytes) -> bytes:
        return self.control.broadcast_bytes(message)

    def abort(self, error: BaseException) -> None:
        self._comm.abort()
        self.control.abort(error)

    def close(self) -> None:
        """Graphs that averaging was captured into must be gone before."""
        if self._tear in getattr(self.control, "on_lost", ()):
            self.control.on_lost.remove(self._tear)  # type: ignore[attr-defined]
        self._comm.destroy()
        self.control.close()

    def _tear(self) -> None:
        self._torn = True
        self._comm.abort()

    def _fork(self) -> None:
        if self._torn:  # raises the error of the worker that ended, not what NCCL makes of it
            self.control.agree(0)
        self._ready.record(self._cupy.cuda.get_current_stream())
        self._stream.wait_event(self._ready)

    def _type(self, array: Array) -> int:
        number: int = getattr(self._nccl, TYPES[array.dtype.name])
        return number
