"""DummyData: made-up values, for trying out and timing nets.

bottom  none
top     any number of blobs, of the shapes given, filled by data_filler
param   dummy_data_param { shape { dim: 10 dim: 3 } data_filler { type: "constant" value: 0 } }
V1      DUMMY_DATA

There is one shape (or the old num, channels, height, width) for all tops or one each; data_filler
likewise, or none for zeros. A constant is filled in once, so that a script may change it; other
fillers draw new values for each forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from caffepy.core import filler
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.proto import caffe_pb2

T = TypeVar("T")


@register("DummyData", v1="DUMMY_DATA", param="dummy_data_param")
class DummyData(Layer):
    bottoms = "0"
    tops = "1+"
    keeps = ()
    data = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        fillers = list(self.p.data_filler) or [caffe_pb2.FillerParameter(type="constant")]
        self.fillers: list[Any] = self._one_each("data_filler", fillers, len(top))
        shapes = self._one_each("shape", self._shapes(), len(top))
        for blob, shape in zip(top, shapes, strict=True):
            blob.reshape(shape)
        self._fill(top, constants=True)
        self.recordable = all(p.type == "constant" for p in self.fillers)

    def _shapes(self) -> list[Shape]:
        old = (self.p.num, self.p.channels, self.p.height, self.p.width)
        if not any(old):
            return [tuple(shape.dim) for shape in self.p.shape]
        if self.p.shape or len({len(sizes) for sizes in old}) > 1:
            self.fail("shapes are given either by shape, or by num, channels, height and width, "
                      "as many of each")
        return list(zip(*old, strict=True))

    def _one_each(self, field: str, values: list[T], count: int) -> list[T]:
        if len(values) not in (1, count):
            self.fail(f"dummy_data_param needs a {field} for all tops, or one for each",
                      found=f"{len(values)} for {count} tops")
        return values * count if len(values) == 1 else values

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.position += 1
        self._fill(top, constants=False)

    def _fill(self, top: Blobs, constants: bool) -> None:
        for i, (blob, p) in enumerate(zip(top, self.fillers, strict=True)):
            if (p.type == "constant") == constants:
                generator = self.context.generator(f"{self.stream}/{i}", self.position)
                filler.fill(blob.values, p, generator, self.fail)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass
