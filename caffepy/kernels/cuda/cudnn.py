"""cuDNN 9 by its C interface: handles, descriptors, convolutions.

Function list: https://docs.nvidia.com/deeplearning/cudnn/backend/latest/api (cudnn_ops, cudnn_cnn)
and the headers of the wheel nvidia-cudnn-cu12. Descriptors need no GPU, a handle does.
"""

from __future__ import annotations

import ctypes
import functools
import math
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from caffepy.errors import DeviceError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import libraries

if TYPE_CHECKING:
    from caffepy.kernels.cuda.device import Device

SUCCESS = 0
FLOAT = 0  # cudnnDataType_t
DATA_TYPES = {"float32": FLOAT, "float16": 2, "bfloat16": 9}
NCHW, NHWC = 0, 1  # cudnnTensorFormat_t
CROSS_CORRELATION = 1  # cudnnConvolutionMode_t
# cudnnMathType_t: the default may round float32 to TF32; half precision asks for tensor cores
DEFAULT_MATH, TENSOR_OP_MATH, FMA_MATH = 0, 1, 3
DETERMINISTIC = 1  # cudnnDeterminism_t
OLDEST = 90000

MESSAGE_BYTES = 512

# One letter an argument: p any pointer or handle, i an int or enum, z a size
SIGNATURES = {
    "Create": "p",
    "Destroy": "p",
    "SetStream": "pp",
    "CreateTensorDescriptor": "p",
    "DestroyTensorDescriptor": "p",
    "SetTensorNdDescriptor": "piipp",
    "CreateFilterDescriptor": "p",
    "DestroyFilterDescriptor": "p",
    "SetFilterNdDescriptor": "piiip",
    "CreateConvolutionDescriptor": "p",
    "DestroyConvolutionDescriptor": "p",
    "SetConvolutionNdDescriptor": "pipppii",
    "SetConvolutionGroupCount": "pi",
    "SetConvolutionMathType": "pi",
    "GetConvolutionNdForwardOutputDim": "pppip",
    "GetConvolutionForwardAlgorithm_v7": "pppppipp",
    "GetConvolutionBackwardDataAlgorithm_v7": "pppppipp",
    "GetConvolutionBackwardFilterAlgorithm_v7": "pppppipp",
    "GetConvolutionForwardWorkspaceSize": "pppppip",
    "GetConvolutionBackwardDataWorkspaceSize": "pppppip",
    "GetConvolutionBackwardFilterWorkspaceSize": "pppppip",
    "FindConvolutionForwardAlgorithmEx": "ppppppppipppz",
    "FindConvolutionBackwardDataAlgorithmEx": "ppppppppipppz",
    "FindConvolutionBackwardFilterAlgorithmEx": "ppppppppipppz",
    "ConvolutionForward": "pppppppipzppp",
    "ConvolutionBackwardData": "pppppppipzppp",
    "ConvolutionBackwardFilter": "pppppppipzppp",
}

# what the result of a convolution, and what was there before, are multiplied by
ZERO, ONE = ctypes.byref(ctypes.c_float(0.0)), ctypes.byref(ctypes.c_float(1.0))

TYPES = {"p": ctypes.c_void_p, "i": ctypes.c_int, "z": ctypes.c_size_t}


class Performance(ctypes.Structure):
    """cudnnConvolution{Fwd,BwdData,BwdFilter}AlgoPerf_t, which are laid out alike.

    ``time`` in ms (-1 if it was not run), ``memory`` in bytes of workspace.
    """

    _fields_ = [
        ("algorithm", ctypes.c_int), ("status", ctypes.c_int), ("time", ctypes.c_float),
        ("memory", ctypes.c_size_t), ("determinism", ctypes.c_int), ("math", ctypes.c_int),
        ("reserved", ctypes.c_int * 3),
    ]


class CudnnError(DeviceError):
    """cuDNN refused; ``status`` is its cudnnStatus_t."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Library:
    """Every function of SIGNATURES as an attribute, without "cudnn"; each raises CudnnError.

    Raises:
        Unsupported: the library is older than version 9.
    """

    def __init__(self, loaded: ctypes.CDLL) -> None:
        loaded.cudnnGetVersion.restype = ctypes.c_size_t
        self.version = int(loaded.cudnnGetVersion())
        if self.version < OLDEST:
            raise Unsupported(f"cuDNN is version {self.version}; caffepy needs version 9. "
                              f"Run {libraries.pip_line()}.")
        self._error_string = loaded.cudnnGetErrorString
        self._error_string.restype = ctypes.c_char_p
        self._error_string.argtypes = [ctypes.c_int]
        self._last_error = getattr(loaded, "cudnnGetLastErrorString", None)
        for name, arguments in SIGNATURES.items():
            function = getattr(loaded, "cudnn" + name)
            function.restype = ctypes.c_int
            function.argtypes = [TYPES[letter] for letter in arguments]
            function.errcheck = functools.partial(self._check, name)
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:  # for the type checker: set in __init__
        raise AttributeError(name)

    def _check(self, name: str, status: int, function: object, arguments: object) -> int:
        if status != SUCCESS:
            raise CudnnError(f"cuDNN could not do cudnn{name}: {self._words(status)}", status)
        return status

    def _words(self, status: int) -> str:
        text = self._error_string(status).decode()
        if self._last_error is not None:
            room = ctypes.create_string_buffer(MESSAGE_BYTES)
            self._last_error(room, ctypes.c_size_t(MESSAGE_BYTES))
            text += f" ({room.value.decode()})" if room.value else ""
        return text


@functools.cache
def _bound(loaded: ctypes.CDLL) -> Library:
    return Library(loaded)


def load() -> Library:
    """cuDNN, its functions declared.

    Raises:
        Unsupported: it cannot be loaded, or is too old.
    """
    return _bound(libraries.load("cudnn"))


class Descriptor:
    """One of cuDNN's descriptors; destroyed with this object. Subclasses fill it in."""

    kind = ""

    def __init__(self, library: Library) -> None:
        self.library = library
        pointer = ctypes.c_void_p()
        getattr(library, f"Create{self.kind}Descriptor")(ctypes.byref(pointer))
        self._as_parameter_ = pointer  # ctypes passes this where a pointer is expected
        destroy = getattr(library, f"Destroy{self.kind}Descriptor")
        weakref.finalize(self, destroy, pointer).atexit = False


class TensorDescriptor(Descriptor):
    """N x C x spatial axes of a type, in C order or channels-last."""

    kind = "Tensor"

    def __init__(self, library: Library, shape: Sequence[int], last: bool = False,
                 dtype: str = "float32") -> None:
        super().__init__(library)
        library.SetTensorNdDescriptor(self, DATA_TYPES[dtype], len(shape), ints(shape),
                                      ints(strides(shape, last)))


class FilterDescriptor(Descriptor):
    """Outputs x inputs of one group x spatial axes of a type.

    The shape is told in this order for channels-last filters too; the format alone differs.
    """

    kind = "Filter"

    def __init__(self, library: Library, shape: Sequence[int], last: bool = False,
                 dtype: str = "float32") -> None:
        super().__init__(library)
        library.SetFilterNdDescriptor(self, DATA_TYPES[dtype], NHWC if last else NCHW, len(shape),
                                      ints(shape))


class ConvolutionDescriptor(Descriptor):
    """Stride, padding, dilation, groups, and which arithmetic is allowed. Sums are float32."""

    kind = "Convolution"

    def __init__(
        self, library: Library, pad: Sequence[int], stride: Sequence[int],
        dilation: Sequence[int], group: int, math_type: int,
    ) -> None:
        super().__init__(library)
        library.SetConvolutionNdDescriptor(self, len(pad), ints(pad), ints(stride),
                                           ints(dilation), CROSS_CORRELATION, FLOAT)
        library.SetConvolutionGroupCount(self, group)
        self.set_math(math_type)

    def set_math(self, math_type: int) -> None:
        """DEFAULT_MATH, FMA_MATH or what a search reported."""
        self.library.SetConvolutionMathType(self, math_type)

    def out(self, x: TensorDescriptor, w: FilterDescriptor, axes: int) -> tuple[int, ...]:
        """The shape of y, which has ``axes`` axes."""
        shape = (ctypes.c_int * axes)()
        self.library.GetConvolutionNdForwardOutputDim(self, x, w, axes, shape)
        return tuple(shape)


class Handle:
    """cuDNN on one device; all work is queued on the device's stream.

    Raises:
        Unsupported: cuDNN cannot be loaded.
        DeviceError: it does not start on this device.
    """

    def __init__(self, device: Device) -> None:
        self.library = load()
        pointer = ctypes.c_void_p()
        with device.computing():
            self.library.Create(ctypes.byref(pointer))
        self._as_parameter_ = pointer
        weakref.finalize(self, self.library.Destroy, pointer).atexit = False
        self.library.SetStream(self, device.stream.ptr)
        self.choices: dict[Any, Performance] = {}  # algorithms found so far, by what they compute


def strides(shape: Sequence[int], last: bool) -> tuple[int, ...]:
    """The distance in numbers between neighbours along each axis of N x C x spatial axes."""
    if not last:
        return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    channels = shape[1]
    spatial = tuple(channels * math.prod(shape[axis + 1 :]) for axis in range(2, len(shape)))
    return (math.prod(shape[1:]), 1, *spatial)


def ints(numbers: Sequence[int]) -> Any:
    """A C array of ints."""
    return (ctypes.c_int * len(numbers))(*numbers)
