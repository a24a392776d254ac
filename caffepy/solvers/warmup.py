"""The climb of the learning rate in the first iterations, before its policy counts.

    rampup_interval: n  rampup_lr: r          r + (base_lr - r) (i / n)^2      NVIDIA's Caffe 0.17
    warmup_iter: n      warmup_start_lr: r    r + (base_lr - r) i / n          Intel's Caffe

NVIDIA's 0.16 climbed in a straight line, as Intel's does. The policy goes by the iteration as if
there had been no climb, but counts no stepvalue of "multistep" while it lasts.
"""

from __future__ import annotations

from typing import Any

from caffepy.errors import ConfigError

CLIMBS = {"rampup_interval": ("rampup_lr", 2), "warmup_iter": ("warmup_start_lr", 1)}


def check(p: Any) -> None:
    """Raises ConfigError: a length below 0, both climbs, or a start below 0."""
    for field, (start, _) in CLIMBS.items():
        for name in (field, start):
            if getattr(p, name) < 0:
                raise ConfigError(f"{name} must not be negative", found=f"{getattr(p, name):g}",
                                  field=name)
    if all(getattr(p, field) for field in CLIMBS):
        raise ConfigError("the rate climbs by rampup_interval or by warmup_iter, not by both",
                          field="warmup_iter")


def length(p: Any) -> int:
    """How many iterations the climb takes; 0 for none."""
    return max(getattr(p, field) for field in CLIMBS)


def rate(p: Any, iteration: int) -> float:
    """The rate of an iteration that belongs to the climb."""
    for field, (start, power) in CLIMBS.items():
        if iteration < (count := getattr(p, field)):
            first = float(getattr(p, start))
            return first + (p.base_lr - first) * (iteration / count) ** power
    raise ValueError(iteration)
