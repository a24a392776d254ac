"""The kernels that run on an NVIDIA GPU: cuDNN, cuBLAS, and CUDA kernels of our own.

They compute in float32. Activations lie in float32 or, if the spec's dtype says so, in half
precision: such kernels read and write the half-precision places of their tensors.

Activations of four axes keep the order they come in, channels-last or not; convolutions choose
it. What is not here is computed by the reference kernels on CuPy arrays.
"""

from __future__ import annotations

from caffepy.core.memory import Mover, Place
from caffepy.kernels import base
from caffepy.kernels.cuda.batch_norm import BatchNorm
from caffepy.kernels.cuda.concat import Concat
from caffepy.kernels.cuda.convolution import Convolution
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.cuda.dropout import Dropout
from caffepy.kernels.cuda.eltwise import Eltwise
from caffepy.kernels.cuda.inner_product import InnerProduct
from caffepy.kernels.cuda.lrn import LRN
from caffepy.kernels.cuda.mover import CudaMover
from caffepy.kernels.cuda.pooling import Pooling
from caffepy.kernels.cuda.relu import ReLU
from caffepy.kernels.cuda.scale import Scale
from caffepy.kernels.cuda.softmax import Softmax, SoftmaxLoss
from caffepy.kernels.cuda.transform import Transform
from caffepy.kernels.transform import TransformSpec


class CudaEngine(base.Engine):
    """Plans kernels for one GPU.

    Args:
        index: its number, as CUDA counts.

    Raises:
        DeviceError: it cannot be used; the message says what is missing.
    """

    name = "cuda"
    place = Place.DEVICE
    kernels = {
        base.ConvolutionSpec: Convolution,
        base.InnerProductSpec: InnerProduct,
        base.PoolingSpec: Pooling,
        base.LRNSpec: LRN,
        base.ReLUSpec: ReLU,
        base.SoftmaxSpec: Softmax,
        base.BatchNormSpec: BatchNorm,
        base.ScaleSpec: Scale,
        base.EltwiseSpec: Eltwise,
        base.ConcatSpec: Concat,
        base.DropoutSpec: Dropout,
        base.SoftmaxLossSpec: SoftmaxLoss,
        TransformSpec: Transform,
    }

    def __init__(self, index: int) -> None:
        self.device = Device(index)
        self.xp = self.device.xp

    def mover(self) -> Mover:
        """A mover between the host and this device."""
        return CudaMover(self.device)
