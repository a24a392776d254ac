"""Convolution where every channel is a group of its own: a sum over the cells of the kernel."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.eight_bits import as_inputs, as_weights
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.reference.windows import Pairs, Windows, every
from caffepy.kernels.table import implements


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "end",
            "training", "quantized")
class Depthwise(ConvolutionKernel):
    """y[c, m] = sum over cells k of w[c, m, k] * x[c at k] + b[c, m].

    m counts the outputs that one channel has, usually one. GEMMs of so few rows would spend
    their time on the columns.
    """

    engine = "reference"
    detail = "direct, depthwise"

    @classmethod
    def serves(cls, spec: ConvolutionSpec) -> bool:
        """Whether each channel is a group of its own."""
        return 1 < spec.group == spec.x[1]

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        kernel, self.out = spec.w[2:], spec.y[2:]
        self.windows = Windows(kernel, spec.stride, spec.pad, spec.dilation, self.out)
        images, channels = spec.x[:2]
        self.w_shape = (channels, spec.w[0] // channels, *kernel)
        self.y_shape = (images, *self.w_shape[:2], *self.out)
        self.ones = (1,) * len(self.out)

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        xp, place = self.owner.xp, self.owner.place
        padded = self.windows.padded(xp, as_inputs(x.read(place), self.spec.quantized))
        ws = as_weights(w.read(place), self.spec.quantized).reshape(self.w_shape)
        ys = y.overwrite(place).reshape(self.y_shape)
        ys[...] = 0 if b is None else b.read(place).reshape(*self.w_shape[:2], *self.ones)
        for offset in self.windows.offsets():
            # (n, c, m, out) += (c, m, 1) * (n, c, 1, out)
            ys += self._cell(ws, offset) * self.windows.at(padded, offset)[:, :, None]

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        xp, place = self.owner.xp, self.owner.place
        dys = dy.read(place).reshape(self.y_shape)
        ws = w.read(place).reshape(self.w_shape)
        padded = self.windows.zeros(xp, self.spec.x, dys.dtype)
        for offset in self.windows.offsets():
            # (n, c, out) += sum over m of (c, m, 1) * (n, c, m, out)
            self.windows.at(padded, offset)[...] += (self._cell(ws, offset) * dys).sum(axis=2)
        dx.overwrite(place)[...] = self.windows.inner(padded, self.spec.x)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        xp, place = self.owner.xp, self.owner.place
        dys = dy.read(place).reshape(self.y_shape)
        positions = (0, *range(3, dys.ndim))
        if db is not None:
            total, add = db.accumulate(place)
            bias = dys.sum(axis=positions).reshape(total.shape)
            total[...] = total + bias if add else bias
        if dw is not None:
            padded = self.windows.padded(xp, x.read(place))
            total, add = dw.accumulate(place)
            total = total.reshape(self.w_shape)
            if not add:
                total[...] = 0
            for offset in self.windows.offsets():
                # (c, m) += sum over n and out of (n, c, m, out) * (n, c, 1, out)
                cells = self.windows.at(padded, offset)[:, :, None]
                total[every(*offset)] += (dys * cells).sum(axis=positions)

    def _cell(self, ws: Array, offset: Pairs) -> Array:
        return ws[every(*offset)].reshape(*self.w_shape[:2], *self.ones)
