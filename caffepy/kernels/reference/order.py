"""Elementwise kernels work in the order their input lies in, so that nothing is reordered."""

from __future__ import annotations

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Kernel


def follow(kernel: Kernel, tensor: Tensor) -> Place:
    """The kernel's place in the order that ``tensor`` was last written in."""
    place = kernel.owner.place
    return place.last if tensor.channels_last else place
