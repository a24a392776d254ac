"""The kernels that run on an NVIDIA GPU: cuDNN, cuBLAS, and CUDA kernels of our own.

They compute in float32. Activations lie in float32 or, if the spec's dtype says so, in half
precision: such kernels read and write the half-precision places of their tensors.

Activations of four axes keep the order they come in, channels-last or not; convolutions choose
it. What is not here is computed by the reference kernels on CuPy arrays.
"""

from __future__ import annotations

from caffepy.core.memory import Mover, Place
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.cuda.mover import CudaMover

WITH_BFLOAT16 = (8, 0)  # the first compute capability that has it


class CudaEngine(Engine):
    """Plans kernels for one GPU.

    Args:
        gpu: its number, as CUDA counts, or the device where there is one already.

    Raises:
        DeviceError: it cannot be used; the message says what is missing.
    """

    name = "cuda"
    place = Place.DEVICE
    package = __name__

    def __init__(self, gpu: int | Device) -> None:
        self.device = Device(gpu) if isinstance(gpu, int) else gpu
        self.xp = self.device.xp

    def without(self, half: str) -> str | None:
        """See Engine.without."""
        if half == "int8":
            return "8 bits are for CPUs"
        if half == "bfloat16" and self.device.capability < WITH_BFLOAT16:
            wanted = ".".join(map(str, WITH_BFLOAT16))
            return f"bfloat16 wants a GPU of compute capability {wanted}"
        return None

    def mover(self) -> Mover:
        """A mover between the host and this device."""
        return CudaMover(self.device)
