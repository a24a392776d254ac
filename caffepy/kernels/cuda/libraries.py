"""Finds and loads what CUDA brings as shared libraries, and says what is missing.

Looked for in this order: the file that CAFFEPY_CUDNN, CAFFEPY_CUBLAS or CAFFEPY_NCCL names (see
caffepy.settings), NVIDIA's own finder (cuda-pathfinder, which comes with CuPy), the files of the
wheels, the system. CuPy is imported in this room alone, by ``cupy``. Nothing here needs any of it:
this module imports everywhere.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from caffepy import log
from caffepy.errors import DeviceError
from caffepy.kernels.contract import Unsupported
from caffepy.settings import Process, variable

logger = log.get(__name__)

CUPY_WHEELS = ("cupy-cuda13x", "cupy-cuda12x", "cupy")
DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@dataclass(frozen=True)
class Source:
    """Where a library may be found. ``sonames`` newest first; ``folders`` are those of wheels."""

    label: str
    sonames: tuple[str, ...]
    folders: tuple[str, ...]
    before: tuple[str, ...] = ()  # libraries that it opens by name, and so must be loaded first


SOURCES = {
    "cudart": Source("CUDA run time", ("libcudart.so.13", "libcudart.so.12"),
                     ("nvidia/cu13/lib", "nvidia/cuda_runtime/lib")),
    "cublasLt": Source("cuBLASLt", ("libcublasLt.so.13", "libcublasLt.so.12"),
                       ("nvidia/cu13/lib", "nvidia/cublas/lib")),
    "cublas": Source("cuBLAS", ("libcublas.so.13", "libcublas.so.12"),
                     ("nvidia/cu13/lib", "nvidia/cublas/lib"), before=("cublasLt",)),
    "nvrtc": Source("NVRTC", ("libnvrtc.so.13", "libnvrtc.so.12"),
                    ("nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib")),
    "cudnn": Source("cuDNN", ("libcudnn.so.9",), ("nvidia/cudnn/lib",),
                    before=("cublasLt", "nvrtc")),
    "nccl": Source("NCCL", ("libnccl.so.2",), ("nvidia/nccl/lib",)),
}


@dataclass(frozen=True)
class Finding:
    """What the doctor tells of one requirement: it is there, or what is wrong."""

    label: str
    version: str = ""
    where: str = ""
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        return f"{self.version} from {self.where}" if self.where else self.version


@functools.cache
def load(name: str) -> ctypes.CDLL:
    """The library called ``name`` in SOURCES, or "driver", loaded once a process.

    Raises:
        Unsupported: it cannot be loaded; the message says what to install.
    """
    if name == "driver":
        try:
            return ctypes.CDLL(DRIVER)
        except OSError:
            raise Unsupported(f"The NVIDIA driver ({DRIVER}) is not installed.") from None
    source = SOURCES[name]
    for other in source.before:
        try:
            load(other)
        except Unsupported as reason:  # it may not be needed; if it is, the next line will tell
            logger.debug("before %s: %s", name, reason)
    reasons = []
    for candidate in candidates(name):
        try:
            library = ctypes.CDLL(candidate)
        except OSError as error:
            reasons.append(str(error))
            continue
        logger.debug("%s from %s", source.label, candidate)
        return library
    raise Unsupported(f"{source.label} ({source.sonames[0]}) could not be loaded: {reasons[0]}. "
                      f"Run {pip_line()} or set {variable(name)} to its file.")


def path(name: str) -> str:
    """The file that ``load`` has loaded or would load; the bare name leaves it to the system."""
    return next(iter(candidates(name)))


def candidates(name: str) -> Iterator[str]:
    """Where the library may be, in the order of preference; an explicit path stands alone.

    CuPy's own CUDA comes before a newer one.
    """
    named = Process.of().libraries.get(name)
    if named:
        yield named
        return
    source = SOURCES[name]
    sonames = source.sonames
    if cupy_wheel() == "cupy-cuda12x":
        sonames = tuple(reversed(sonames))
    found = _pathfinder(name)
    if found:
        yield found
    for base in sys.path:
        for folder in source.folders:
            for soname in sonames:
                file = Path(base or ".", folder, soname)
                if file.is_file():
                    yield str(file)
    yield from sonames


def cupy(what: str = "cannot compute on a GPU") -> Any:
    """The module.

    Raises:
        DeviceError: it is not installed, or cannot be loaded; the message begins with ``what`` and
            says what is missing.
    """
    try:
        return importlib.import_module("cupy")
    except ImportError as error:
        require(what)
        raise DeviceError(f"{what}: CuPy cannot be imported: {error}") from error


@functools.cache
def cupy_wheel() -> str | None:
    """The distribution that brought CuPy."""
    for wheel in CUPY_WHEELS:
        try:
            metadata.distribution(wheel)
        except metadata.PackageNotFoundError:
            continue
        return wheel
    return None


def _pathfinder(name: str) -> str | None:
    """What NVIDIA's finder says. It loads what it finds, together with what that needs."""
    try:
        pathfinder = importlib.import_module("cuda.pathfinder")
    except ImportError:
        return None
    try:
        return pathfinder.load_nvidia_dynamic_lib(name).abs_path
    except (RuntimeError, OSError) as error:  # its DynamicLibNotFoundError is a RuntimeError
        logger.debug("cuda.pathfinder: %s", error)
        return None


def driver_version() -> tuple[int, int] | None:
    """The newest CUDA version that the installed driver serves, or None without a driver."""
    number = ctypes.c_int()
    try:
        status = load("driver").cuDriverGetVersion(ctypes.byref(number))
    except (Unsupported, AttributeError):
        return None
    return (number.value // 1000, number.value % 1000 // 10) if status == 0 else None


def pip_line(driver: tuple[int, int] | None = None) -> str:
    """The command that brings all of this, for the CUDA of the driver."""
    driver = driver or driver_version()
    return f"'pip install \"caffepy[{'cuda13' if driver and driver[0] >= 13 else 'cuda12'}]\"'"


# -- what the doctor asks -----------------------------------------------------------------------


def requirements() -> list[Finding]:
    """All that a GPU needs, in the order in which to mend it; NCCL is for several of them."""
    return [_driver(), _cupy(), *(_library(name) for name in _VERSIONS)]


def missing() -> tuple[str, str] | None:
    """What one GPU needs and is not there, and the sentence that mends it; None if all is.

    NCCL is left out: it serves several GPUs only.
    """
    found = [_driver(), _cupy(), _library("cublas"), _library("cudnn")]
    labels = [finding.label for finding in found if finding.problem]
    if not labels:
        return None
    names = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    what = f"{names} {'is' if len(labels) == 1 else 'are'} missing"
    if not found[0].problem:
        return what, f"Run {pip_line()}."
    driver = "Install the driver of the GPU"
    return what, f"{driver}, then run {pip_line()}." if labels[1:] else f"{driver}."


def require(what: str) -> None:
    """Raise DeviceError, beginning with ``what``, unless all is there that one GPU needs."""
    lacks = missing()
    if lacks:
        raise DeviceError(f"{what}: {lacks[0]}", fix=lacks[1])


def _driver() -> Finding:
    label = f"the NVIDIA driver ({DRIVER})"
    version = driver_version()
    if version is None:
        return Finding(label, problem="missing: install the driver of the GPU")
    return Finding(label, f"for CUDA {version[0]}.{version[1]} and older", DRIVER)


def _cupy() -> Finding:
    try:
        found = importlib.import_module("cupy")
    except ImportError as error:
        return Finding("CuPy", problem=f"missing ({error}): {pip_line()}")
    wheel, driver = cupy_wheel(), driver_version()
    if wheel == "cupy-cuda13x" and driver and driver[0] < 13:
        return Finding("CuPy", problem=f"{wheel} is for CUDA 13, the driver serves up to "
                       f"{driver[0]}.{driver[1]}: pip uninstall {wheel}, then {pip_line(driver)}")
    version = str(getattr(found, "__version__", "of unknown version"))
    version += f" ({wheel})" if wheel else ""
    file = getattr(found, "__file__", None)
    return Finding("CuPy", version, str(Path(file).parent) if file else "")


def _library(name: str) -> Finding:
    label = SOURCES[name].label
    try:
        library = load(name)
        version = _VERSIONS[name](library)
    except Unsupported as reason:
        return Finding(label, problem=f"missing: {reason}")
    except AttributeError as error:
        return Finding(label, problem=f"{path(name)} is another library: {error}")
    return Finding(label, version, path(name))


def cudnn_version(library: ctypes.CDLL) -> str:
    """Such as ``9.28.0``; cuDNN 9 packs its three numbers into one."""
    library.cudnnGetVersion.restype = ctypes.c_size_t
    number = int(library.cudnnGetVersion())
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _cublas_version(library: ctypes.CDLL) -> str:
    parts = []
    for part in range(3):  # libraryPropertyType: major, minor, patch
        number = ctypes.c_int()
        library.cublasGetProperty(part, ctypes.byref(number))
        parts.append(str(number.value))
    return ".".join(parts)


def _cudart_version(library: ctypes.CDLL) -> str:
    number = ctypes.c_int()
    library.cudaRuntimeGetVersion(ctypes.byref(number))
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _nccl_version(library: ctypes.CDLL) -> str:
    number = ctypes.c_int()
    library.ncclGetVersion(ctypes.byref(number))
    return f"{number.value // 10000}.{number.value // 100 % 100}.{number.value % 100}"


_VERSIONS: dict[str, Callable[[ctypes.CDLL], str]] = {
    "cudart": _cudart_version,
    "cublas": _cublas_version,
    "cudnn": cudnn_version,
    "nccl": _nccl_version,
}
