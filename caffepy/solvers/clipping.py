"""clip_policy: what clip_gradients is held against, where it is not the norm of all gradients.

    value  each number g becomes max(-clip_gradients, min(g, clip_gradients))
    layer  the gradients of a layer's parameters are scaled so that their L2 norm together is at
           most clip_gradients

As with "norm", gradients are the sums over iter_size, before the division. Ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from caffepy.core.arena import Parameter
    from caffepy.core.net import Net

POLICIES = ("norm", "value", "layer")
LEAST = 1e-30  # a norm is taken to be at least this


def check(p: Any) -> None:
    """Raises ConfigError: no such policy."""
    if p.clip_policy not in POLICIES:
        raise ConfigError(f"unknown clip_policy: {p.clip_policy}", allowed=", ".join(POLICIES),
                          fix=did_you_mean(p.clip_policy, POLICIES), field="clip_policy")


def apart(p: Any) -> bool:
    """Whether gradients are clipped by ``clip``, and not by their norm within the update."""
    return bool(p.clip_policy != "norm" and p.clip_gradients >= 0)


def factors(
    parameters: Sequence[Parameter], squares: NDArray[np.float64], most: float
) -> NDArray[np.float64]:
    """What each parameter's gradients are multiplied with, so that their layer's norm is at most
    ``most``.

    Args:
        squares: of each parameter, the sum of the squares of its gradients.
    """
    found = np.ones(len(squares))
    for _, group in groupby(range(len(squares)), lambda index: parameters[index].layer):
        members = list(group)
        found[members] = min(1.0, most / max(math.sqrt(squares[members].sum()), LEAST))
    return found


def clip(p: Any, net: Net, carried: float) -> None:
    """Clip the gradients in the net's arena, which are current there. On the host an update does it
    on its way (update_host).

    Args:
        p: the SolverParameter.
        carried: the scale that gradients carry.
    """
    xp, grads, most = net.context.xp, net.arena.grads, p.clip_gradients * carried
    with net.context.computing():
        if p.clip_policy == "value":
            xp.clip(grads, -most, most, out=grads)
            return
        for _, group in groupby(net.parameters, lambda one: one.layer):
            parts = [grads[one.offset : one.offset + one.count] for one in group]
            norm = xp.sqrt(sum((xp.square(part).sum() for part in parts), xp.zeros(())))
            by = xp.minimum(1, most / xp.maximum(norm, LEAST))
            for part in parts:
                part *= by.astype(part.dtype)
