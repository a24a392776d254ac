"""A layer in its net: what it reads and writes there, and which gradients are wanted of it."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import Place

Term = tuple[Blob, float]  # of the loss: a blob, all of whose numbers count, and its weight


class Node:
    """The ``number``-th layer of a net, from 0. A net is a list of nodes.

    Attributes:
        bottoms, tops: the blobs that it reads and writes.
        bottom_names, top_names: what these are called; "(automatic)" where no prototxt says.
        loss_weights: of each top, 0 for most.
        loss_terms: the tops that have a weight in the loss, and the weight.
        propagate_down: for each bottom whether backward computes its gradient.
        needs_backward: whether backward runs at all.
    """

    __slots__ = ("_shapes", "bottom_names", "bottoms", "layer", "loss_terms", "loss_weights",
                 "needs_backward", "number", "propagate_down", "top_names", "tops")

    def __init__(
        self, number: int, layer: Layer, bottoms: list[Blob], tops: list[Blob], *,
        bottom_names: list[str], top_names: list[str], propagate_down: list[bool],
    ) -> None:
        self.number = number
        self.layer = layer
        self.bottoms = bottoms
        self.tops = tops
        self.bottom_names = bottom_names
        self.top_names = top_names
        self.loss_weights = [0.0] * len(tops)
        self.loss_terms: list[Term] = []
        self.propagate_down = propagate_down
        self.needs_backward = False
        self._shapes: list[tuple[int, ...]] = []

    def weigh(self, loss_weights: list[float]) -> None:
        """Let the tops have these weights in the loss."""
        self.loss_weights = loss_weights
        self.loss_terms = [term for term in zip(self.tops, loss_weights, strict=True) if term[1]]

    @property
    def in_place(self) -> bool:
        """Whether the first top is the first bottom."""
        return self.bottoms[0] is self.tops[0]

    @property
    def wanted(self) -> list[Blob]:
        """The bottoms whose gradients backward computes."""
        return [blob for blob, down in zip(self.bottoms, self.propagate_down, strict=True) if down]

    @property
    def named_bottoms(self) -> list[tuple[str, Blob]]:
        """Each bottom with its name."""
        return list(zip(self.bottom_names, self.bottoms, strict=True))

    @property
    def named_tops(self) -> list[tuple[str, Blob]]:
        """Each top with its name."""
        return list(zip(self.top_names, self.tops, strict=True))

    @property
    def kept(self) -> list[Blob]:
        """The blobs whose values backward reads, if it runs."""
        return self.layer.kept(self.bottoms, self.tops) if self.needs_backward else []

    def forward(self) -> None:
        """Have the layer compute its tops."""
        self.layer.forward(self.bottoms, self.tops)

    def backward(self, tops: Sequence[Blob] | None = None) -> None:
        """Have it compute the gradients that are wanted, of ``tops`` in its own tops' stead."""
        self.layer.backward(self.tops if tops is None else tops, self.propagate_down, self.bottoms)

    def loss(self) -> float:
        """What the layer's tops add to the net's loss; waits for a device that computes them."""
        loss = 0.0
        for blob, weight in self.loss_terms:
            loss += weight * float(blob.values.read(Place.HOST).sum())
        return loss

    # -- shapes ---------------------------------------------------------------------------

    def reshape(self) -> list[Term]:
        """Have the layer take the shapes of its bottoms; returns the terms of the loss that have
        another shape now, so that their gradients must be seeded anew.

        Raises:
            CaffeError: a shape that it cannot take, or backward begins to read other blobs.
        """
        layer, keeps = self.layer, self.layer.keeps
        before = [blob.shape for blob, _ in self.loss_terms]
        with layer.named_errors():
            layer.reshape(self.bottoms, self.tops)
        if not layer.opaque and not {*layer.keeps} <= {*keeps}:
            layer.fail("backward begins to read what it did not when the net was built, and which "
                       "may be gone by then", found=f"keeps {layer.keeps}, before {keeps}",
                       fix="Let the type declare it in `keeps`, or set it in setup.")
        self.take_shapes()
        return [term for term, shape in zip(self.loss_terms, before, strict=True)
                if term[0].shape != shape]

    def take_shapes(self) -> None:
        """Remember the shapes that all blobs have now."""
        self._shapes = [blob.shape for blob in (*self.bottoms, *self.tops)]

    @property
    def shapes_changed(self) -> bool:
        """Whether the layer must be reshaped. (A script may have reshaped its top, too.)"""
        return [blob.shape for blob in (*self.bottoms, *self.tops)] != self._shapes
