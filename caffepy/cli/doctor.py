"""What this installation runs on: versions, libraries, cores, and what a GPU would need."""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Iterator
from importlib import metadata

from caffepy import __version__
from caffepy.cli import devices
from caffepy.errors import CaffeError

# label, distribution, module to try, what it is for
LIBRARIES = (
    ("NumPy", "numpy", "numpy", "everything"),
    ("protobuf", "protobuf", "google.protobuf", "prototxt and weights"),
    ("LMDB", "lmdb", "lmdb", "LMDB databases"),
    ("LevelDB (plyvel)", "plyvel", "plyvel", "LevelDB databases"),
    ("OpenCV", "opencv-python-headless", "cv2", "encoded pictures"),
    ("h5py", "h5py", "h5py", "HDF5 data and snapshots"),
)


def report() -> Iterator[tuple[str, str]]:
    """Label and finding, one pair a line; nothing missing is an error here."""
    yield "caffepy", __version__
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    yield "CPU cores", str(usable_cores())
    for label, distribution, module, purpose in LIBRARIES:
        yield label, library(distribution, module, purpose)
    yield "oneDNN", onednn()
    yield "GPU", gpu()


def library(distribution: str, module: str, purpose: str) -> str:
    """The version of a library, or that it is missing and what does not work without it."""
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        return f"missing ({error}); needed for {purpose}: pip install {distribution}"
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        # another distribution may bring the module, such as opencv-python
        return str(getattr(found, "__version__", "of unknown version"))


def onednn() -> str:
    """Version and path of the oneDNN library, or why the reference kernels must do its work."""
    from caffepy.kernels.base import Unsupported
    from caffepy.kernels.onednn import library

    try:
        found = library.load()
    except Unsupported as error:
        return f"not used: {error}"
    return f"{found.version_text} from {found.path}"


def gpu() -> str:
    """How many GPUs can be used, or what is missing for one."""
    try:
        count = devices.device_count()
    except CaffeError as error:
        return "none; " + str(error).removeprefix("cannot use -gpu all: ")
    return f"{count} found; described by 'caffepy device_query -gpu all'"


def usable_cores() -> int:
    """The cores this process may run on, fewer than the machine's in many containers."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
