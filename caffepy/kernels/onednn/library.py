"""Finds and loads oneDNN's shared library and declares the C functions that the kernels use.

Looked for in this order: the file that CAFFEPY_ONEDNN names (see caffepy.settings), the wheel
``onednn-cpu-gomp``, the system. Any oneDNN 3.x that runs on OpenMP will do: the C interface of
version 3 is stable. Function list: https://oneapi-src.github.io/oneDNN (C API).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import threading
from pathlib import Path
from typing import Any

from caffepy import cores, forks, log
from caffepy.errors import DeviceError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import waiting
from caffepy.settings import Process, variable

logger = log.get(__name__)

WHEEL = "onednn-cpu-gomp"
FILE = "libdnnl.so.3"
ON_OPENMP = 2  # dnnl_version_t.cpu_runtime
HARD = 2  # omp_pause_resource_t: end the threads; the next parallel region starts others

# One letter an argument. Pointers must be declared: a bare int would travel as a 32-bit int.
TYPES = {
    "p": ctypes.c_void_p,
    "i": ctypes.c_int,
    "u": ctypes.c_uint,
    "l": ctypes.c_int64,
    "z": ctypes.c_size_t,
    "f": ctypes.c_float,
    "c": ctypes.c_char,
}

# name: (result, arguments); "i" as the result is a status
SIGNATURES = {
    "get_effective_cpu_isa": ("i", ""),
    "engine_create": ("i", "piz"),
    "engine_destroy": ("i", "p"),
    "stream_create": ("i", "ppu"),
    "stream_destroy": ("i", "p"),
    "memory_desc_create_with_strides": ("i", "pipip"),
    "memory_desc_create_with_tag": ("i", "pipii"),
    "memory_desc_clone": ("i", "pp"),
    "memory_desc_destroy": ("i", "p"),
    "memory_desc_equal": ("i", "pp"),
    "memory_desc_get_size": ("z", "p"),
    "memory_desc_query": ("i", "pip"),
    "memory_create": ("i", "pppp"),
    "memory_destroy": ("i", "p"),
    "memory_set_data_handle": ("i", "pp"),
    "primitive_attr_create": ("i", "p"),
    "primitive_attr_destroy": ("i", "p"),
    "primitive_attr_set_fpmath_mode": ("i", "pi"),
    "primitive_attr_set_scratchpad_mode": ("i", "pi"),
    "primitive_attr_set_scales_mask": ("i", "pii"),
    "primitive_attr_set_post_ops": ("i", "pp"),
    "post_ops_create": ("i", "p"),
    "post_ops_destroy": ("i", "p"),
    "post_ops_append_sum": ("i", "pfii"),
    "post_ops_append_eltwise": ("i", "piff"),
    "post_ops_append_binary": ("i", "pip"),
    "primitive_desc_query": ("i", "piip"),
    "primitive_desc_query_md": ("p", "pii"),
    "primitive_desc_next_impl": ("i", "p"),
    "primitive_desc_destroy": ("i", "p"),
    "primitive_create": ("i", "pp"),
    "primitive_destroy": ("i", "p"),
    "primitive_execute": ("i", "ppip"),
    "convolution_forward_primitive_desc_create": ("i", "ppiippppppppp"),
    "convolution_backward_data_primitive_desc_create": ("i", "ppippppppppp"),
    "convolution_backward_weights_primitive_desc_create": ("i", "ppipppppppppp"),
    "pooling_forward_primitive_desc_create": ("i", "ppiipppppppp"),
    "pooling_backward_primitive_desc_create": ("i", "ppippppppppp"),
    "lrn_forward_primitive_desc_create": ("i", "ppiipplfffp"),
    "lrn_backward_primitive_desc_create": ("i", "ppippplfffpp"),
    "eltwise_forward_primitive_desc_create": ("i", "ppiippffp"),
    "eltwise_backward_primitive_desc_create": ("i", "ppipppffpp"),
    "softmax_forward_primitive_desc_create": ("i", "ppiippip"),
    "batch_normalization_forward_primitive_desc_create": ("i", "ppippfup"),
    "batch_normalization_backward_primitive_desc_create": ("i", "ppipppfupp"),
    "binary_primitive_desc_create": ("i", "ppipppp"),
    "matmul_primitive_desc_create": ("i", "ppppppp"),
    "sum_primitive_desc_create": ("i", "pppippp"),
    "reorder_primitive_desc_create": ("i", "pppppp"),
    "sgemm": ("i", "cclllfplplfpl"),
}


class _Version(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_int), ("minor", ctypes.c_int), ("patch", ctypes.c_int),
        ("hash", ctypes.c_char_p), ("cpu_runtime", ctypes.c_uint), ("gpu_runtime", ctypes.c_uint),
    ]


class Library:
    """The loaded library: every function of ``SIGNATURES`` as an attribute, without "dnnl_".

    Attributes:
        spinning: how long OpenMP's threads spin while they wait, and who says so.

    Raises:
        Unsupported: it cannot be loaded, or is of another major version or thread runtime.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        process = Process.of()
        try:
            with waiting.short(process.waiting) as spinning:
                self._handle = ctypes.CDLL(path)
        except OSError as error:
            raise Unsupported(_load_failure(path, str(error))) from None
        self.spinning = spinning[0]
        read_version = self._handle.dnnl_version
        read_version.restype = ctypes.POINTER(_Version)
        version = read_version().contents
        self.version = (version.major, version.minor, version.patch)
        if version.major != 3 or version.cpu_runtime != ON_OPENMP:
            raise Unsupported(
                f"The oneDNN at {path} is version {self.version_text} with thread runtime "
                f"{version.cpu_runtime}; caffepy needs version 3 on OpenMP "
                f"(pip install {WHEEL})."
            )
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self._handle, "dnnl_" + name)
            function.restype = TYPES[result]
            function.argtypes = [TYPES[letter] for letter in arguments]
            setattr(self, name, function)
        # found through the OpenMP library that this libdnnl is linked to, whichever that is
        self.set_threads = self._handle.omp_set_num_threads
        self.set_threads.argtypes = [ctypes.c_int]
        self.set_threads.restype = None
        self.default_threads: int = self._handle.omp_get_max_threads()
        if not process.threads_told:  # OpenMP does not know of shares of time
            self.default_threads = min(self.default_threads, cores.usable())
        # libgomp 9 and later
        self.pause: Any = getattr(self._handle, "omp_pause_resource_all", None)
        self._paused = True
        forks.watch(self)

    def before_fork(self) -> None:
        """End this thread's OpenMP threads: a child, which has none of them, would wait for them
        for ever. Parent and child each start their own when they compute next."""
        self._paused = self.pause is not None and self.pause(HARD) == 0

    def after_fork_in_child(self) -> None:
        """Where they could not be ended, the thread that would wait raises an error. Other threads
        of the child start OpenMP threads of their own."""
        if self._paused:
            return
        forked, set_threads = threading.get_ident(), self.set_threads

        def refuse(count: int) -> None:
            if count > 1 and threading.get_ident() == forked:
                raise DeviceError(
                    "this process was forked from one that has computed, and its OpenMP library "
                    "cannot start threads anew after that",
                    fix="Update it (libgomp 9 or later), set OMP_NUM_THREADS=1, or start processes "
                        "by multiprocessing's 'spawn'.")
            set_threads(count)

        self.set_threads = refuse  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:  # for the type checker: set in __init__
        raise AttributeError(name)

    @property
    def version_text(self) -> str:
        """Such as ``3.2.0``."""
        return ".".join(map(str, self.version))


def _load_failure(path: str, reason: str) -> str:
    if "libgomp" in reason:
        return (
            "oneDNN needs the system's OpenMP library libgomp.so.1, which is not installed. "
            "Install it (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp)."
        )
    return (
        f"oneDNN could not be loaded from {path} ({reason}). "
        f"Install it (pip install {WHEEL}) or set {variable('onednn')} to a {FILE}."
    )


def candidates() -> list[str]:
    """Where the library may be, in the order of preference; an explicit path stands alone."""
    named = Process.of().libraries.get("onednn")
    if named:
        return [named]
    found = []
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == FILE:
            path = Path(str(file.locate())).resolve()
            if path.exists():
                found.append(str(path))
    return [*found, FILE]  # the bare name lets the system's loader search


@functools.cache
def load() -> Library:
    """The library, loaded once a process (a shared library cannot be loaded twice).

    Raises:
        Unsupported: no candidate can be used; the message says what to install.
    """
    reasons: list[Unsupported] = []
    for path in candidates():
        try:
            library = Library(path)
        except Unsupported as reason:
            reasons.append(reason)
            continue
        logger.debug("oneDNN %s from %s", library.version_text, path)
        return library
    raise reasons[0]
