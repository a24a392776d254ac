"""cupy.cuda.Device, and what the fake devices say of themselves."""

from __future__ import annotations

from typing import Any

from fake_cuda import memory, streams


class Device:
    """cupy.cuda.Device."""

    def __init__(self, device: int | None = None) -> None:
        self.id = streams.this_thread().device if device is None else device
        self._before: list[int] = []

    def use(self) -> None:
        if not 0 <= self.id < len(properties):
            raise streams.CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        streams.this_thread().device = self.id

    def __enter__(self) -> Device:
        self._before.append(streams.this_thread().device)
        self.use()
        return self

    def __exit__(self, *_: Any) -> None:
        streams.this_thread().device = self._before.pop()

    @property
    def compute_capability(self) -> str:
        return f"{properties[self.id]['major']}{properties[self.id]['minor']}"

    @property
    def mem_info(self) -> tuple[int, int]:
        return memory.heap.total - memory.heap.used, memory.heap.total

    @property
    def attributes(self) -> dict[str, int]:
        return {"ClockRate": 1410000, "AsyncEngineCount": 3, "MaxPitch": 2147483647}

    def synchronize(self) -> None:
        for ptr in list(streams.late):
            streams.catch_up(ptr)
        streams.synchronize()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __int__(self) -> int:
        return self.id

    __hash__ = None  # type: ignore[assignment]


# what getDeviceProperties says of each device
properties: list[dict[str, Any]] = [{
    "name": b"Fake GPU", "major": 8, "minor": 0, "totalGlobalMem": memory.TOTAL,
    "sharedMemPerBlock": 49152, "regsPerBlock": 65536, "warpSize": 32, "memPitch": 2147483647,
    "maxThreadsPerBlock": 1024, "maxThreadsDim": (1024, 1024, 64),
    "maxGridSize": (2147483647, 65535, 65535), "clockRate": 1410000, "totalConstMem": 65536,
    "textureAlignment": 512, "deviceOverlap": 1, "multiProcessorCount": 108,
    "kernelExecTimeoutEnabled": 0, "l2CacheSize": 41943040, "memoryClockRate": 1215000,
    "memoryBusWidth": 5120, "concurrentKernels": 1, "ECCEnabled": 1, "pciBusID": 1,
    "pciDeviceID": 0, "pciDomainID": 0, "maxThreadsPerMultiProcessor": 2048, "integrated": 0,
}]
