"""Pooling3D: a Pooling over time, height and width.

bottom  x, N x C x T x H x W
top     y, N x C x T' x H' x W', each as Pooling's
param   pooling3d_param { pool: MAX kernel_depth: 2 kernel_size: 2 temporal_stride: 2 stride: 2
        temporal_pad: 0 pad: 0 }
        C3D 1.0 has the same words in pooling_param

kernel_depth, temporal_stride and temporal_pad are those of time. Of equal largest numbers the first
has the gradient, where C3D gives it to each of them; a last window that would lie wholly outside is
left out. C3D pads only means. Tran et al. 2015 (C3D).
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.layers.vision._volumes import check, sizes
from caffepy.layers.vision.pooling import Pooling
from caffepy.proto import caffe_pb2


@register("Pooling3D", dialect="c3d", param="pooling3d_param")
class Pooling3D(Pooling):
    obeys = ("kernel_depth", "temporal_stride", "temporal_pad")

    @classmethod
    def own(cls, spec: Any) -> Any:
        """The PoolingParameter that says the same."""
        given = spec.pooling3d_param if spec.HasField("pooling3d_param") else spec.pooling_param
        found = sizes(given)
        own = caffe_pb2.PoolingParameter(pool=given.PoolMethod.Name(given.pool))
        if isinstance(given, caffe_pb2.PoolingParameter):
            own.CopyFrom(given)
            for name in found:
                own.ClearField(name)
        own.MergeFrom(caffe_pb2.PoolingParameter(
            **{f"{name}_all": values for name, values in found.items()}))
        return own

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.p = self.own(self.spec)
        check(self, bottom)
        super().setup(bottom, top)
