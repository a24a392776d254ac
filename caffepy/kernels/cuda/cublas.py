"""cuBLAS by its C interface: products of matrices that lie row by row, sums of their columns.

cuBLAS sees a matrix column by column, so what lies here row by row is its transpose to it; the
factors change places instead. CuPy is not asked: it refuses cuBLAS while a graph is captured.
Function list: https://docs.nvidia.com/cuda/cublas, and the headers of the wheel nvidia-cublas.
"""

from __future__ import annotations

import ctypes
import functools
import weakref
from typing import TYPE_CHECKING, Any

from caffepy.errors import DeviceError
from caffepy.kernels.cuda import libraries

if TYPE_CHECKING:
    from caffepy.core.memory import Array
    from caffepy.kernels.cuda.device import Device

SUCCESS = 0
OP_N, OP_T = 0, 1  # cublasOperation_t
DATA_TYPES = {"float32": 0, "float16": 2, "bfloat16": 14}  # cudaDataType
COMPUTE_32F, COMPUTE_32F_FAST_TF32 = 68, 77  # cublasComputeType_t
GEMM_DEFAULT = -1  # cublasGemmAlgo_t
SUMS_IN_FLOAT32 = 16  # cublasMath_t: parts of a product in half precision are added in float32

WORKSPACE_BYTES = 32 * 2**20  # what NVIDIA recommends for Hopper; older GPUs want 4 MiB

# One letter an argument: p any pointer or handle, i an int or enum, z a size
SIGNATURES = {
    "Create_v2": "p",
    "Destroy_v2": "p",
    "SetStream_v2": "pp",
    "SetWorkspace_v2": "ppz",
    "SetMathMode": "pi",
    "GemmEx": "piiiiippiipiippiiii",
    "Sgemv_v2": "piiippipippi",
}

TYPES = {"p": ctypes.c_void_p, "i": ctypes.c_int, "z": ctypes.c_size_t}

ZERO, ONE = ctypes.c_float(0.0), ctypes.c_float(1.0)
_ZERO, _ONE = ctypes.byref(ZERO), ctypes.byref(ONE)


class Library:
    """Every function of SIGNATURES as an attribute, without "cublas"; each raises DeviceError."""

    def __init__(self, loaded: ctypes.CDLL) -> None:
        self._status_name = loaded.cublasGetStatusName
        self._status_words = loaded.cublasGetStatusString
        for words in (self._status_name, self._status_words):
            words.restype = ctypes.c_char_p
            words.argtypes = [ctypes.c_int]
        for name, arguments in SIGNATURES.items():
            function = getattr(loaded, "cublas" + name)
            function.restype = ctypes.c_int
            function.argtypes = [TYPES[letter] for letter in arguments]
            function.errcheck = functools.partial(self._check, name)
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:  # for the type checker: set in __init__
        raise AttributeError(name)

    def _check(self, name: str, status: int, function: object, arguments: object) -> int:
        if status != SUCCESS:
            raise DeviceError(
                f"cuBLAS could not do cublas{name}: {self._status_words(status).decode()} "
                f"({self._status_name(status).decode()})")
        return status


@functools.cache
def _bound(loaded: ctypes.CDLL) -> Library:
    return Library(loaded)


def load() -> Library:
    """cuBLAS, its functions declared.

    Raises:
        Unsupported: it cannot be loaded.
    """
    return _bound(libraries.load("cublas"))


class Handle:
    """cuBLAS on one device; all work is queued on the device's stream.

    The workspace is ours: what cuBLAS would allocate by itself cannot be captured in a graph.

    Raises:
        Unsupported: cuBLAS cannot be loaded.
        DeviceError: it does not start on this device.
    """

    def __init__(self, device: Device) -> None:
        self.library = load()
        pointer = ctypes.c_void_p()
        with device.computing():
            self.library.Create_v2(ctypes.byref(pointer))
            self._workspace = device.xp.empty(WORKSPACE_BYTES, "uint8")
        self._as_parameter_ = pointer
        weakref.finalize(self, self.library.Destroy_v2, pointer).atexit = False
        self.library.SetStream_v2(self, device.stream.ptr)
        self.library.SetWorkspace_v2(self, self._workspace.data.ptr, WORKSPACE_BYTES)
        self.library.SetMathMode(self, SUMS_IN_FLOAT32)

    def gemm(
        self, turn_a: bool, turn_b: bool, m: int, n: int, k: int,
        a: Array, b: Array, c: Array, add: bool, dtype: str = "float32", c_dtype: str = "",
        tf32: bool = False,
    ) -> None:
        """c (m, n) = a (m, k) b (k, n), or += if ``add``; row by row, sums float32.

        ``turn_a``: a lies as (k, m). ``turn_b``: b lies as (n, k). The arrays may have any shape.
        a and b are of type ``dtype``; c is too, unless ``c_dtype`` says float32. ``tf32``: where
        they are float32 they may be rounded to TF32.
        """
        factors, sums = DATA_TYPES[dtype], DATA_TYPES[c_dtype or dtype]
        self.library.GemmEx(
            self, OP_T if turn_b else OP_N, OP_T if turn_a else OP_N, n, m, k,
            _ONE, b.data.ptr, factors, k if turn_b else n, a.data.ptr, factors,
            m if turn_a else k,
            _ONE if add else _ZERO, c.data.ptr, sums, n,
            COMPUTE_32F_FAST_TF32 if tf32 and dtype == "float32" else COMPUTE_32F, GEMM_DEFAULT)

    def sum_rows(self, m: int, n: int, a: Array, ones: Array, total: Array, add: bool) -> None:
        """total (n) = the sum of the rows of a (m, n), or += if ``add``; ``ones`` holds m ones."""
        self.library.Sgemv_v2(self, OP_N, n, m, _ONE, a.data.ptr, n, ones.data.ptr, 1,
                              _ONE if add else _ZERO, total.data.ptr, 1)
