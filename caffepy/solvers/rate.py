"""Learning rate policies: the rate of an iteration, from the solver's parameters alone.

    fixed      base_lr
    step       base_lr * gamma ^ floor(iter / stepsize)
    exp        base_lr * gamma ^ iter
    inv        base_lr * (1 + gamma * iter) ^ -power
    multistep  as step, at the iterations that ``stepvalue`` lists
    poly       base_lr * (1 - iter / max_iter) ^ power
    sigmoid    base_lr / (1 + exp(-gamma * (iter - stepsize)))

``step`` is the number of steps taken so far. Only multistep needs it from one iteration to the
next; a snapshot saves it as ``current_step``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from caffepy import log
from caffepy.errors import ConfigError, NumericError, did_you_mean

logger = log.get(__name__)


def fixed(p: Any, iteration: int, step: int) -> float:
    return p.base_lr


def steps(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(p.gamma, step)


def exponential(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(p.gamma, iteration)


def inverse(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(1 + p.gamma * iteration, -p.power)


def polynomial(p: Any, iteration: int, step: int) -> float:
    return p.base_lr * _power(1 - iteration / p.max_iter, p.power)


def sigmoid(p: Any, iteration: int, step: int) -> float:
    return p.base_lr / (1 + _power(math.e, -p.gamma * (iteration - p.stepsize)))


POLICIES: dict[str, Callable[[Any, int, int], float]] = {
    "fixed": fixed,
    "step": steps,
    "exp": exponential,
    "inv": inverse,
    "multistep": steps,
    "poly": polynomial,
    "sigmoid": sigmoid,
}
POSITIVE = {"stepsize": ("step", "sigmoid"), "max_iter": ("poly",)}
GAMMA = ("step", "exp", "inv", "multistep", "sigmoid")  # policies that use gamma


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


def steps_taken(p: Any, iteration: int, step: int) -> int:
    """The number of steps that count at ``iteration``, after ``step`` of them before it."""
    if p.lr_policy == "step":
        return iteration // p.stepsize
    if p.lr_policy == "multistep":
        # one at a time, as in the original: a doubled stepvalue counts an iteration later
        if step < len(p.stepvalue) and iteration >= p.stepvalue[step]:
            step += 1
    return step


def reached(p: Any) -> list[int]:
    """For each stepvalue, the iteration at which it counts in a training that began at 0."""
    at: list[int] = []
    for value in p.stepvalue:
        at.append(max(value, at[-1] + 1 if at else 0))
    return at


def rate(p: Any, iteration: int, step: int) -> float:
    """The learning rate at ``iteration`` with ``step`` steps taken (see ``steps_taken``).

    Raises:
        NumericError: the policy gives no finite number there.
    """
    value = POLICIES[p.lr_policy](p, iteration, step)
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
