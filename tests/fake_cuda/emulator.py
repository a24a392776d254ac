"""CUDA kernels on the CPU: g++ compiles their source against shim.h, ctypes calls the result."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SHIM = Path(__file__).with_name("shim.h")
KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)')
FLAGS = ("-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden",
         "-U_FORTIFY_SOURCE",  # which takes jumps between stacks for errors
         "-fno-weak",  # else what inline functions share cannot lie in the section of the rest
         "-Wall", "-Wno-unknown-pragmas", "-Wno-unused-function", "-Wno-unused-variable")

reverse = False  # run threads and blocks in the opposite order: results must not change


def compiler() -> str | None:
    """g++, if there is one."""
    return shutil.which("g++")


class _Argument(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("kind", ctypes.c_int), ("size", ctypes.c_int)]


class Program:
    """A source file compiled for the CPU.

    Raises:
        RuntimeError: g++ does not take it; the message is g++'s.
    """

    def __init__(self, code: str, options: Sequence[str] = ()) -> None:
        self.names = KERNEL.findall(code)
        defines = [o for o in options if o.startswith("-D")]
        # the shim knows one launch at a time: PyDLL keeps the interpreter lock
        self.library = ctypes.PyDLL(str(_built(code, self.names, defines)))

    def launch(self, name: str, grid: Sequence[int], block: Sequence[int],
               arguments: Sequence[tuple[str, int, Any]]) -> None:
        """Run a kernel.

        Args:
            arguments: of each ("p", bytes of a number, address) or
                ("i", "u" or "f", bytes, NumPy scalar).
        """
        if name not in self.names:
            raise RuntimeError(f"no kernel {name!r}; there are {', '.join(self.names)}")
        shape = (ctypes.c_uint * 6)(*_three(grid), *_three(block))
        given, alive = (_Argument * len(arguments))(), []
        for slot, (kind, size, value) in zip(given, arguments, strict=True):
            if kind != "p":
                scalar = np.array(value)
                alive.append(scalar)
                value = scalar.ctypes.data
            slot.at, slot.kind, slot.size = value, ord(kind), size
        function = getattr(self.library, f"launch_{name}")
        function.restype = ctypes.c_char_p
        complaint = function(shape, given, len(arguments), int(reverse))
        if complaint:
            raise RuntimeError(f"kernel {name}: {complaint.decode()}")


def _three(size: int | Sequence[int]) -> tuple[int, ...]:
    sizes = (size,) if isinstance(size, int) else tuple(size)
    return (*sizes, *(1,) * (3 - len(sizes)))


def _built(code: str, names: Sequence[str], defines: Sequence[str]) -> Path:
    """The shared library for a source, from the cache or compiled now."""
    text = "\n".join(['#include "shim.h"', code, *(f"EMULATED_KERNEL({n})" for n in names), ""])
    key = hashlib.sha256("\0".join([text, SHIM.read_text(), *FLAGS, *defines]).encode())
    folder = Path(tempfile.gettempdir()) / f"caffepy-emulated-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise RuntimeError(f"{folder} belongs to somebody else")
    built = folder / f"{key.hexdigest()[:32]}.so"
    if not built.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            source, made = Path(scratch, "kernels.cpp"), Path(scratch, "kernels.so")
            source.write_text(text)
            result = subprocess.run(
                [compiler() or "g++", *FLAGS, *defines, f"-I{SHIM.parent}", "-o", str(made),
                 str(source)], capture_output=True, text=True)
            if result.returncode:
                raise RuntimeError(f"g++ does not take the kernels:\n{result.stderr}")
            os.replace(made, built)
    return built
