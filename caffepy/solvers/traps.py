"""Settings of a solver that are allowed and hardly ever meant: one sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from caffepy.checks import structure
from caffepy.solvers import rate, rule, warmup

STEPPED = ("step", "multistep", "exp", "plateau")  # the rate is gamma to some power
# fields that mean nothing without another, and which: a policy, or a field
NEEDS = {"stagelr": 'lr_policy: "multifixed"', "stageiter": 'lr_policy: "multifixed"',
         "plateau_winsize": 'lr_policy: "plateau"', "restart_mult": 'lr_policy: "cosine"',
         "rampup_lr": "rampup_interval", "warmup_start_lr": "warmup_iter",
         "momentum_power": 'momentum_policy: "poly"',
         "weight_decay_power": 'weight_decay_policy: "poly"', "clip_policy": "clip_gradients",
         "larc_policy": "larc", "larc_eta": "larc", "local_gw_ratio": "local_lr_auto"}


def of(p: Any) -> Iterator[str]:
    """What is suspicious in a SolverParameter that ``settings.check`` lets pass."""
    yield from structure.no_rate(p)
    if p.lr_policy == "multistep":
        yield from _stepvalues(p)
    yield from _unused(p)
    yield from _alone(p)
    yield from _gamma(p)
    yield from _power(p)
    yield from _growth(p)
    yield from _rule(p)
    yield from _tests(p)


def _stepvalues(p: Any) -> Iterator[str]:
    if not p.stepvalue:
        instead = '; stepsize is for "step"' if p.HasField("stepsize") else ""
        yield ('lr_policy is "multistep" and no stepvalue is given: the rate never changes'
               f"{instead}.")
        return
    at = rate.reached(p)
    if at[0] == 0:
        yield f"stepvalue is {p.stepvalue[0]}: the first step comes before base_lr was ever used."
    for before, value, counts in zip(p.stepvalue, p.stepvalue[1:], at[1:], strict=False):
        if value <= before:
            yield (f"stepvalue {value} comes after {before}: values count in the order in which "
                   f"they are written, one an iteration, so this one does at iteration {counts}.")
    late = [value for value, counts in zip(p.stepvalue, at, strict=True) if counts > p.max_iter]
    if late and p.max_iter:
        yield f"stepvalue {late[0]} is not reached: max_iter is {p.max_iter}."


def _unused(p: Any) -> Iterator[str]:
    """Steps that this policy does not take."""
    policy = p.lr_policy
    if policy == "step" and 0 < p.max_iter < p.stepsize:
        yield f"stepsize {p.stepsize} is not reached: max_iter is {p.max_iter}."
    if p.HasField("stepsize") and (policy == "fixed" or policy == "multistep" and p.stepvalue):
        yield f'stepsize is not used with lr_policy: "{policy}"; it is for "step" and "sigmoid".'
    if p.stepvalue and policy in ("fixed", "step"):
        yield f'stepvalue is not used with lr_policy: "{policy}"; it is for "multistep".'


def _alone(p: Any) -> Iterator[str]:
    """Fields that nothing asks for."""
    given = [one.name for one, _ in p.ListFields()]
    for field, needs in NEEDS.items():
        other, _, value = needs.partition(": ")
        if field in given and (getattr(p, other) != value.strip('"') if value
                               else other not in given):
            yield f"{field} is not used without {needs}."
    if p.lr_policy == "multifixed" and list(p.stageiter) != sorted(set(p.stageiter)):
        yield ("stageiter does not grow from stage to stage: the first one that is not below the "
               "iteration counts.")
    if 0 < p.max_iter <= warmup.length(p):
        yield f"the rate climbs for {warmup.length(p)} iterations, and max_iter is {p.max_iter}."


def _gamma(p: Any) -> Iterator[str]:
    policy = p.lr_policy
    state = "0" if p.HasField("gamma") else "not set"
    first = {"step": p.stepsize, "exp": 1,
             "plateau": p.plateau_winsize[0] if p.plateau_winsize else None}.get(policy)
    if policy == "multistep" and p.stepvalue:
        first = rate.reached(p)[0]
    if not p.gamma and first is not None and not 0 < p.max_iter <= first:
        example = "0.999 makes it fall slowly" if policy == "exp" else \
            "0.1 makes it a tenth at each step"
        yield f"gamma is {state}: the rate is 0 from iteration {first} on. {example}."
    elif not p.gamma and policy in ("inv", "sigmoid"):
        yield f'gamma is {state}: with lr_policy: "{policy}" the rate never changes.'
    elif p.gamma == 1 and policy in STEPPED:
        yield "gamma is 1: the rate never changes."
    elif p.gamma > 1 and policy in ("step", "multistep", "plateau"):
        yield (f"gamma is {p.gamma:g}: the rate grows at each step. To divide it by that, "
               f"write gamma: {1 / p.gamma:g}.")


def _power(p: Any) -> Iterator[str]:
    if p.lr_policy not in ("inv", "poly"):
        return
    if not p.power:
        state = "0" if p.HasField("power") else "not set"
        example = "0.75" if p.lr_policy == "inv" else "1"
        yield (f'power is {state}: with lr_policy: "{p.lr_policy}" the rate never changes. '
               f"{example} is usual.")
    elif p.power < 0:
        yield (f'power is {p.power:g}: with lr_policy: "{p.lr_policy}" the rate grows. The sign is '
               "in the formula.")


def _growth(p: Any) -> Iterator[str]:
    """A rate that becomes infinite before the end, which stops the training there."""
    if p.gamma <= 1 or p.lr_policy not in STEPPED or p.max_iter < 1:
        return
    last = p.max_iter - 1
    steps = (sum(counts <= last for counts in rate.reached(p)) if p.lr_policy == "multistep"
             else rate.steps_taken(p, last, 0))
    if not math.isfinite(rate.POLICIES[p.lr_policy](p, last, steps)):
        yield (f"with gamma {p.gamma:g} the rate is no finite number before the last iteration, "
               f"{last}: training ends there with an error.")


def _rule(p: Any) -> Iterator[str]:
    if p.base_lr < 0:
        yield f"base_lr is {p.base_lr:g}: a negative rate makes the loss grow."
    if p.type in ("SGD", "Nesterov") and not 0 <= p.momentum < 1:
        why = "updates grow without end" if p.momentum >= 1 else "each update turns the last round"
        yield f"momentum is {p.momentum:g}: {why}. It lies between 0 and 1, mostly at 0.9."
    if p.type == "AdaDelta" and not 0 <= p.momentum < 1:
        yield (f"momentum is {p.momentum:g}: AdaDelta's means need one between 0 and 1, such as "
               "0.95.")
    if p.weight_decay < 0:
        yield f"weight_decay is {p.weight_decay:g}: negative, it makes the weights grow."
    if p.delta <= 0 and any(c.name == "delta" for c in rule.get(p.type).declared()):
        yield (f"delta is {p.delta:g}: {p.type} divides by it where a gradient is 0, and gets no "
               "number. 1e-8 is usual.")
    if p.amsgrad and p.type not in ("Adam", "AdamW"):
        yield f"amsgrad is not used with type {p.type}; it is for Adam and AdamW."
    if p.clip_gradients == 0:
        yield "clip_gradients is 0: all gradients become 0. Leave it out not to clip."


def _tests(p: Any) -> Iterator[str]:
    if p.test_interval and not p.test_iter:
        yield (f"test_interval is {p.test_interval} and test_iter is not given: nothing is tested. "
               "test_iter says how many batches a test has.")
    for index, batches in enumerate(p.test_iter):
        if not batches:
            yield f"test_iter of test net #{index} is 0: its tests say nothing."
