"""What is bound of cuDNN and cuBLAS, against the real libraries where their wheels are installed.

Neither needs a GPU or a driver for this.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import cublas, cudnn, libraries
from caffepy.kernels.cuda.cudnn import ConvolutionDescriptor, FilterDescriptor, TensorDescriptor


@pytest.fixture(scope="module")
def real() -> cudnn.Library:
    try:
        return cudnn.load()
    except Unsupported as missing:
        pytest.skip(str(missing))


def header(library: str, pattern: str) -> str:
    """The text of a wheel's headers, comments aside; skips without them."""
    include = Path(libraries.path(library)).parent.parent / "include"
    files = sorted(include.glob(pattern))
    if not files:
        pytest.skip(f"no headers of {library} here")
    text = "".join(file.read_text() for file in files)
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


def letter(argument: str) -> str:
    """The letter that a C argument wants in a signature."""
    if "*" in argument or "[" in argument:
        return "p"
    kind = argument.replace("const ", "").split()[0]
    if kind.endswith(("Handle_t", "Descriptor_t", "Stream_t")):
        return "p"
    return "z" if kind == "size_t" else "i"


@pytest.mark.parametrize(("prefix", "module", "pattern"), [
    ("cudnn", cudnn, "cudnn_*_v9.h"), ("cublas", cublas, "cublas_api.h")])
def test_signatures_are_the_headers(prefix: str, module, pattern: str) -> None:
    text = header(prefix, pattern)
    for name, letters in module.SIGNATURES.items():
        found = re.search(rf"WINAPI\s+{prefix}{name}\s*\((.*?)\)\s*;", text, re.DOTALL)
        assert found, name
        assert "".join(letter(a.strip()) for a in found[1].split(",")) == letters, name


@pytest.mark.parametrize(("library", "pattern", "word", "value"), [
    ("cudnn", "cudnn_*_v9.h", "CUDNN_DATA_FLOAT", cudnn.FLOAT),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_TENSOR_NCHW", cudnn.NCHW),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_TENSOR_NHWC", cudnn.NHWC),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_CROSS_CORRELATION", cudnn.CROSS_CORRELATION),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_DEFAULT_MATH", cudnn.DEFAULT_MATH),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_FMA_MATH", cudnn.FMA_MATH),
    ("cudnn", "cudnn_*_v9.h", "CUDNN_DETERMINISTIC", cudnn.DETERMINISTIC),
    ("cublas", "cublas_api.h", "CUBLAS_OP_N", cublas.OP_N),
    ("cublas", "cublas_api.h", "CUBLAS_OP_T", cublas.OP_T),
    ("cublas", "cublas_api.h", "CUBLAS_COMPUTE_32F", cublas.COMPUTE_32F),
    ("cublas", "cublas_api.h", "CUBLAS_COMPUTE_32F_FAST_TF32", cublas.COMPUTE_32F_FAST_TF32),
    ("cublas", "cublas_api.h", "CUBLAS_GEMM_DEFAULT", cublas.GEMM_DEFAULT),
])
def test_numbers_are_the_headers(library: str, pattern: str, word: str, value: int) -> None:
    found = re.search(rf"\b{word}\s*=\s*(-?\d+)", header(library, pattern))
    assert found and int(found[1]) == value


def test_performance_is_laid_out_as_in_c() -> None:
    offsets = {name: getattr(cudnn.Performance, name).offset
               for name, *_ in cudnn.Performance._fields_}
    # ints and a float of 4 bytes; size_t is aligned to 8
    assert offsets == {"algorithm": 0, "status": 4, "time": 8, "memory": 16, "determinism": 24,
                       "math": 28, "reserved": 32}
    assert ctypes.sizeof(cudnn.Performance) == 48


@pytest.mark.parametrize(("x", "w", "pad", "stride", "dilation", "group", "y"), [
    ((64, 1, 28, 28), (20, 1, 5, 5), (0, 0), (1, 1), (1, 1), 1, (64, 20, 24, 24)),
    ((10, 96, 27, 27), (256, 48, 5, 5), (2, 2), (1, 1), (1, 1), 2, (10, 256, 27, 27)),
    ((2, 6, 13, 17), (8, 3, 3, 2), (1, 0), (2, 3), (2, 1), 2, (2, 8, 6, 6)),
    ((1, 4, 9, 9), (4, 1, 3, 3), (0, 0), (1, 1), (1, 1), 4, (1, 4, 7, 7)),
    ((2, 3, 8, 9, 10), (4, 3, 3, 3, 3), (1, 1, 1), (1, 2, 2), (1, 1, 1), 1, (2, 4, 8, 5, 5)),
])
def test_cudnn_expects_the_shapes_that_we_do(
    real: cudnn.Library, x, w, pad, stride, dilation, group, y
) -> None:
    window = ConvolutionDescriptor(real, pad, stride, dilation, group, cudnn.FMA_MATH)
    for last in (False, True) if len(x) == 4 else (False,):
        xs, ws = TensorDescriptor(real, x, last), FilterDescriptor(real, w, last)
        assert window.out(xs, ws, len(x)) == y


def test_a_refusal_is_told_in_cudnns_words(real: cudnn.Library) -> None:
    with pytest.raises(cudnn.CudnnError, match="SetTensorNdDescriptor: CUDNN_STATUS_BAD_PARAM"):
        TensorDescriptor(real, (1, 0, 3, 3))


def test_a_handle_without_a_gpu_is_refused(real: cudnn.Library) -> None:
    if libraries.driver_version() is not None:
        pytest.skip("there is a driver here")
    with pytest.raises(cudnn.CudnnError, match="cudnnCreate"):
        real.Create(ctypes.byref(ctypes.c_void_p()))
