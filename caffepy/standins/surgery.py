"""FCN's net surgery: weights of one net for another, and kernels that enlarge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.errors import ShapeError


def transplant(new_net: Any, net: Any, suffix: str = "") -> None:
    """Copy parameters of ``net`` to the layers of ``new_net`` that have their names and the suffix,
    and print which.

    Shapes may differ, counts not: a fully connected layer's go into the convolution that stands for
    it, O x I into O x C x H x W with C H W = I.
    """
    for name, blobs in net.params.items():
        if name + suffix not in new_net.params:
            print("dropping", name)
            continue
        targets = new_net.params[name + suffix]
        for i, blob in enumerate(blobs):
            if i >= len(targets):
                print("dropping", name, i)
                break
            old, new = blob.data.shape, targets[i].data.shape
            if blob.data.size != targets[i].data.size:
                raise ShapeError(f"parameter {i} of layer '{name}' does not fit", found=old,
                                 allowed=f"as many numbers as {new}")
            print(*(("copying", name, " -> ", name + suffix, i) if old == new else
                    ("coercing", name, i, "from", old, "to", new)))
            targets[i].data[...] = blob.data.reshape(new)


def upsample_filt(size: int) -> Array:
    """The kernel, size x size, with which a Deconvolution interpolates bilinearly."""
    factor = (size + 1) // 2
    middle = factor - (1 if size % 2 else 0.5)
    slope = 1 - abs(np.arange(size) - middle) / factor
    return slope[:, None] * slope


def interp(net: Any, layers: Iterable[str]) -> None:
    """Make the Deconvolutions ``layers`` bilinear, each channel for itself."""
    for name in layers:
        weights = net.params[name][0].data
        m, k, h, w = weights.shape
        if (m != k and k != 1) or h != w:
            raise ShapeError(f"the weights of layer '{name}' cannot interpolate",
                             found=(m, k, h, w), allowed="C x C x S x S or C x 1 x S x S")
        weights[np.arange(m), np.arange(k)] = upsample_filt(h)


def expand_score(new_net: Any, new_layer: str, net: Any, layer: str) -> None:
    """Copy the parameters of a score layer into one of more classes, whose first they are."""
    for new, old in zip(new_net.params[new_layer], net.params[layer], strict=True):
        new.data[: old.data.shape[0]] = old.data
