"""Every CUDA file compiles for the GPUs of today, which takes NVIDIA's compiler and no GPU."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from caffepy.kernels.cuda import device

FILES = sorted(path.stem for path in device.SOURCE.glob("*.cu"))
OPTIONS = ("-std=c++17",)  # CuPy's own


@cache
def nvrtc() -> Any:
    """The compiler from its wheel; None if it is not installed."""
    for folder in map(Path, filter(None, sys.path)):
        for library in sorted(folder.glob("nvidia/*/lib/libnvrtc.so.*"), reverse=True):
            if "alt" not in library.name:
                return ctypes.CDLL(str(library))
    return None


def compiled(name: str, code: str, *options: str) -> tuple[bytes, str]:
    """The cubin, empty if the source has errors, and what the compiler says."""
    library, program = nvrtc(), ctypes.c_void_p()
    assert library.nvrtcCreateProgram(ctypes.byref(program), code.encode(), name.encode(),
                                      0, None, None) == 0
    given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    status = library.nvrtcCompileProgram(program, len(options), given)

    def read(what: str) -> bytes:
        size = ctypes.c_size_t()
        getattr(library, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        getattr(library, f"nvrtcGet{what}")(program, buffer)
        return buffer.raw

    result = read("CUBIN") if status == 0 else b"", read("ProgramLog").rstrip(b"\0").decode()
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return result


@pytest.fixture
def compiler() -> None:
    if nvrtc() is None:
        pytest.skip("NVRTC is not installed: pip install nvidia-cuda-nvrtc")


@pytest.mark.parametrize(("architecture", "dtype"), [
    ("sm_90", "float32"), *(("sm_80", dtype) for dtype in device.STORED)])
@pytest.mark.parametrize("name", FILES)
def test_every_file_compiles_without_a_warning(compiler, name, dtype, architecture):
    code = device.source(name, dtype)
    cubin, log = compiled(f"{name}.cu", code, f"-arch={architecture}", *OPTIONS)
    assert log == ""
    assert cubin.startswith(b"\x7fELF")


def test_an_error_is_found_where_it_is(compiler):
    code = device.source("relu").replace(
        "FOR_EACH_PACK(i, count) {", "FOR_EACH_PACK(i, count) { wrong;", 1)
    cubin, log = compiled("relu.cu", code, "-arch=sm_90", *OPTIONS)
    assert not cubin
    lines = (device.SOURCE / "relu.cu").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, start=1) if "FOR_EACH" in text)
    assert f"relu.cu({line}): error" in log


def test_the_files_are_there():
    assert {"dropout", "pooling", "relu", "reorder", "softmax_loss", "sums"} <= set(FILES)
