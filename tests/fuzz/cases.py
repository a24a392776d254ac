"""Families of cases: whoever adds a kernel or a layer adds a few lines that draw one.

    @family("LRN kernel")
    def lrn(draw: Draw) -> Case: ...

A case has a name, family:seed or family:seed:size, that makes it again.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.core import taped
from fuzz import judge
from fuzz.draw import Draw
from fuzz.sides import REFERENCE, Shake, Side, knobs

NAME = re.compile(r"(.+?):(\d+)(?::([\d.]+))?")


@dataclass
class Case:
    """Something to compute on several sides.

    Attributes:
        text: what it is: a spec, or prototxt.
        play: computes on a side, and notes what comes out.
        terms: how many numbers the longest sum adds up; more of them round more.
        knobs: constants of modules that are others while it is played: see sides.knobs.
        half: what the fast engine's activations are stored as, where it can; see sides.Side.
        roundings: how often a number is rounded to that on its way.
    """

    text: str
    play: Callable[[Side], None]
    terms: int = 1
    knobs: Sequence[tuple[Any, str, Any]] = ()
    threads: int = 1
    half: str | None = None
    roundings: int = 2
    notes: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[Draw], Case]
_families: dict[str, Maker] = {}
_seldom: set[str] = set()


def family(name: str, seldom: bool = False) -> Callable[[Maker], Maker]:
    """Registers a maker of cases; ``seldom`` if there is nothing but plain array code in them."""

    def enter(maker: Maker) -> Maker:
        assert name not in _families, f"two families are called {name}"
        _families[name] = maker
        if seldom:
            _seldom.add(name)
        return maker

    return enter


@functools.cache
def families() -> dict[str, Maker]:
    """All of them, by name: those of the modules ``kernels_*``, ``layers_*`` and ``nets_*``."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(("kernels_", "layers_", "nets_")):
            importlib.import_module(f"fuzz.{module.name}")
    return dict(sorted(_families.items()))


def seldom() -> set[str]:
    """The families that are worth fewer cases."""
    families()
    return _seldom


def make(name: str) -> Case:
    """The case of that name."""
    found = NAME.fullmatch(name)
    if not found or found[1] not in families():
        raise ValueError(f"{name!r} is no case: family:seed, or family:seed:size; the families are "
                         + ", ".join(families()))
    draw = Draw(int(found[2]), float(found[3] or 1))
    case = families()[found[1]](draw)
    case.threads = draw.pick((1, 1, 1, 2, 3))
    if "kernel" in found[1] and draw.chance(0.25):
        case.half = "bfloat16"
    if draw.chance():  # nets play tapes from their second pass on
        case.knobs = [*case.knobs, (taped, "WARM_UP", 0)]
    return case


def play(case: Case, side: Side) -> Side:
    with np.errstate(all="ignore"), knobs(case.knobs):
        case.play(side)
    return side


def differences(case: Case, engines: Sequence[str]) -> list[str]:
    """What is wrong with what these engines compute in float32; nothing if all is right."""
    ours = play(case, Side(engines, np.float32, case.threads, half=case.half))
    truth = play(case, Side([REFERENCE], np.float64, half=case.half))

    def shaken(trial: int) -> Side:
        return play(case, Side([REFERENCE], np.float64, shake=Shake(trial), half=case.half))

    return judge.differences(ours, truth, shaken, case.terms,
                             case.roundings if case.half else 0)


def shrunk(name: str, engines: Sequence[str], tries: int = 25) -> str:
    """The name of a small case of the same family that goes wrong, or this one's."""
    kind, seed = name.split(":")[:2]
    for size in (0.05, 0.1, 0.2, 0.4):
        for other in range(tries):
            small = f"{kind}:{(int(seed) + other) % 2**31}:{size}"
            if differences(make(small), engines):
                return small
    return name
