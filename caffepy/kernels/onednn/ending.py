"""What convolutions do with results while these are at hand: a sum, a ReLU, both or neither."""

from __future__ import annotations

from typing import Any, NamedTuple

from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout

PostOps = tuple[tuple[Any, ...], ...]


class Ending(NamedTuple):
    """In this order.

    Attributes:
        added: another tensor is added: one that lies "apart", or is "here" where results are
            written, which takes fewer journeys through memory.
        relu: y = max(y, 0).
    """

    added: str = ""
    relu: bool = False

    @classmethod
    def of(cls, relu: bool, added: Array | None, results: Array) -> Ending:
        """That of arrays that are there."""
        if added is None:
            return cls("", relu)
        return cls("here" if api.address(added) == api.address(results) else "apart", relu)

    def post_ops(self, relu: PostOps, results: Layout) -> PostOps:
        """For oneDNN.

        Args:
            relu: what stands for max(y, 0).
        """
        sums: dict[str, PostOps] = {"": (), "here": (("sum", 1.0),),
                                    "apart": (("binary", api.ADD, results),)}
        return sums[self.added] + (relu if self.relu else ())

    def arguments(self, results: Layout) -> list[tuple[int, Layout]]:
        """What a call is given besides."""
        return [(api.post_op_argument(0), results)] if self.added == "apart" else []

    def arrays(self, added: Array | None) -> list[Array]:
        """The same, as arrays."""
        return [added] if added is not None and self.added == "apart" else []


PLAIN, RELU = Ending(), Ending(relu=True)
SUMS = tuple(Ending(added, relu) for added in ("here", "apart") for relu in (False, True))
