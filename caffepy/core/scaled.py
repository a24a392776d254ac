"""Gradients of a net that are multiplied with a scale on their way from losses to parameters.

``Net.grad_scale`` says with how much: 1, unless a solver scales them to keep half-precision
numbers from vanishing (see solvers.grad_scale). A solver's own steps leave the parameters'
gradients scaled until its update. Whoever else calls ``backward`` finds the true ones in the
parameters' diffs; those of other blobs are scaled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caffepy.core.assemble import seed_loss

if TYPE_CHECKING:
    from caffepy.core.net import Net

WORDS = ("global_grad_scale", "global_grad_scale_adaptive")  # of a net


def seed_losses(net: Net) -> None:
    """Let backward start from what the scale is now."""
    scale = net.grad_scale()
    for node in net.nodes:
        for blob, weight in node.loss_terms:
            seed_loss(blob, weight * scale)


@contextlib.contextmanager
def true_gradients(net: Net) -> Iterator[None]:
    """Around a backward, which adds scaled gradients to those of the parameters: scales what is
    there before, and takes the scale out of the sums afterwards."""
    scale = net.grad_scale()
    multiply(net, scale)
    yield
    multiply(net, 1 / scale)


def multiply(net: Net, by: float) -> None:
    """Multiply the gradients of all parameters, on the device where they are learned."""
    if by == 1:
        return
    context = net.context
    for parameter in net.parameters:
        if not parameter.blob.grads.is_zero:
            grads = parameter.blob.grads.write(context.place)
            context.xp.multiply(grads, by, out=grads)
