"""Scatter: the items of this worker, of what Gather joined; here its bottoms.

bottom  any number of blobs
top     the same blobs, one each; they share the bottoms' memory, values and gradients

TSN's. Outside of MPI it is the identity there, too; our workers share batches in another way.
"""

from __future__ import annotations

from caffepy.core.registry import register
from caffepy.layers.common._alias import Same


@register("Scatter", dialect="tsn")
class Scatter(Same):
    pass
