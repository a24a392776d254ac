"""One GPU: its stream, its libraries, and the kernels of our own that run on it.

All work of a net is queued on one stream, in order, so that a whole step can be captured as a
graph.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import threading
import weakref
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from caffepy import forks
from caffepy.core.memory import Array
from caffepy.errors import BadValue, DeviceError
from caffepy.kernels.cuda import libraries

SOURCE = Path(__file__).with_name("source")
THREADS = 256  # of a block, unless a kernel needs another number
WAVES = 32  # blocks for each multiprocessor: enough to fill it, few enough to be cheap to start
COMMON = '#include "common.cuh"'

# what a Python object is to a kernel; None is a null pointer
_SCALARS: dict[type, Any] = {
    bool: np.int32, int: np.int32, float: np.float32, type(None): lambda _: np.intp(0),
}


# what the numbers of an activation are to the CUDA sources, by their type
STORED = {"float32": "float", "float16": "Float16", "bfloat16": "BFloat16"}
PACKS = {"float32": 1, "float16": 4, "bfloat16": 4}  # common.cuh's PACK


def source(name: str, dtype: str = "float32") -> str:
    """The CUDA source of a file, with what all files share in it.

    The header is pasted in, since CuPy's cache of compiled kernels would not notice its changes.

    Args:
        dtype: what activations are stored as: a key of STORED.
    """
    code = (SOURCE / f"{name}.cu").read_text(encoding="utf-8")
    header = (SOURCE / "common.cuh").read_text(encoding="utf-8").replace(
        "typedef float T;", f"typedef {STORED[dtype]} T;")
    before, _, after = code.partition(COMMON)
    line = before.count("\n") + 2  # so that the compiler's complaints name the file's own lines
    return f'{before}{header}\n#line {line} "{name}.cu"{after}'


def _refuse() -> Any:
    raise DeviceError(
        "this process was forked from one that computes on a GPU, which CUDA does not allow",
        fix="Start processes by multiprocessing's 'spawn', or use the GPU in the children alone.")


class Device:
    """A GPU as a net sees it.

    Args:
        index: its number, as CUDA counts.

    Attributes:
        xp: CuPy.
        stream: where all work is queued.
        capability: compute capability, such as (8, 0).
        processors: how many multiprocessors it has.
        capturing: whether what is queued becomes a graph just now; whoever captures sets it.

    Raises:
        DeviceError: CuPy or the device is missing.
    """

    def __init__(self, index: int) -> None:
        libraries.require(f"cannot compute on GPU {index}")
        self.index = index
        self.xp = libraries.cupy()
        self.capturing = False
        runtime = self.xp.cuda.runtime
        try:
            count = runtime.getDeviceCount()
        except RuntimeError as error:
            raise DeviceError(
                f"CUDA does not start: {error}",
                fix="`caffepy device_query` shows what is installed and what is missing.",
            ) from error
        if not 0 <= index < count:
            raise DeviceError(f"there is no GPU {index}",
                              allowed=f"0 to {count - 1}" if count else "none: no GPU is visible")
        properties = runtime.getDeviceProperties(index)
        self.capability = (int(properties["major"]), int(properties["minor"]))
        self.processors = int(properties["multiProcessorCount"])
        with self.xp.cuda.Device(index):
            self.stream = self.xp.cuda.Stream(non_blocking=True)
        self._lock = threading.RLock()
        self._functions: dict[tuple[str, str], Any] = {}  # by name and type
        self._modules: dict[tuple[str, str], Any] = {}
        self._workspace: list[Array] = []  # the last is in use; graphs may hold the others
        self._watched: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._numbers = itertools.count(1)
        forks.watch(self)

    def after_fork_in_child(self) -> None:
        """CUDA does not work in a child, and its error does not say why: raise one that does."""
        self.computing = self.use = self.synchronize = _refuse  # type: ignore[method-assign]

    # -- where work goes ------------------------------------------------------------------------

    def use(self) -> None:
        """From now on this thread's arrays live here and its work goes to this stream."""
        self.xp.cuda.Device(self.index).use()
        self.stream.use()

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """``use`` for a while; may be nested. Other threads wait: what they queue must not get
        into a graph that is being captured."""
        with self._lock, self.xp.cuda.Device(self.index), self.stream:
            yield

    def synchronize(self) -> None:
        """Wait until all that was queued is done."""
        self.stream.synchronize()

    # -- libraries ------------------------------------------------------------------------------

    @cached_property
    def cudnn(self) -> Any:
        """cuDNN on this stream."""
        return importlib.import_module("caffepy.kernels.cuda.cudnn").Handle(self)

    @cached_property
    def cublas(self) -> Any:
        """cuBLAS on this stream."""
        return importlib.import_module("caffepy.kernels.cuda.cublas").Handle(self)

    @property
    def nccl(self) -> Any:
        """CuPy's module of NCCL; without ``available`` where there is no NCCL."""
        return importlib.import_module("cupy.cuda.nccl")  # cupy does not import it by itself

    def workspace(self, nbytes: int) -> Array:
        """Scratch memory of at least so many bytes, shared by all kernels of this device.

        What is in it lasts until the next kernel asks.
        """
        if not self._workspace or self._workspace[-1].nbytes < nbytes:
            with self.computing():
                self._workspace.append(self.xp.empty(nbytes, np.uint8))
        return self._workspace[-1]

    # -- kernels of our own -----------------------------------------------------------------------

    def launch(self, kernel: str, count: int, *args: Any, dtype: str = "float32",
               packed: bool = False) -> None:
        """Run a kernel that loops over ``count`` items by as many threads as the device likes.

        Args:
            kernel: "file.function": an ``extern "C"`` function of source/file.cu whose first
                argument is the count.
            args: its other arguments: arrays, None for a null pointer, whole numbers (int),
                other numbers (float), or NumPy scalars, which go as they are.
            dtype: what activations are stored as (the sources' T).
            packed: each thread takes PACK items at once.
        """
        items = -(-count // PACKS[dtype]) if packed else count
        blocks = min((items + THREADS - 1) // THREADS, self.processors * WAVES)
        if blocks:
            self.launch_grid(kernel, blocks, THREADS, count, *args, dtype=dtype)

    def launch_grid(self, kernel: str, grid: int | tuple[int, ...], block: int | tuple[int, ...],
                    *args: Any, dtype: str = "float32") -> None:
        """Run a kernel on exactly this grid of blocks; ``args`` are all that it takes."""
        function = self._functions.get((kernel, dtype))
        if function is None:
            function = self._functions[kernel, dtype] = self._load(kernel, dtype)
        function(
            grid if isinstance(grid, tuple) else (grid,),
            block if isinstance(block, tuple) else (block,),
            tuple(_SCALARS[type(a)](a) if type(a) in _SCALARS else a for a in args),
            0,
            self.stream,
        )

    def _load(self, kernel: str, dtype: str) -> Any:
        name, function = kernel.split(".")
        with self.computing():
            if (name, dtype) not in self._modules:
                self._modules[name, dtype] = self.xp.RawModule(code=source(name, dtype))
            # the function itself takes a stream, the RawKernel around it does not
            return self._modules[name, dtype].get_function(function).kernel

    # -- errors that kernels find ------------------------------------------------------------------

    @cached_property
    def flag(self) -> Array:
        """(4,) int32 on the device: who complains, 0 for nobody; where; the bits of a float32.

        A kernel cannot raise. It notes its complaint here, and the host looks when it reads
        numbers anyway; until then the step goes on.
        """
        with self.computing():
            return self.xp.zeros(4, np.int32)

    def watch(self, kernel: Any) -> int:
        """The number under which ``kernel`` complains."""
        number = next(self._numbers)
        self._watched[number] = kernel
        return number

    def check(self) -> None:
        """Look whether a kernel has complained since the last check. Waits for the device.

        Raises:
            BadValue: the first complaint.
        """
        if "flag" not in self.__dict__:
            return
        with self.computing():
            who, where, bits, _ = self.flag.get()
            if who == 0:
                return
            self.flag.fill(0)
        kernel = self._watched.get(int(who))
        if kernel is not None:
            raise BadValue(kernel, int(where), float(bits.view(np.float32)))
