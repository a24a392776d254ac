"""clip_policy: what clip_gradients is held against, where it is not the norm of all gradients.

    value  each number g becomes max(-clip_gradients, min(g, clip_gradients))
    layer  the gradients of a layer's parameters are scaled so that their L2 norm together is at
           most clip_gradients

As with "norm", gradients are the sums over iter_size, before the division. Ours.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from caffepy.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from caffepy.core.net import Net

POLICIES = ("norm", "value", "layer")


def check(p: Any) -> None:
    """Raises ConfigError: no such policy."""
    if p.clip_policy not in POLICIES:
        raise ConfigError(f"unknown clip_policy: {p.clip_policy}", allowed=", ".join(POLICIES),
                          fix=did_you_mean(p.clip_policy, POLICIES), field="clip_policy")


def apart(p: Any) -> bool:
    """Whether gradients are clipped by ``clip``, and not by their norm within the update."""
    return bool(p.clip_policy != "norm" and p.clip_gradients >= 0)


def clip(p: Any, net: Net, carried: float) -> None:
    """Clip the gradients in the net's arena, which are current there.

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
            factor = xp.minimum(1, most / xp.maximum(norm, 1e-30))
            for part in parts:
                part *= factor.astype(part.dtype)
