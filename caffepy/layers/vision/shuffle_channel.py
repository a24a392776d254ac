"""ShuffleChannel: the channels, laid out as group rows of C / group, are read column by column.

bottom  x, N x C x ...
top     y, shape of x: y[:, j * group + i] = x[:, i * C / group + j]
param   shuffle_channel_param { group: 1 }

dx is dy shuffled with C / group rows. farmingyard's.
Zhang et al., "ShuffleNet", 2018.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of
from caffepy.layers.common._moved import Moved


@register("ShuffleChannel", dialect="shufflenet", param="shuffle_channel_param")
class ShuffleChannel(Moved):
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
        super().reshape(bottom, top)

    def move(self, x: Array) -> Array:
        return x.reshape(self.rows).swapaxes(1, 2)

    def back(self, y: Array) -> Array:
        return y.reshape(self.columns).swapaxes(1, 2)
