"""The first convolution of a single picture, cut into bands of rows.

oneDNN's code for pictures of few channels takes twice as long for one picture as for half of two:
64 outputs of 3 x 3 over 3 x 227 x 227 with stride 2 0.44 ms and 0.22, VGG's first layer 1.6 and
0.7. So bands of rows, one for each thread, are laid out as pictures of their own; rows that two of
them look at are copied for both. The picture would be copied anyway, from C order to channels-last.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.common import Cuts, order
from caffepy.kernels.onednn.direct import CHANNELS_LAST, FORWARD, Forward, Laid
from caffepy.kernels.onednn.runtime import Call, Runtime
from caffepy.kernels.operations.convolution import ConvolutionSpec

WAY = "bands"
FEW_CHANNELS = 4
LEAST_ROWS = 8  # of a band; of smaller ones most rows would be copied twice
LEAST_NUMBERS = 2**17  # of the results; fewer are made before there are bands


def bands_of(spec: ConvolutionSpec, threads: int) -> int:
    """Into how many bands a picture is cut; 1 if it is not: if there are more, if it has more
    channels, if it is small, or where somebody trains."""
    if (spec.training or spec.dtype != "float32" or len(spec.x) != 4 or spec.x[0] != 1
            or spec.x[1] > FEW_CHANNELS or spec.group > 1 or {*spec.dilation} != {1}
            or spec.w[2:] == (1, 1) or math.prod(spec.y) < LEAST_NUMBERS):
        return 1
    return max(1, min(threads, spec.y[2] // LEAST_ROWS))


class Banded:
    """y from x, w and b, as direct.Forward.

    Raises:
        Unsupported: there is one band, or nothing fast for them.
    """

    adds = False

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        rows, count = spec.y[2], bands_of(spec, runtime.threads)
        if count == 1:
            raise Unsupported("the picture is not cut")
        each = rows // count
        self._bands = [_Bands(runtime, spec, count, 0, each)]
        if rest := rows - count * each:
            self._bands.append(_Bands(runtime, spec, 1, count * each, rest))
        row = spec.y[3] * spec.y[1]
        self._made = Cuts([0, count * each * row][: len(self._bands)])
        self.detail = f"{count} {WAY}, {self._bands[0].forward.detail}"

    def run(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
            added: Tensor | None = None) -> None:
        """See ConvolutionKernel.forward and forward_relu."""
        assert added is None, "it does not add"
        place = order(x)
        xs, ys = x.read(place), y.overwrite(Place.HOST_LAST)
        for bands, made in zip(self._bands, self._made.of(ys), strict=True):
            bands.forward.apply(bands.cut(xs, place), w, b, made, relu)


class _Bands:
    """Neighbouring bands, each a picture.

    Args:
        count: how many.
        first, rows: which row of the results is the first, and how many each band makes.
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, count: int, first: int, rows: int
                 ) -> None:
        _, channels, height, width = spec.x
        step, kernel, pad = spec.stride[0], spec.w[2], spec.pad[0]
        looks = (rows - 1) * step + kernel
        shape = (count, channels, looks, width)
        self.count, self._runtime = count, runtime
        self._picture, self._row = (channels, height, width), width * channels
        laid = Laid(runtime, replace(
            spec, x=shape, y=(count, spec.y[1], rows, spec.y[3]), pad=(0, spec.pad[1])),
            CHANNELS_LAST)
        self.forward = Forward(laid, laid.preferred(FORWARD))
        self._room = api.empty_bytes(4 * int(np.prod(shape))).view(np.float32)
        self._room[...] = 0  # rows of padding stay so
        # of each band: its first row in the picture, how many there are, and where they go
        self._parts = []
        for k in range(count):
            top = (first + k * rows) * step - pad
            start, end = max(0, top), min(height, top + looks)
            if end > start:
                self._parts.append((start, end - start, k * looks + start - top))
        self._copies: dict[Place, list[Call]] = {}

    def cut(self, x: Array, place: Place) -> Array:
        """The bands of a picture that lies in this order."""
        copies = self._copies.get(place)
        if copies is None:
            copies = self._copies[place] = self._planned(place)
        width = self._picture[2]
        last = place.channels_last
        line = (x.transpose(0, 2, 3, 1) if last else x).reshape(-1)
        for copy, (start, _, to) in zip(copies, self._parts, strict=True):
            copy(line[start * (self._row if last else width) :], self._room[to * self._row :])
        return self._room

    def _planned(self, place: Place) -> list[Call]:
        channels, height, width = self._picture
        whole, row = channels * height * width, self._row
        last = (whole, 1, row, channels)
        strides = last if place.channels_last else (whole, height * width, width, 1)
        strided = self._runtime.strided
        return [self._runtime.reorder(strided((1, channels, rows, width), strides),
                                      strided((1, channels, rows, width), last))
                for _, rows, _ in self._parts]
