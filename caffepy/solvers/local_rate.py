"""A learning rate of each parameter's own, by the L2 norms of its weights w and gradients g.

    larc: true           with larc_policy "scale"  rate' = rate larc_eta |w| / |g|
                         with larc_policy "clip"   rate' = min(rate, larc_eta |w| / |g|)
    local_lr_auto: true  rate' = rate local_gw_ratio |w| / (|g| + weight_decay |w|)

It takes the place of the rate times lr_mult where lr_mult is above 0; a parameter with lr_mult 0
stays as it is. Where a norm is 0 the factor is 1. Gradients are those behind clipping and the
division by iter_size, without weight decay. NVIDIA's Caffe 0.17 (on a GPU) and Intel's; Y. You,
I. Gitman and B. Ginsburg, "Large Batch Training of Convolutional Networks", arXiv:1708.03888.
"""

from __future__ import annotations

from typing import Any

from caffepy.errors import ConfigError, did_you_mean

POLICIES = ("scale", "clip")
WORDS = ("larc", "larc_policy", "larc_eta", "local_lr_auto", "local_gw_ratio")


def asked(p: Any) -> bool:
    """Whether a SolverParameter wants rates of the parameters' own."""
    return bool(p.larc or p.local_lr_auto)


def check(p: Any) -> None:
    """Raises ConfigError: both kinds, no such policy, or a factor that is not above 0."""
    if p.larc and p.local_lr_auto:
        raise ConfigError("larc and local_lr_auto exclude each other", field="larc")
    if p.larc_policy not in POLICIES:
        raise ConfigError(f"unknown larc_policy: {p.larc_policy}", allowed=" or ".join(POLICIES),
                          fix=did_you_mean(p.larc_policy, POLICIES), field="larc_policy")
    for field in ("larc_eta", "local_gw_ratio"):
        if asked(p) and getattr(p, field) <= 0:
            raise ConfigError(f"{field} must be above 0", found=f"{getattr(p, field):g}",
                              field=field)


def multiplier(p: Any, lr_mult: float, rate: float, w: float, g: float) -> float:
    """What the rate is multiplied with instead of ``lr_mult``.

    Args:
        p: the SolverParameter.
        w, g: the norms.
    """
    if not lr_mult > 0:
        return lr_mult
    if p.local_lr_auto:
        return p.local_gw_ratio * w / (g + p.weight_decay * w) if w > 0 and g > 0 else 1.0
    own = p.larc_eta * w / g if w > 0 and g > 0 else 1.0
    if p.larc_policy == "clip":
        return min(1.0, own / rate) if rate > 0 else 1.0
    return float(own)
