"""ArgMax: the indices of the top_k largest scores, largest first, and their values if wanted.

bottom  scores, such as N x C x H x W
top     without axis: N x 1 x top_k, indices into the item's C * H * W scores, or with out_max_val
        N x 2 x top_k, indices and then values, and axes of 1 until there are as many as the bottom
        has; with axis: the bottom's shape with top_k on that axis, indices, or with out_max_val
        values
param   argmax_param { top_k: 1 out_max_val: false }, axis to compare along one axis only
V1      ARGMAX

Of equal scores the one with the larger index comes first, as in the original. There is no
gradient.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.layers.common._axis import axis_of


@register("ArgMax", v1="ARGMAX", param="argmax_param")
class ArgMax(Layer):
    keeps = ()
    recordable = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, p = bottom[0], self.p
        self.axis = axis_of(self, x, p.axis) if p.HasField("axis") else None
        scores = x.count_from(1) if self.axis is None else x.shape[self.axis]
        if not 1 <= p.top_k <= scores:
            self.fail("top_k must not exceed the number of scores", found=p.top_k,
                      allowed=f"1 to {scores}")
        if self.axis is None:
            top[0].reshape(x.shape[0], 1 + p.out_max_val, p.top_k, *[1] * (x.ndim - 3))
        else:
            top[0].reshape(*x.shape[: self.axis], p.top_k, *x.shape[self.axis + 1 :])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, p = self.xp, self.p
        x, y = self.read(bottom[0].values), self.overwrite(top[0].values)
        axis = 1 if self.axis is None else self.axis
        if self.axis is None:
            x, y = x.reshape(x.shape[0], -1), y.reshape(y.shape[:3])
        order = xp.flip(xp.argsort(x, axis, kind="stable"), axis)
        best = order[(slice(None),) * axis + (slice(p.top_k),)]
        values = xp.take_along_axis(x, best, axis)
        if self.axis is not None:
            y[...] = values if p.out_max_val else best
        else:
            y[:, 0] = best
            if p.out_max_val:
                y[:, 1] = values
