"""Which of cuDNN's algorithms computes a convolution: the fastest measured, or always the same.

The settings decide: by default all algorithms are timed on the blobs
themselves; for deterministic runs cuDNN's own rule of thumb is followed, and only algorithms that
add in a fixed order are taken.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core.memory import Array, Place, Shape
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import cudnn
from caffepy.kernels.cuda.common import FLOAT
from caffepy.kernels.cuda.cudnn import (
    ONE,
    ZERO,
    ConvolutionDescriptor,
    CudnnError,
    Descriptor,
    Performance,
)
from caffepy.settings import Settings

if TYPE_CHECKING:
    from caffepy.kernels.cuda.device import Device

logger = log.get(__name__)

MOST_RESULTS = 16  # algorithms times kinds of arithmetic: 8 x 2 at most
WORKSPACE_LIMIT = 2**30  # bytes; also at most half of what is free when the search begins


@dataclass(frozen=True)
class Direction:
    """cuDNN's names for one of the three, and its operands (x, w, y) in its argument order."""

    name: str
    operands: str  # two inputs, then the output
    run: str
    suggest: str
    search: str
    workspace: str
    algorithms: tuple[str, ...]  # by number

    def word(self, algorithm: int) -> str:
        """cuDNN's name of an algorithm."""
        if 0 <= algorithm < len(self.algorithms):
            return self.algorithms[algorithm]
        return str(algorithm)


FORWARD = Direction(
    "forward", "xwy", "ConvolutionForward", "GetConvolutionForwardAlgorithm_v7",
    "FindConvolutionForwardAlgorithmEx", "GetConvolutionForwardWorkspaceSize",
    ("implicit GEMM", "implicit precomputed GEMM", "GEMM", "direct", "FFT", "tiled FFT",
     "Winograd", "Winograd non-fused"))
BACKWARD_DATA = Direction(
    "data", "wyx", "ConvolutionBackwardData", "GetConvolutionBackwardDataAlgorithm_v7",
    "FindConvolutionBackwardDataAlgorithmEx", "GetConvolutionBackwardDataWorkspaceSize",
    ("0", "1", "FFT", "tiled FFT", "Winograd", "Winograd non-fused"))
BACKWARD_FILTER = Direction(
    "weights", "xyw", "ConvolutionBackwardFilter", "GetConvolutionBackwardFilterAlgorithm_v7",
    "FindConvolutionBackwardFilterAlgorithmEx", "GetConvolutionBackwardFilterWorkspaceSize",
    ("0", "1", "FFT", "3", "Winograd", "Winograd non-fused", "tiled FFT"))


class Algorithm:
    """One direction of one convolution in one order, and the algorithm that computes it.

    Args:
        device: whose cuDNN handle, workspace and choices of the past are used.
        direction: which of the three.
        descriptors: of the operands, in the direction's order.
        convolution: its kind of arithmetic is set to that of the algorithm chosen.
        settings: whether it may be TF32, and whether it must be deterministic.
        dtype: of the operands.
        key: tells this convolution from others; equal ones are searched for once a device.

    Raises:
        Unsupported: cuDNN says that it has none.
    """

    def __init__(
        self, device: Device, direction: Direction, descriptors: list[Descriptor],
        convolution: ConvolutionDescriptor, key: object, settings: Settings,
        dtype: str = "float32",
    ) -> None:
        self.device = device
        self.handle = device.cudnn
        self.direction = direction
        self.descriptors = descriptors
        self.convolution = convolution
        # whether cuDNN may choose the arithmetic: else float32 might be rounded to TF32
        self.free = settings.tf32 or dtype != "float32"
        self.place = Place.DEVICE.holding(dtype)
        self.deterministic = settings.deterministic
        self.key = (direction.name, key, self.free, self.deterministic)
        self._suggested = self._usable(self._suggest(), WORKSPACE_LIMIT)
        if not self._suggested:
            raise Unsupported(f"cuDNN has no algorithm for {direction.name} of this convolution")
        self._call = getattr(self.handle.library, direction.run)
        self.number = -1  # of the algorithm, once it is chosen
        self.memory = 0  # bytes of workspace that it needs

    def __str__(self) -> str:
        if self.number < 0:
            return f"{self.direction.name} not yet chosen"
        word = self.direction.word(self.number)
        return f"{self.direction.name} {word}, {self.memory / 2**20:.1f} MiB"

    def run(self, a: Array, b: Array, c: Array, add: bool = False) -> None:
        """c = a * b, or += if ``add``; what the three are, the direction's ``operands`` tell."""
        x, y, z = self.descriptors
        workspace = self.device.workspace(self.memory).data.ptr if self.memory else None
        self._call(self.handle, ONE, x, a.data.ptr, y, b.data.ptr, self.convolution, self.number,
                   workspace, self.memory, ONE if add else ZERO, z, c.data.ptr)

    def choose(self, a: Array, b: Array, c_shape: Shape) -> None:
        """Find the algorithm by trying on these inputs; the output goes to memory of its own.

        Raises:
            Unsupported: none of those that cuDNN suggested runs.
        """
        c = self.device.xp.empty(c_shape, self.place.dtype(FLOAT))
        found = self.handle.choices.get(self.key)
        candidates = [found] if found else []
        if not found and not self.deterministic:
            candidates += self._search(a, b, c)
        for candidate in (*candidates, *self._suggested):
            self.convolution.set_math(candidate.math if self.free else cudnn.FMA_MATH)
            self.number, self.memory = candidate.algorithm, candidate.memory
            try:
                self.run(a, b, c)
            except (CudnnError, MemoryError) as error:
                logger.debug("%s: %s", self, error)
                continue
            self.handle.choices[self.key] = candidate
            logger.debug("convolution %s: %s", self.key[1], self)
            return
        self.number = -1
        raise Unsupported(f"none of cuDNN's algorithms for {self.direction.name} runs")

    # -- asking cuDNN -----------------------------------------------------------------------

    def _suggest(self) -> list[Performance]:
        """cuDNN's own rule of thumb, best first; nothing is run."""
        a, b, c = self.descriptors
        results, count = _results()
        getattr(self.handle.library, self.direction.suggest)(
            self.handle, a, b, self.convolution, c, MOST_RESULTS, ctypes.byref(count), results)
        return list(results[: count.value])

    def _usable(self, results: Iterable[Performance], limit: int) -> list[Performance]:
        """Those that can run within the limit, in the arithmetic that the settings allow."""
        usable = [
            result for result in results
            if result.status == cudnn.SUCCESS
            and result.memory <= limit
            and (not self.deterministic or result.determinism == cudnn.DETERMINISTIC)
        ]
        if self.free:
            return usable
        # a search also tries the default arithmetic, and times it with TF32
        return [result for result in usable if result.math == cudnn.FMA_MATH] or usable

    def _search(self, a: Array, b: Array, c: Array) -> list[Performance]:
        """All that cuDNN has, timed on these arrays, fastest first."""
        free = int(self.device.xp.cuda.runtime.memGetInfo()[0])
        workspace, room = self._room(min(WORKSPACE_LIMIT, free // 2))
        x, y, z = self.descriptors
        results, count = _results()
        try:
            getattr(self.handle.library, self.direction.search)(
                self.handle, x, a.data.ptr, y, b.data.ptr, self.convolution, z, c.data.ptr,
                MOST_RESULTS, ctypes.byref(count), results,
                workspace.data.ptr if room else None, room)
        except CudnnError as error:
            logger.debug("no search: %s", error)
        return self._usable(results[: count.value], room)

    def _room(self, limit: int) -> tuple[Any, int]:
        """The workspace that the hungriest algorithm within the limit wants, if there is room."""
        xp = self.device.xp
        sizes = sorted({size for size in self._sizes() if 0 < size <= limit}, reverse=True)
        for size in sizes:
            try:
                return xp.empty(size, "uint8"), size
            except MemoryError:
                continue
        return None, 0

    def _sizes(self) -> Iterable[int]:
        """Bytes of workspace of each algorithm that takes this convolution."""
        a, b, c = self.descriptors
        ask = getattr(self.handle.library, self.direction.workspace)
        for number in range(len(self.direction.algorithms)):
            size = ctypes.c_size_t()
            try:
                ask(self.handle, a, b, self.convolution, c, number, ctypes.byref(size))
            except CudnnError:
                continue
            yield size.value


def _results() -> tuple[Any, Any]:
    return (Performance * MOST_RESULTS)(), ctypes.c_int()
