"""Learning rate policies: the rate of an iteration, from the solver's parameters alone.

    fixed      base_lr
    step       base_lr * gamma ^ floor(iter / stepsize)
    exp        base_lr * gamma ^ iter
    inv        base_lr * (1 + gamma * iter) ^ -power
    multistep  as step, at the iterations that ``stepvalue`` lists
    poly       base_lr * (1 - iter / max_iter) ^ power
    sigmoid    base_lr / (1 + exp(-gamma * (iter - stepsize)))

of forks:

    plateau    as step, where the loss no longer falls (see plateau)
    multifixed stagelr[k], where iter <= stageiter[k] first holds; after all of them the last

and of our own:

    cosine     base_lr * (1 + cos(pi * t / T)) / 2 at t of a period of T iterations. The first is
               stepsize long, or max_iter without one, each further restart_mult times as long as
               the one before (Loshchilov and Hutter, "SGDR", ICLR 2017, arXiv:1608.03983)

``poly`` and ``cosine`` end at min_lr instead of 0, and no rate is below it (NVIDIA). A climb may
come before all of them (see warmup).

``step`` is the number of steps taken so far. Only multistep and plateau need it from one iteration
to the next; a snapshot saves it as ``current_step``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from caffepy import log
from caffepy.errors import ConfigError, NumericError, did_you_mean
from caffepy.solvers import warmup

logger = log.get(__name__)

# what the policies themselves read, but for base_lr and max_iter
POLICY = ("gamma", "power", "stepsize", "stepvalue", "restart_mult")
# of forks, for rates and for what else changes with the iteration (plateau, warmup, momentum)
WORDS = ("plateau_winsize", "stagelr", "stageiter", "min_lr", "warmup_iter", "warmup_start_lr",
         "rampup_interval", "rampup_lr", "momentum_policy", "max_momentum", "momentum_power",
         "weight_decay_policy", "weight_decay_power")


def fixed(p: Any, iteration: int, step: int) -> float:
    return p.base_lr


def steps(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(p.gamma, step)


def exponential(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(p.gamma, iteration)


def inverse(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(1 + p.gamma * iteration, -p.power)


def polynomial(p: Any, iteration: int, step: int) -> float:
    return p.min_lr + (p.base_lr - p.min_lr) * _power(1 - iteration / p.max_iter, p.power)


def sigmoid(p: Any, iteration: int, step: int) -> float:
    return p.base_lr / (1 + _power(math.e, -p.gamma * (iteration - p.stepsize)))


def multifixed(p: Any, iteration: int, step: int) -> float:
    stages = zip(p.stageiter, p.stagelr, strict=True)
    return next((value for last, value in stages if iteration <= last), p.stagelr[-1])


def cosine(p: Any, iteration: int, step: int) -> float:
    period, mult = p.stepsize or p.max_iter, p.restart_mult
    at = float(iteration)
    while at >= period:
        if mult == 1:
            at %= period
        else:
            at, period = at - period, period * mult
    return p.min_lr + (p.base_lr - p.min_lr) * (1 + math.cos(math.pi * at / period)) / 2


POLICIES: dict[str, Callable[[Any, int, int], float]] = {
    "fixed": fixed,
    "step": steps,
    "exp": exponential,
    "inv": inverse,
    "multistep": steps,
    "poly": polynomial,
    "sigmoid": sigmoid,
    "plateau": steps,
    "multifixed": multifixed,
    "cosine": cosine,
}
POSITIVE = {"stepsize": ("step", "sigmoid"), "max_iter": ("poly",)}
GAMMA = ("step", "exp", "inv", "multistep", "sigmoid", "plateau")  # policies that use gamma


def check(p: Any) -> None:
    """Refuse what would go wrong in the middle of a training, as the original does there.

    Raises:
        ConfigError: no such policy, or a parameter that the policy cannot work with.
    """
    policy = p.lr_policy
    if policy not in POLICIES:
        raise ConfigError(
            f"Unknown learning rate policy: {policy}" if policy else "lr_policy is not set",
            allowed=", ".join(POLICIES), fix=did_you_mean(policy, POLICIES), field="lr_policy")
    with_policy = f'with lr_policy: "{policy}"'
    for field, policies in POSITIVE.items():
        if policy in policies and getattr(p, field) <= 0:
            state = getattr(p, field) if p.HasField(field) else "not set"
            raise ConfigError(f"{field} must be positive {with_policy}", found=state, field=field)
    if policy in GAMMA and p.gamma < 0:
        raise ConfigError(f"gamma must not be negative {with_policy}", found=f"{p.gamma:g}",
                          field="gamma")
    if p.HasField("min_lr") and (
            p.min_lr < 0 or policy in ("poly", "cosine") and p.min_lr > p.base_lr):
        raise ConfigError("min_lr lies between 0 and base_lr", found=f"{p.min_lr:g}",
                          allowed=f"0 to {p.base_lr:g}", field="min_lr")
    warmup.check(p)
    if policy in CHECKS:
        CHECKS[policy](p)


def _check_multifixed(p: Any) -> None:
    if not p.stagelr or len(p.stagelr) != len(p.stageiter):
        raise ConfigError('lr_policy: "multifixed" needs a stageiter for each stagelr',
                          found=f"{len(p.stagelr)} stagelr, {len(p.stageiter)} stageiter",
                          field="stagelr" if p.stagelr else "lr_policy")


def _check_plateau(p: Any) -> None:
    if not p.plateau_winsize:
        raise ConfigError('lr_policy: "plateau" needs plateau_winsize, the iterations without a '
                          "new least loss before each step", field="lr_policy")


def _check_cosine(p: Any) -> None:
    if p.stepsize < 0 or not p.stepsize and p.max_iter <= 0:
        raise ConfigError('lr_policy: "cosine" needs a period, stepsize or max_iter, of at least 1',
                          found=p.stepsize or p.max_iter, field="lr_policy")
    if p.restart_mult < 1:
        raise ConfigError("restart_mult must be at least 1", found=f"{p.restart_mult:g}",
                          field="restart_mult")


CHECKS = {"multifixed": _check_multifixed, "plateau": _check_plateau, "cosine": _check_cosine}


def steps_taken(p: Any, iteration: int, step: int) -> int:
    """The number of steps that count at ``iteration``, after ``step`` of them before it; those of
    "plateau" are found by its loss alone."""
    if p.lr_policy == "step":
        return iteration // p.stepsize
    if p.lr_policy == "multistep" and iteration >= warmup.length(p):
        # one at a time, as in the original: a doubled stepvalue counts an iteration later
        if step < len(p.stepvalue) and iteration >= p.stepvalue[step]:
            step += 1
    return step


def reached(p: Any) -> list[int]:
    """For each stepvalue, the iteration at which it counts in a training that began at 0."""
    at: list[int] = []
    for value in p.stepvalue:
        at.append(max(value, at[-1] + 1 if at else warmup.length(p)))
    return at


def rate(p: Any, iteration: int, step: int) -> float:
    """The learning rate at ``iteration`` with ``step`` steps taken (see ``steps_taken``).

    Raises:
        NumericError: the policy gives no finite number there.
    """
    if iteration < warmup.length(p):
        value = warmup.rate(p, iteration)
    else:
        value = POLICIES[p.lr_policy](p, iteration, step)
    if p.HasField("min_lr"):
        value = max(value, p.min_lr)
    if not math.isfinite(value):
        past = p.lr_policy == "poly" and iteration > p.max_iter
        raise NumericError(
            f'lr_policy: "{p.lr_policy}" gives no finite rate at iteration {iteration}',
            found=value,
            fix=f"Raise max_iter ({p.max_iter})." if past else "Check gamma and power.")
    return value


def _power(base: float, exponent: float) -> float:
    """C's pow: infinite or not a number where Python would raise."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan
