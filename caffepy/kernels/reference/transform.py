"""Pictures become numbers, on the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.operations.transform import TransformKernel
from caffepy.kernels.table import implements


@implements("x", "y", "mean", "scale")
class Transform(TransformKernel):
    """y = (x - mean) * scale, cut out and mirrored; on NumPy's side, where the pictures are."""

    engine = "reference"
    leaves = False

    def begin(self, pictures: np.ndarray, cuts: np.ndarray) -> Any:
        return pictures, cuts

    def forward(self, begun: Any, mean: Tensor | None, y: Tensor) -> None:
        out = y.overwrite(Place.HOST)
        _, _, height, width = out.shape
        given = None if mean is None else mean.read(Place.HOST)
        for picture, (top, left, mirror), result in zip(*begun, out, strict=True):
            rows, columns = slice(top, top + height), slice(left, left + width)
            values = picture[:, rows, columns].astype(result.dtype)
            if given is not None:
                values -= given if given.shape[1:] == (1, 1) else given[:, rows, columns]
            values *= result.dtype.type(self.spec.scale)
            result[...] = values[:, :, ::-1] if mirror else values

    def release(self, begun: Any) -> None:
        """Nothing is under way."""
