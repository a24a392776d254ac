"""A convolution of several blobs side by side reads them one after the other, in nets for use.

    w x = w_1 x_1 + w_2 x_2 + ...

where x is the concatenation of the x_k and w_k are the weights of their channels. So the
concatenation is not made: SqueezeNet's fire modules, and decoders that take in what encoders of
their size saw, copy nothing. A pooling between the two is done to each part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused
from caffepy.core.memory import Place, Tensor
from caffepy.core.node import Node
from caffepy.core.seen import Seen
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.layers.common._folded import Folded, folded
from caffepy.layers.common._normalized import is_plain_relu
from caffepy.proto import caffe_pb2

NARROW = 16  # channels of a part; with fewer a convolution has little to do at once


def parted(chain: Sequence[Node], optimize: bool) -> Fused | None:
    """What the Concat that begins a chain can take along."""
    concat, *rest = chain
    layer: Any = concat.layer
    if not optimize or layer.phase != caffe_pb2.TEST or len(concat.bottoms) < 2:
        return None
    pool = rest.pop(0) if is_plain_pooling(rest[0]) else None
    if not rest or not getattr(rest[0].layer, "computes_sum", False):
        return None
    first = rest[0]
    inner = folded(rest, optimize) if len(rest) > 1 else None
    if isinstance(inner, Folded) and inner.added:
        return None
    relu = len(rest) > 1 and is_plain_relu(rest[1]) and rest[1].in_place
    found = Parted(concat, pool, first, inner, rest[1] if relu and not inner else None)
    return found if found.pays else None


def is_plain_pooling(node: Node) -> bool:
    """Whether each channel is pooled by itself, and nothing else comes of it."""
    layer: Any = node.layer
    return layer.type == "Pooling" and layer.kernel is not None and len(node.tops) == 1


class Parted(Fused):
    """See the module.

    Args:
        concat, pool, first: the layers; there may be no pooling.
        inner: the convolution with what is folded into it, if anything is.
        relu: a ReLU behind the convolution, if ``inner`` has none.
    """

    def __init__(self, concat: Node, pool: Node | None, first: Node, inner: Any, relu: Node | None
                 ) -> None:
        behind = inner.numbers if inner else tuple(n.number for n in (first, relu) if n)
        self.numbers = (concat.number, *((pool.number,) if pool else ()), *behind)
        self.parts, self.joined = concat.bottoms, concat.tops[0]
        self.pool, self.first, self.inner = pool, first, inner
        self.relu = relu is not None or bool(inner and inner.relu)
        self.y = inner.y if inner else first.tops[0]
        self._seen = Seen()
        self._pooled: Tensor | None = None  # room for one part after the other

    @property
    def pays(self) -> bool:
        """Whether it is as exact, and takes fewer journeys through memory: what is written once for
        each part is no more than what would have been copied."""
        spec = self._spec
        channels = [x.shape[1] for x in self.parts]
        return (len(spec.x) == 4 and spec.x == self.first.bottoms[0].shape
                and sum(channels) == spec.w[1] and spec.group == 1
                and spec.dtype == "float32" and not spec.quantized and min(channels) >= NARROW
                and spec.w[0] <= spec.w[1]
                and all(kernel.fuses_sum for kernel in self._kernels(False)))

    @property
    def _spec(self) -> ConvolutionSpec:
        spec: ConvolutionSpec = self.first.layer.kernel.spec
        return spec

    def _kernels(self, bias: bool) -> list[ConvolutionKernel]:
        """Of each part. The first adds the bias."""
        spec, layer = self._spec, self.first.layer
        n, _, *sizes = spec.x
        made = []
        for k, x in enumerate(self.parts):
            channels = x.shape[1]
            made.append(layer.plan(replace(
                spec, x=(n, channels, *sizes), w=(spec.w[0], channels, *spec.w[2:]),
                bias=bias and k == 0)))
        return made

    @property
    def detail(self) -> str:
        return "in parts, " + " and ".join(dict.fromkeys(
            kernel.detail for kernel in self._kernels(True)))

    @cached_property
    def _weights(self) -> list[Tensor]:
        """Of each part, copies: Caffe has the channels of all parts side by side."""
        outputs, _, *kernel = self._spec.w
        blob = self.first.layer.blobs[0]
        mover = self.first.layer.context.mover
        return [Blob((outputs, x.shape[1], *kernel), blob.dtype, mover).values for x in self.parts]

    def forward(self) -> None:
        if self.inner:
            w, *biases = self.inner.parameters()
        else:
            w, *biases = (blob.values for blob in self.first.layer.blobs)
        bias = biases[0] if biases else None
        if self._seen.is_new(w):
            ends = np.cumsum([x.shape[1] for x in self.parts])
            cut = np.split(w.read(Place.HOST), ends[:-1], axis=1)
            for made, values in zip(self._weights, cut, strict=True):
                made.overwrite(Place.HOST)[...] = values
        y, last = self.y.values, len(self.parts) - 1
        for k, (kernel, wk) in enumerate(
                zip(self._kernels(bias is not None), self._weights, strict=True)):
            x = self._read(k)
            if k == 0:
                kernel.forward(x, wk, bias, y)
            else:
                kernel.forward_sum(x, wk, None, y, y, self.relu and k == last)

    def _read(self, k: int) -> Tensor:
        """What the convolution sees of a part."""
        x: Tensor = self.parts[k].values
        if self.pool is None:
            return x
        layer: Any = self.pool.layer
        whole = layer.kernel.spec
        spec = replace(whole, x=x.shape, y=(*x.shape[:2], *whole.y[2:]))
        if self._pooled is None or self._pooled.shape != spec.y:
            self._pooled = Blob(spec.y, self.y.dtype, layer.context.mover).values
        layer.plan(spec).forward(x, self._pooled)
        return self._pooled
