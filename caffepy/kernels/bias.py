"""The bias of each channel, and its gradient, as array code: what a convolution's kernel offers
besides convolving.

Deconvolution asks for it: it runs the kernel backwards, which adds no bias.
"""

from __future__ import annotations

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Kernel


class ChannelBias(Kernel):
    """Of tensors N x C x spatial axes, in the order that they lie in."""

    def add_bias(self, x: Tensor, b: Tensor) -> None:
        """x += b, channel by channel; b is (C,)."""
        array = x.write(self._follow(x))
        array += b.read(self.owner.place).reshape(-1, *(1,) * (len(x.shape) - 2))

    def add_bias_gradient(self, dx: Tensor, db: Tensor) -> None:
        """Add to db the sums of dx over all but the channels."""
        sums = dx.read(self._follow(dx)).sum(axis=(0, *range(2, len(dx.shape))))
        dbs, add = db.accumulate(self.owner.place)
        if add:
            dbs += sums
        else:
            dbs[...] = sums

    def _follow(self, tensor: Tensor) -> Place:
        place = self.owner.place
        return place.last if tensor.channels_last else place
