"""Plays cases until time is up, in a process of its own: oneDNN reads once which instructions it
may use, and a fault of it may end the process.

    ONEDNN_MAX_CPU_ISA=AVX2 python -m fuzz.worker SECONDS SEED [FAMILY...]

Writes a line of JSON for whatever happens: runs.py reads them.
"""

from __future__ import annotations

import itertools
import json
import sys
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np

SELDOM = 4  # rounds between those that plain array code is part of
FAULTS = 3  # of one family, after which there is no more to learn from it


def work(seconds: float, seed: int, names: list[str], tell: Callable[..., None]) -> None:
    """Go round the families, each time in another order, with a new case of each."""
    from fuzz import cases

    tell(isa=isa())
    end = monotonic() + seconds
    names = names or list(cases.families())
    engines = ["onednn"]
    rng, faults = np.random.default_rng(seed), dict.fromkeys(names, 0)
    for turn in itertools.count():
        for family in rng.permutation(names):
            if turn % SELDOM and family in cases.seldom() and len(names) > 1:
                continue
            name = f"{family}:{int(rng.integers(2**31))}"
            if faults[family] < FAULTS:
                tell(case=name)
                wrong = wrongs(name, engines)
                if wrong:
                    faults[family] += 1
                    if faults[family] == 1 and not wrong[0].startswith("Traceback"):
                        name = cases.shrunk(name, engines)
                        wrong = wrongs(name, engines)
                    tell(fault=name, text=cases.make(name).text, wrong=wrong)
            if monotonic() > end:
                return


def wrongs(name: str, engines: list[str]) -> list[str]:
    from fuzz import cases

    try:
        return cases.differences(cases.make(name), engines)
    except Exception:  # whatever it is, it is a finding
        return [traceback.format_exc()]


def isa() -> str:
    """What oneDNN may use and this machine has, in its own bits."""
    from caffepy.kernels.onednn.library import load

    return hex(load()._handle.dnnl_get_effective_cpu_isa())


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    import logging

    logging.getLogger("caffepy").setLevel(logging.ERROR)
    work(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:], tell)
