"""momentum_policy and weight_decay_policy: what changes with the iteration i besides the rate.

    momentum_policy    fixed  momentum
                       poly   momentum + (max_momentum - momentum) (i / max_iter)^momentum_power
                       opt    (1 - sqrt(rate) / 2)^2, at most max_momentum if that is given
    weight_decay_policy  fixed  weight_decay
                         poly   weight_decay (i / max_iter)^weight_decay_power

NVIDIA's Caffe 0.17, which has them for SGD and Nesterov. "opt" is the momentum that is best for a
quadratic loss of curvature 1 at that rate.
"""

from __future__ import annotations

import math
from typing import Any

from caffepy.errors import ConfigError, did_you_mean

POLICIES = {"momentum_policy": ("fixed", "poly", "opt"), "weight_decay_policy": ("fixed", "poly")}
RULES = ("SGD", "Nesterov")  # whose momentum may change


def check(p: Any) -> None:
    """Raises ConfigError: no such policy, one that this rule has no use for, or no max_iter."""
    for field, policies in POLICIES.items():
        policy = getattr(p, field)
        if policy not in policies:
            raise ConfigError(f"unknown {field}: {policy}", allowed=", ".join(policies),
                              fix=did_you_mean(policy, policies), field=field)
        if policy == "poly" and p.max_iter <= 0:
            raise ConfigError(f'max_iter must be positive with {field}: "poly"',
                              found=p.max_iter if p.HasField("max_iter") else "not set",
                              field=field)
    if momentum_changes(p) and p.type not in RULES:
        raise ConfigError(f"the momentum of {p.type} stays as it is", found=p.momentum_policy,
                          allowed=f"momentum_policy with {' or '.join(RULES)}",
                          field="momentum_policy")


def momentum_changes(p: Any) -> bool:
    return bool(p.momentum_policy != "fixed")


def decay_changes(p: Any) -> bool:
    return bool(p.weight_decay_policy != "fixed")


def momentum(p: Any, iteration: int, rate: float) -> float:
    """The momentum of an iteration whose learning rate is ``rate``."""
    if p.momentum_policy == "poly":
        share = (iteration / p.max_iter) ** p.momentum_power
        return float(p.momentum + (p.max_momentum - p.momentum) * share)
    if p.momentum_policy == "opt":
        best = (1 - 0.5 * math.sqrt(max(rate, 0))) ** 2
        return min(p.max_momentum, best) if p.HasField("max_momentum") else best
    return float(p.momentum)


def weight_decay(p: Any, iteration: int) -> float:
    """The weight decay of an iteration."""
    if decay_changes(p):
        return float(p.weight_decay * (iteration / p.max_iter) ** p.weight_decay_power)
    return float(p.weight_decay)
