"""What forks' layers called BN share: normalization, slope and bias in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place, Tensor
from caffepy.errors import ShapeError
from caffepy.kernels.operations.normalize import NormalizeKernel, NormalizeSpec
from caffepy.kernels.operations.scale import ScaleKernel, ScaleSpec
from caffepy.proto import caffe_pb2


class BNLayer(Layer):
    """y = slope * (x - mean) / sqrt(variance + eps) + bias for each channel, axis 1.

    The statistics are the batch's own, or (``given``) those that ``statistics`` gives.

    Attributes:
        words: what the fillers of slope and bias are called after.
        at: where the two are among the parameters.
    """

    inplace = True
    plans = (NormalizeSpec, ScaleSpec)
    recordable = True
    same_place = True
    normalizes = True
    rescales = True
    words = ("slope", "bias")
    at = slice(0, 2)
    frozen = False  # no parameter has a gradient
    scale: Any = None  # the kernel, where statistics are given

    def settings(self) -> tuple[bool, float]:
        """Whether statistics are given, and eps."""
        raise NotImplementedError

    def statistics(self) -> tuple[Array, Array]:
        """Mean and variance of each channel, (C,), if they are given."""
        raise NotImplementedError

    def remember(self, mean: Array, variance: Array) -> None:
        """The statistics of a batch are known."""

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim < 2:
            self.fail("the bottom must have channels, its second axis", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        self.given, self.eps = self.settings()
        if self.eps < 0:
            self.fail("eps must not be negative: a variance below it would have no root",
                      found=self.eps)
        self.channels = bottom[0].shape[1]
        self.add_parameters()

    def add_parameters(self) -> None:
        self.add_learned((1, self.channels, 1, 1))

    def add_learned(self, shape: tuple[int, ...]) -> None:
        """Slope and bias, 1 and 0 if there is no filler."""
        for word, start in zip(self.words, (1, 0), strict=True):
            field = f"{word}_filler"
            constant = caffe_pb2.FillerParameter(type="constant", value=start)
            self.add_blob(shape, getattr(self.p, field) if self.p.HasField(field) else constant)

    def add_moving(self, variance: float) -> None:
        """Parameters for statistics, which solvers leave alone."""
        for start in (0.0, variance):
            self.add_blob((1, self.channels, 1, 1),
                          caffe_pb2.FillerParameter(type="constant", value=start))
        params = self.spec.param
        while len(params) < 4:
            params.add()
        for param in params[0 if self.frozen else 2 : 4]:
            param.lr_mult = param.decay_mult = 0

    def lacks_statistics(self) -> bool:
        """Whether all variances that are to be taken are 0."""
        return bool(self.given) and not self.statistics()[1].any()

    def moving(self) -> tuple[Array, Array]:
        """The statistics that are kept in parameters."""
        mean, variance = (self.read(self._flat(blob.values)) for blob in self.blobs[2:4])
        return mean, variance

    def move(self, mean: Array, variance: Array, share: float) -> None:
        """Take a batch's statistics into those kept, with this share."""
        for blob, new in zip(self.blobs[2:4], (mean, variance), strict=True):
            kept = self.write(self._flat(blob.values))
            kept *= 1 - share
            kept += share * new

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """Parameters may have the shape (1, C), too."""
        return [values if values is None or values.size != blob.count else
                values.reshape(blob.shape)
                for values, blob in zip(given, self.blobs, strict=False)] + given[len(self.blobs):]

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, inplace = bottom[0], top[0] is bottom[0]
        if x.ndim < 2 or x.shape[1] != self.channels:
            self.fail("the number of channels cannot change", kind=ShapeError,
                      found=f"shape {x.shape}", allowed=f"{self.channels} channels")
        top[0].reshape_like(x)
        self.keeps = () if inplace or (self.given and self.frozen) else ("bottom",)
        self.aside: Blob | None = None
        if self.given:
            spec = ScaleSpec(x.shape, 1, 2, True, inplace, not self.frozen, self.dtype.name)
            self.scale: ScaleKernel = self.plan(spec, self.scale)
            # x is multiplied by the first, and the second is added
            self.steps = [self._blob((self.channels,)) for _ in range(2)]
            return
        self.kernel: NormalizeKernel = self.plan(
            NormalizeSpec(x.shape, self.eps, False, self.dtype.name), self.kernel)
        if inplace:
            self.aside = self._blob(x.shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, x = self.xp, bottom[0].values
        slope, bias = (self._flat(blob.values) for blob in self.blobs[self.at])
        if self.given:
            mean, variance = self.statistics()
            self.std = xp.sqrt(variance + self.eps).astype(self.dtype)
            self.mean = mean.astype(self.dtype)
            by, plus = self.steps
            self.overwrite(by.values)[...] = factor = self.read(slope) / self.std
            self.overwrite(plus.values)[...] = self.read(bias) - self.mean * factor
            self.scale.forward(x, by.values, plus.values, top[0].values)
            return
        if self.aside:
            place = self.follow(x)
            self.aside.values.overwrite(place)[...] = x.read(place)
            x = self.aside.values
        mean, variance = (xp.empty(self.channels, self.dtype) for _ in range(2))
        self.kernel.forward(x, slope, bias, top[0].values, mean, variance)
        self.remember(mean, variance)

    def affine(self) -> tuple[Array, Array] | None:
        if not self.given or self.phase != caffe_pb2.TEST:
            return None
        mean, variance = (array.astype(np.float64) for array in self.statistics())
        slope, bias = (blob.values.read(Place.HOST).reshape(-1).astype(np.float64)
                       for blob in self.blobs[self.at])
        factor = slope / np.sqrt(variance + self.eps)
        return factor, bias - mean * factor

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        wanted = [on and not self.frozen for on in self.param_propagate_down[self.at]]
        dx = bottom[0].grads if propagate_down[0] else None
        slope = self._flat(self.blobs[self.at][0].values)
        dslope, dbias = (self._flat(blob.grads) for blob in self.blobs[self.at])
        x = self.aside.values if self.aside else bottom[0].values
        if not self.given:
            self.kernel.backward(
                x, slope, top[0].values, top[0].grads,
                self._blob(bottom[0].shape).grads if dx is None else dx,
                dslope if wanted[0] else None, dbias if wanted[1] else None)
            return
        for blob in self.steps:
            blob.grads.zero()
        by, plus = self.steps
        sums = (by.grads, plus.grads) if any(wanted) else (None, None)
        self.scale.backward(x, by.values, top[0].grads, dx, *sums)
        if wanted[1]:
            self.accumulate(dbias, self.read(plus.grads))
        if wanted[0]:  # of sums of dy x and of dy
            self.accumulate(dslope, (self.read(by.grads) - self.mean * self.read(plus.grads))
                            / self.std)

    def _blob(self, shape: tuple[int, ...]) -> Blob:
        return Blob(shape, self.dtype, self.context.mover)

    def _flat(self, tensor: Tensor) -> Tensor:
        return Tensor(tensor.memory, (self.channels,))
