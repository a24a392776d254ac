"""A cuDNN without a GPU: descriptors that are checked, convolutions by NumPy."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np

import fake_cuda
from fake_cuda.c_functions import FakeLibrary
from fake_cuda.halves import CUDNN, STORED, decoded, encoded

BAD_PARAM, NOT_SUPPORTED, NOT_INITIALIZED = 2000, 3000, 1001
WORDS = {BAD_PARAM: b"CUDNN_STATUS_BAD_PARAM", NOT_SUPPORTED: b"CUDNN_STATUS_NOT_SUPPORTED"}
NHWC = 1
FMA_MATH = 3

# what a search finds, fastest first: number, status, time, bytes of workspace a number of the
# output, whether it repeats its results
FOUND = ((1, 0, 0.25, 8, 1), (0, 0, 0.5, 0, 0), (3, NOT_SUPPORTED, -1.0, 0, 0))


class FakeCudnn(FakeLibrary):
    """The functions that caffepy binds, on memory of the fake device.

    ``runs`` tells of each convolution its function, algorithm, kind of arithmetic and whether its
    operands lay channels-last. ``refused`` holds pairs (function, channels-last) that no algorithm
    supports; ``failing`` ones are suggested, and then do not run.
    """

    def __init__(self, version: int = 91000) -> None:
        super().__init__()
        self.version = version
        self.objects: dict[int, SimpleNamespace] = {}
        self.numbers = itertools.count(4096, 16)
        self.runs: list[tuple[str, int, int, bool]] = []
        self.searches = 0
        self.refused: set[tuple[str, bool]] = set()
        self.failing: set[tuple[str, bool]] = set()

    def cudnnGetVersion(self) -> int:
        return self.version

    def cudnnGetErrorString(self, status: int) -> bytes:
        return WORDS.get(status, b"CUDNN_STATUS_INTERNAL_ERROR")

    def cudnnGetLastErrorString(self, room: Any, size: Any) -> None:
        room.value = b"the fake says no"

    # -- objects ----------------------------------------------------------------------------

    def _create(self, out: Any, **content: Any) -> int:
        out.value = next(self.numbers)
        self.objects[out.value] = SimpleNamespace(**content)
        return 0

    def _destroy(self, pointer: int) -> int:
        return 0 if self.objects.pop(pointer, None) else BAD_PARAM

    def cudnnCreate(self, out: Any) -> int:
        return self._create(out, stream=None)

    def cudnnSetStream(self, handle: int, stream: int) -> int:
        self.objects[handle].stream = stream
        return 0

    def cudnnCreateTensorDescriptor(self, out: Any) -> int:
        return self._create(out)

    def cudnnCreateFilterDescriptor(self, out: Any) -> int:
        return self._create(out)

    def cudnnCreateConvolutionDescriptor(self, out: Any) -> int:
        return self._create(out, group=1)

    cudnnDestroy = cudnnDestroyTensorDescriptor = _destroy
    cudnnDestroyFilterDescriptor = cudnnDestroyConvolutionDescriptor = _destroy

    def cudnnSetTensorNdDescriptor(
        self, tensor: int, dtype: int, axes: int, shape: Any, strides: Any
    ) -> int:
        if not 3 <= axes <= 8 or min(shape) < 1 or dtype not in CUDNN:
            return BAD_PARAM
        t = self.objects[tensor]
        t.dtype = CUDNN[dtype]
        t.shape, t.strides = tuple(shape), tuple(strides)
        return 0

    def cudnnSetFilterNdDescriptor(
        self, filters: int, dtype: int, layout: int, axes: int, shape: Any
    ) -> int:
        if not 3 <= axes <= 8 or min(shape) < 1 or dtype not in CUDNN:
            return BAD_PARAM
        f = self.objects[filters]
        f.dtype = CUDNN[dtype]
        f.shape = tuple(shape)
        f.strides = tuple(math.prod(shape[axis + 1:]) for axis in range(axes))
        if layout == NHWC:
            k, c, h, w = shape
            f.strides = (h * w * c, 1, w * c, c)
        return 0

    def cudnnSetConvolutionNdDescriptor(
        self, convolution: int, axes: int, pad: Any, stride: Any, dilation: Any, mode: int,
        compute: int,
    ) -> int:
        if mode != 1 or compute != 0 or not len(pad) == len(stride) == len(dilation) == axes >= 2:
            return BAD_PARAM
        c = self.objects[convolution]
        c.pad, c.stride, c.dilation = tuple(pad), tuple(stride), tuple(dilation)
        return 0

    def cudnnSetConvolutionGroupCount(self, convolution: int, group: int) -> int:
        self.objects[convolution].group = group
        return 0

    def cudnnSetConvolutionMathType(self, convolution: int, math_type: int) -> int:
        self.objects[convolution].math = math_type
        return 0

    def cudnnGetConvolutionNdForwardOutputDim(
        self, convolution: int, x: int, w: int, axes: int, shape: Any
    ) -> int:
        c, xs, ws = self.objects[convolution], self.objects[x].shape, self.objects[w].shape
        if xs[1] != ws[1] * c.group or axes != len(xs):
            return BAD_PARAM
        shape[0], shape[1] = xs[0], ws[0]
        for i, (size, side, pad, stride, dilation) in enumerate(
            zip(xs[2:], ws[2:], c.pad, c.stride, c.dilation, strict=True)
        ):
            shape[2 + i] = (size + 2 * pad - dilation * (side - 1) - 1) // stride + 1
        return 0

    # -- choosing algorithms ------------------------------------------------------------------

    def _channels_last(self, descriptor: int) -> bool:
        strides = self.objects[descriptor].strides
        return strides[1] == 1 and strides[-1] != 1

    def _supported(self, kind: str, *descriptors: int) -> bool:
        return (kind, any(map(self._channels_last, descriptors))) not in self.refused

    def _runs(self, kind: str, *descriptors: int) -> bool:
        last = any(map(self._channels_last, descriptors))
        return not {(kind, last)} & (self.refused | self.failing)

    def _report(self, kind: str, a: int, b: int, convolution: int, c: int, asked: int,
                count: Any, results: Any, ran: bool) -> int:
        found = FOUND if (self._runs if ran else self._supported)(kind, a, b, c) else ()
        asked_math = self.objects[convolution].math
        rows = [(row, asked_math) for row in found]
        if ran and asked_math == FMA_MATH:
            # it also tries the default arithmetic, which is faster by other algorithms
            rows = [(row, 0) for row in found] + rows[::-1]
        for result, ((number, status, time, size, fixed), math_type) in zip(
            results, rows, strict=False
        ):
            result.algorithm, result.status, result.determinism = number, status, fixed
            result.time = time if ran else -1.0
            result.memory = size * math.prod(self.objects[c].shape)
            result.math = math_type
        count.value = min(len(rows), asked)
        return 0

    def _suggest(self, kind: str, handle: int, a: int, b: int, convolution: int, c: int,
                 asked: int, count: Any, results: Any) -> int:
        assert handle in self.objects
        return self._report(kind, a, b, convolution, c, asked, count, results, ran=False)

    def cudnnGetConvolutionForwardAlgorithm_v7(self, *arguments: Any) -> int:
        return self._suggest("Forward", *arguments)

    def cudnnGetConvolutionBackwardDataAlgorithm_v7(self, *arguments: Any) -> int:
        return self._suggest("BackwardData", *arguments)

    def cudnnGetConvolutionBackwardFilterAlgorithm_v7(self, *arguments: Any) -> int:
        return self._suggest("BackwardFilter", *arguments)

    def _workspace(self, kind: str, handle: int, a: int, b: int, convolution: int, c: int,
                   number: int, size: Any) -> int:
        for found, status, _, each, _ in FOUND:
            if found == number and status == 0 and self._supported(kind, a, b, c):
                size.value = each * math.prod(self.objects[c].shape)
                return 0
        return NOT_SUPPORTED

    def cudnnGetConvolutionForwardWorkspaceSize(self, *arguments: Any) -> int:
        return self._workspace("Forward", *arguments)

    def cudnnGetConvolutionBackwardDataWorkspaceSize(self, *arguments: Any) -> int:
        return self._workspace("BackwardData", *arguments)

    def cudnnGetConvolutionBackwardFilterWorkspaceSize(self, *arguments: Any) -> int:
        return self._workspace("BackwardFilter", *arguments)

    def _search(self, kind: str, handle: int, a: int, a_data: int, b: int, b_data: int,
                convolution: int, c: int, c_data: int, asked: int, count: Any, results: Any,
                workspace: int | None, room: int) -> int:
        """All algorithms are tried: outputs and workspace are spoilt."""
        self.searches += 1
        for descriptor, data in ((a, a_data), (b, b_data)):
            self._array(descriptor, data)
        self._put(c, c_data, np.full(self.objects[c].shape, np.nan), 0)
        if room:
            fake_cuda.array_at(workspace, room)[:] = 255
        return self._report(kind, a, b, convolution, c, asked, count, results, ran=True)

    def cudnnFindConvolutionForwardAlgorithmEx(self, *arguments: Any) -> int:
        return self._search("Forward", *arguments)

    def cudnnFindConvolutionBackwardDataAlgorithmEx(self, *arguments: Any) -> int:
        return self._search("BackwardData", *arguments)

    def cudnnFindConvolutionBackwardFilterAlgorithmEx(self, *arguments: Any) -> int:
        return self._search("BackwardFilter", *arguments)

    # -- computing ----------------------------------------------------------------------------

    def _stored(self, descriptor: int, data: int) -> np.ndarray:
        """The numbers at an address of device memory, as the descriptor says that they lie."""
        t = self.objects[descriptor]
        kind = STORED[t.dtype]
        room = fake_cuda.array_at(data, kind.itemsize * math.prod(t.shape)).view(kind)
        return np.lib.stride_tricks.as_strided(
            room, t.shape, [kind.itemsize * step for step in t.strides])

    def _array(self, descriptor: int, data: int) -> np.ndarray:
        """Their values."""
        return decoded(self._stored(descriptor, data), self.objects[descriptor].dtype)

    def _put(self, descriptor: int, data: int, result: np.ndarray, keep: float) -> None:
        """Write a result, with what was there times ``keep`` added."""
        if keep:
            result = result + keep * self._array(descriptor, data)
        self._stored(descriptor, data)[...] = encoded(
            result.astype(np.float32), self.objects[descriptor].dtype)

    def _cells(self, convolution: Any, x: np.ndarray, w: np.ndarray, y: np.ndarray) -> Any:
        """For each cell of the kernel and each group: inputs under it, its weights, outputs."""
        c = self.objects[convolution]
        pads = [(0, 0), (0, 0), *((p, p) for p in c.pad)]
        padded = np.pad(x, pads).astype(np.float64)
        ins, outs = x.shape[1] // c.group, y.shape[1] // c.group
        for cell in np.ndindex(*w.shape[2:]):
            under = tuple(
                slice(i * d, i * d + s * (n - 1) + 1, s)
                for i, d, s, n in zip(cell, c.dilation, c.stride, y.shape[2:], strict=True))
            for g in range(c.group):
                inputs, outputs = slice(g * ins, (g + 1) * ins), slice(g * outs, (g + 1) * outs)
                yield padded, (slice(None), inputs, *under), (outputs, slice(None), *cell), outputs

    def _run(self, kind: str, alpha: Any, convolution: int, algorithm: int, workspace: int | None,
             room: int, beta: Any, c: int, needed: tuple[int, ...], compute: Any) -> int:
        need = [size for number, status, _, size, _ in FOUND if number == algorithm and not status]
        if not need or room < need[0] * math.prod(self.objects[c].shape):
            return NOT_SUPPORTED
        if not self._runs(kind, c, *needed):
            return NOT_SUPPORTED
        if len({self.objects[d].dtype for d in (c, *needed)}) > 1:
            return BAD_PARAM  # it has no mixed types
        if self.objects[c].dtype != "float32" and self.objects[convolution].math == FMA_MATH:
            return NOT_SUPPORTED
        self.runs.append((kind, algorithm, self.objects[convolution].math,
                          any(map(self._channels_last, (c, *needed)))))
        scale, keep = float(alpha.value), float(beta.value)

        def work() -> None:
            if room:
                fake_cuda.array_at(workspace, room)[:] = 255
            compute(scale, keep)

        fake_cuda.record(work)
        return 0

    def cudnnConvolutionForward(
        self, handle: int, alpha: Any, x: int, x_data: int, w: int, w_data: int,
        convolution: int, algorithm: int, workspace: int | None, room: int, beta: Any, y: int,
        y_data: int,
    ) -> int:
        def compute(scale: float, keep: float) -> None:
            xs, ws, ys = self._array(x, x_data), self._array(w, w_data), self._array(y, y_data)
            total = np.zeros(ys.shape)
            for padded, under, weights, outputs in self._cells(convolution, xs, ws, ys):
                total[:, outputs] += np.einsum("nc...,oc->no...", padded[under], ws[weights],
                                               optimize=True)
            self._put(y, y_data, scale * total, keep)

        return self._run("Forward", alpha, convolution, algorithm, workspace, room, beta, y,
                         (x, w), compute)

    def cudnnConvolutionBackwardData(
        self, handle: int, alpha: Any, w: int, w_data: int, y: int, y_data: int,
        convolution: int, algorithm: int, workspace: int | None, room: int, beta: Any, x: int,
        x_data: int,
    ) -> int:
        def compute(scale: float, keep: float) -> None:
            xs, ws, ys = self._array(x, x_data), self._array(w, w_data), self._array(y, y_data)
            pad = self.objects[convolution].pad
            total = np.zeros([*xs.shape[:2], *(n + 2 * p for n, p in
                                              zip(xs.shape[2:], pad, strict=True))])
            for _, under, weights, outputs in self._cells(convolution, xs, ws, ys):
                total[under] += np.einsum("no...,oc->nc...", ys[:, outputs], ws[weights],
                                          optimize=True)
            inner = tuple(slice(p, p + n) for p, n in zip(pad, xs.shape[2:], strict=True))
            self._put(x, x_data, scale * total[(..., *inner)], keep)

        return self._run("BackwardData", alpha, convolution, algorithm, workspace, room, beta, x,
                         (y, w), compute)

    def cudnnConvolutionBackwardFilter(
        self, handle: int, alpha: Any, x: int, x_data: int, y: int, y_data: int,
        convolution: int, algorithm: int, workspace: int | None, room: int, beta: Any, w: int,
        w_data: int,
    ) -> int:
        def compute(scale: float, keep: float) -> None:
            xs, ws, ys = self._array(x, x_data), self._array(w, w_data), self._array(y, y_data)
            total = np.zeros(ws.shape)
            for padded, under, weights, outputs in self._cells(convolution, xs, ws, ys):
                total[weights] += np.einsum("no...,nc...->oc", ys[:, outputs], padded[under],
                                            optimize=True)
            self._put(w, w_data, scale * total, keep)

        return self._run("BackwardFilter", alpha, convolution, algorithm, workspace, room, beta, w,
                         (x, y), compute)
