"""Mean: y = output_scale (input_scale x + mean_scale m), or minus m: a mean taken off, or put back.

bottom  one or several blobs, N x C x H x W each
top     as many, each of its bottom's shape
param   mean_param { operation: SUBTRACT value: 104 value: 117 value: 123 file: ""
        mean_scale: 1 input_scale: 1 output_scale: 1 }

m is the mean picture in ``file`` (a BlobProto) or ``value`` by channel, once or as often as the
channels ask for. dx = output_scale input_scale dy; there is none in the original. FlowNet's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.data.transform import read_mean
from caffepy.errors import CaffeError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of


@register("Mean", dialect="flownet", param="mean_param")
class Mean(Layer):
    bottoms = "1+"
    tops = "= bottoms"
    keeps = ()
    same_place = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if bool(p.value) == p.HasField("file"):
            self.fail("a mean is one file, or values", fix="Give one of both.")
        sign = -1 if p.operation == caffe_pb2.MeanParameter.SUBTRACT else 1
        try:
            mean = (read_mean(path_of(p, "file")) if p.HasField("file")
                    else np.array(p.value)[:, None, None])
        except CaffeError as error:
            raise error.at(self.place_name) from error
        self.mean = self.xp.asarray(
            (sign * p.output_scale * p.mean_scale * mean).astype(self.dtype))
        self.factor = p.output_scale * p.input_scale

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        channels, *size = self.mean.shape
        for x, y in zip(bottom, top, strict=True):
            if x.ndim != 4 or x.shape[1] % channels or (
                    size != [1, 1] and list(x.shape[2:]) != size):
                self.fail("the mean does not fit", kind=ShapeError, found=f"shape {x.shape}",
                          allowed=f"a multiple of {channels} channels" + (
                              f" of {size[0]} x {size[1]}" if size != [1, 1] else ""))
            y.reshape_like(x)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        for x, y in zip(bottom, top, strict=True):
            given = self.read(x.values)
            mean: Array = self.xp.tile(self.mean, (given.shape[1] // len(self.mean), 1, 1))
            self.overwrite(y.values)[...] = given * self.factor + mean

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        for x, y, wanted in zip(bottom, top, propagate_down, strict=True):
            if wanted:
                self.overwrite(x.grads)[...] = self.read(y.grads) * self.factor
