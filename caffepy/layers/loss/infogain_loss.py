"""InfogainLoss: -sum over k of H[label, k] * log p[k], p = softmax(x), averaged over positions.

bottom  x, scores, such as N x C or N x C x H x W; labels 0 to C - 1, one for each position;
        optionally the matrix H, of C * C numbers
top     the loss; optionally p, shape of x
param   infogain_loss_param { source: "H.binaryproto" axis: 1 }, a file with H if there is no
        third bottom; loss_param { normalization: VALID }, ignore_label to skip some
V1      INFOGAIN_LOSS (V0 "infogain_loss")

dx[k] = (p[k] * sum of H[label] - H[label, k]) * loss weight / normalizer. With H the identity
this is SoftmaxWithLoss. p is taken to be at least 1e-20.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import CaffeError, ShapeError
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.layers.loss._loss import CLASSES, LOG_THRESHOLD, Normalized, class_labels, positions
from caffepy.layers.loss._targets import cross_entropy, slope
from caffepy.proto import wire
from caffepy.proto.paths import path_of


@register("InfogainLoss", v1="INFOGAIN_LOSS", v0="infogain_loss", param="infogain_loss_param")
class InfogainLoss(Normalized):
    plans = (SoftmaxSpec,)
    head = "Softmax"
    bottoms = "2-3"
    tops = "1-2"
    labels = (1, 2)
    integers = CLASSES
    keeps: tuple[str, ...] = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.matrix: Array | None = None if len(bottom) > 2 else self._load()

    def _load(self) -> Array:
        """H from the file that ``source`` names, a BlobProto in binary."""
        path = path_of(self.p, "source")
        if not path:
            self.fail("H is missing", fix="Give a third bottom, or infogain_loss_param { source }.")
        try:
            return self.xp.asarray(wire.read_blob(path))
        except CaffeError as error:
            raise error.at(self.place_name) from None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        x = bottom[0]
        self.at = positions(self, x, bottom[1], self.p.axis)
        numbers = bottom[2].count if self.matrix is None else self.matrix.size
        if numbers != self.at.classes**2:
            self.fail("H must have a row and a column for each class", kind=ShapeError,
                      found=f"{numbers} numbers", allowed=f"{self.at.classes} squared")
        self.probabilities = Blob(x.shape, self.dtype, self.context.mover)
        if len(top) > 1:
            top[1].reshape_like(x)
            self.probabilities = top[1]
            self.keeps = ("top",)
        self.softmax = self.plan(SoftmaxSpec(x.shape, self.at.axis, self.dtype.name))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, at = self.xp, self.at
        self.softmax.forward(bottom[0].values, self.probabilities.values)
        p = self.read(self.probabilities.values)
        matrix = self.read(bottom[2].values) if self.matrix is None else self.matrix
        labels, counts = class_labels(self, bottom[1], at.classes,
                                      self.ignore_label)
        # H[label] of each position, with the classes along the scores' axis
        rows = matrix.reshape(at.classes, at.classes)[labels.reshape(at.one_label)]
        self.gain = xp.moveaxis(rows, -1, at.axis).reshape(p.shape)
        valid = labels.size
        if counts is not None:
            self.gain = self.gain * counts.reshape(at.one_label)
            valid = int(counts.sum())
        losses = cross_entropy(xp, self.gain, p, LOG_THRESHOLD, at.axis)
        self.divisor = self.normalizer(at.outer, labels.size, valid)
        self.set_loss(top, losses.sum(dtype=np.float64) / self.divisor)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        p = self.read(self.probabilities.values)
        dx = slope(self.gain, p, self.at.axis)
        self.overwrite(bottom[0].grads)[...] = dx * (self.weight(top) / self.divisor)
