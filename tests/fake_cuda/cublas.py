"""A cuBLAS without a GPU: it sees matrices column by column, as the real one does."""

from __future__ import annotations

from typing import Any

import numpy as np

import fake_cuda
from fake_cuda.c_functions import FakeLibrary
from fake_cuda.halves import CUBLAS, STORED, decoded, encoded

INVALID_VALUE = 7


class FakeCublas(FakeLibrary):
    """The functions that caffepy binds, on memory of the fake device.

    ``computes`` lists the compute type of each product.
    """

    def __init__(self) -> None:
        super().__init__()
        self.streams: dict[int, int] = {}
        self.workspaces: dict[int, tuple[int, int]] = {}
        self.computes: list[int] = []

    def cublasGetStatusName(self, status: int) -> bytes:
        return b"CUBLAS_STATUS_INVALID_VALUE"

    def cublasGetStatusString(self, status: int) -> bytes:
        return b"the fake says no"

    def cublasGetProperty(self, part: int, out: Any) -> int:
        out.value = (12, 9, 3)[part]
        return 0

    def cublasCreate_v2(self, out: Any) -> int:
        out.value = 8192 + 16 * len(self.streams)
        self.streams[out.value] = 0
        return 0

    def cublasDestroy_v2(self, handle: int) -> int:
        del self.streams[handle]
        return 0

    def cublasSetStream_v2(self, handle: int, stream: int) -> int:
        self.streams[handle] = stream
        self.workspaces.pop(handle, None)       # as the real one: a new stream drops it
        return 0

    def cublasSetMathMode(self, handle: int, mode: int) -> int:
        return 0 if mode == 16 and handle in self.streams else INVALID_VALUE

    def cublasSetWorkspace_v2(self, handle: int, workspace: int, size: int) -> int:
        fake_cuda.array_at(workspace, size)
        self.workspaces[handle] = (workspace, size)
        return 0

    def _columns(self, pointer: int, rows: int, columns: int, step: int, dtype: str = "float32"
                 ) -> np.ndarray:
        """A rows x columns matrix that lies column by column, ``step`` numbers apart, as stored."""
        count, kind = step * (columns - 1) + rows, STORED[dtype]
        flat = fake_cuda.array_at(pointer, kind.itemsize * count).view(kind)
        return np.lib.stride_tricks.as_strided(
            flat, (rows, columns), (kind.itemsize, kind.itemsize * step))

    def cublasGemmEx(
        self, handle: int, turn_a: int, turn_b: int, m: int, n: int, k: int, alpha: Any,
        a: int, a_type: int, a_step: int, b: int, b_type: int, b_step: int, beta: Any,
        c: int, c_type: int, c_step: int, compute: int, algorithm: int,
    ) -> int:
        assert handle in self.workspaces and a_type == b_type and c_type in (0, a_type)
        factor, total = CUBLAS[a_type], CUBLAS[c_type]
        if (min(m, n, k) < 1 or a_step < (k if turn_a else m) or b_step < (n if turn_b else k)
                or c_step < m or compute not in ((68,) if a_type else (68, 77)) or algorithm != -1):
            return INVALID_VALUE
        self.computes.append(compute)
        scale, keep = float(alpha.value), float(beta.value)

        def work() -> None:
            left = (self._columns(a, k, m, a_step, factor).T if turn_a
                    else self._columns(a, m, k, a_step, factor))
            right = (self._columns(b, n, k, b_step, factor).T if turn_b
                     else self._columns(b, k, n, b_step, factor))
            out = self._columns(c, m, n, c_step, total)
            product = scale * (decoded(left, factor).astype(np.float64)
                               @ decoded(right, factor).astype(np.float64))
            if keep:
                product += keep * decoded(out, total)
            out[...] = encoded(product.astype(np.float32), total)

        fake_cuda.record(work)
        return 0

    def cublasSgemv_v2(
        self, handle: int, turn: int, m: int, n: int, alpha: Any, a: int, a_step: int, x: int,
        x_step: int, beta: Any, y: int, y_step: int,
    ) -> int:
        if min(m, n) < 1 or a_step < m or x_step != 1 or y_step != 1:
            return INVALID_VALUE
        scale, keep = float(alpha.value), float(beta.value)

        def work() -> None:
            matrix = self._columns(a, m, n, a_step)
            matrix = matrix.T if turn else matrix
            given = fake_cuda.array_at(x, 4 * matrix.shape[1]).view(np.float32)
            out = fake_cuda.array_at(y, 4 * matrix.shape[0]).view(np.float32)
            product = matrix.astype(np.float64) @ given
            out[...] = scale * product + (keep * out if keep else 0)

        fake_cuda.record(work)
        return 0
