"""ShuffleChannel: the channels, laid out as group rows of C / group, are read column by column.

bottom  x, N x C x ...
top     y, shape of x: y[:, j * group + i] = x[:, i * C / group + j]
param   shuffle_channel_param { group: 1 }

dx is dy shuffled with C / group rows. farmingyard's.
Zhang et al., "ShuffleNet", 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape, Tensor
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of


@register("ShuffleChannel", dialect="shufflenet", param="shuffle_channel_param")
class ShuffleChannel(Layer):
    keeps = ()
    recordable = True
    same_place = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, group = bottom[0].shape, self.p.group
        channels = shape[axis_of(self, bottom[0], 1)]
        if group < 1 or channels % group:
            self.fail("the channels must fall into equal groups", kind=ShapeError,
                      found=f"{channels} channels, group {group}",
                      fix="Write a group that divides the number of channels.")
        self.rows = (shape[0], group, channels // group, *shape[2:])
        self.columns = (shape[0], channels // group, group, *shape[2:])
        top[0].reshape_like(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self._turn(bottom[0].values, top[0].values, self.rows, self.columns)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        self._turn(top[0].grads, bottom[0].grads, self.columns, self.rows)

    def _turn(self, source: Tensor, target: Tensor, rows: Shape, columns: Shape) -> None:
        """An axis that is split is a view in any order of memory, so each number moves once."""
        place = self.follow(source)
        target.overwrite(place).reshape(columns)[...] = source.read(place).reshape(
            rows).swapaxes(1, 2)
