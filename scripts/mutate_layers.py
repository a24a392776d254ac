#!/usr/bin/env python3
"""Breaks each layer's backward in turn and reports what the layer's own tests did not notice.

    python scripts/mutate_layers.py                 # all layers; minutes
    python scripts/mutate_layers.py ReLU Pooling    # these; of forks' types of one name all
    python scripts/mutate_layers.py BatchNorm:nvidia    # of these one
    python scripts/mutate_layers.py --jobs 4

For each layer with a gradient: the gradients to its bottoms, and apart from them those of its
parameters, come out with the sign flipped, as zeros, and shifted by one index; the layer's test
file must fail each time. A mutation that never changes a number, such as the sign of a gradient
that is always zero, proves nothing and is left out, as long as another of the layer's was noticed.

Exit code 1 if a mutation went unnoticed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from caffepy.core import registry
from caffepy.core.layer import Layer, count_range
from caffepy.core.memory import Place, Tensor

ROOT = Path(__file__).resolve().parent.parent
NOTICED, MISSED, EQUAL, NEVER = "noticed", "NOT NOTICED", "changes nothing", "backward never called"

MUTATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sign flipped": np.negative,
    "zero": np.zeros_like,
    "off by one index": lambda gradient: np.roll(gradient.reshape(-1), 1).reshape(gradient.shape),
    "one added": lambda gradient: gradient + 1,  # seen also where the gradient is always zero
}
TARGETS = ("bottoms", "parameters")


class Mutant:
    """A layer class whose backward is broken while the ``with`` block runs.

    Attributes:
        calls: how often backward ran with a gradient of that target to compute.
        changes: in how many of these calls a number came out differently.
    """

    def __init__(
        self, cls: type[Layer], target: str, mutate: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self.cls = cls
        self.target = target
        self.mutate = mutate
        self.calls = self.changes = 0

    def __enter__(self) -> Mutant:
        right = self.cls.backward
        self.own = "backward" in vars(self.cls)
        self.right = right
        mutant = self

        def backward(layer, top, propagate_down, bottom):  # type: ignore[no-untyped-def]
            # reading a zero that is not written out would write it out
            before = [0 if blob.grads.is_zero else blob.grads.read(order(blob.grads)).copy()
                      for blob in layer.blobs]
            right(layer, top, propagate_down, bottom)
            if mutant.target == "bottoms":
                for blob, down in zip(bottom, propagate_down, strict=True):
                    if down:
                        mutant.replace(blob.grads, 0)
            else:
                for blob, old in zip(layer.blobs, before, strict=True):
                    mutant.replace(blob.grads, old)

        self.cls.backward = backward  # type: ignore[method-assign]
        return self

    def __exit__(self, *exception: object) -> None:
        if self.own:
            self.cls.backward = self.right  # type: ignore[method-assign]
        else:
            del self.cls.backward

    def replace(self, grads: Tensor, old: np.ndarray | int) -> None:
        """Break what was added to ``old``."""
        gradient = (np.zeros(grads.shape, grads.memory.dtype) if grads.is_zero
                    else grads.read(order(grads)))
        broken = old + self.mutate(gradient - old)
        self.calls += 1
        if not np.array_equal(broken, gradient, equal_nan=True):
            self.changes += 1
            grads.overwrite(order(grads))[...] = broken


def order(tensor: Tensor) -> Place:
    """The order a tensor was written in: tests count how often it is changed."""
    return Place.HOST_LAST if tensor.channels_last else Place.HOST


def tests_of(cls: type[Layer]) -> Path:
    """The test file of a layer class."""
    *_, family, module = cls.__module__.split(".")
    return ROOT / "tests" / "layers" / family / f"test_{module}.py"


def run_tests(path: Path) -> bool:
    """Whether the tests pass."""
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pytest.main([str(path), *options]) == 0


def examine(name: str) -> dict[str, str]:
    """Mutation to outcome, for one layer type; in this process."""
    cls, = classes(name)
    path = tests_of(cls)
    if not path.exists():
        return {"no test file": MISSED}
    outcomes = {}
    for target in TARGETS:
        with Mutant(cls, target, np.positive):  # our hand in it alone must not be what is noticed
            if not run_tests(path):
                return {"its tests fail as it is": MISSED}
        for mutation, mutate in MUTATIONS.items():
            with Mutant(cls, target, mutate) as mutant:
                passed = run_tests(path)
            if not mutant.calls:
                outcome = NEVER
            elif not mutant.changes:
                outcome = EQUAL
            else:
                outcome = MISSED if passed else NOTICED
            outcomes[f"{target}: {mutation}"] = outcome
    return outcomes


def examine_apart(name: str) -> dict[str, str]:
    """As ``examine``, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name], cwd=ROOT, capture_output=True, text=True,
        env={"OMP_NUM_THREADS": "1", **os.environ}, check=False)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else {done.stderr: MISSED}


def unnoticed(name: str, outcomes: dict[str, str]) -> list[str]:
    """What is wrong with a layer's tests."""
    wrong = [what for what, outcome in outcomes.items() if outcome == MISSED]
    cls, = classes(name)
    wanted = {"bottoms": count_range(cls.bottoms)[0] > len(cls.labels),
              "parameters": bool(cls.learns)}
    for target in TARGETS:
        mine = [outcome for what, outcome in outcomes.items() if what.startswith(target)]
        called = any(outcome != NEVER for outcome in mine)
        if mine and NOTICED not in mine and MISSED not in mine and (called or wanted[target]):
            wrong.append(f"{target}: {NEVER if not called else 'no mutation changed a number'}")
    return wrong


def key(entry: registry.Entry) -> str:
    return entry.type if entry.dialect == registry.ORIGINAL else f"{entry.type}:{entry.dialect}"


def named(name: str) -> list[str]:
    """The keys of a type, or of what goes by a name; a key is its own."""
    type = registry.get(name.partition(":")[0]).type
    return [key(entry) for entry in registry.entries()
            if name in (key(entry), entry.type) or entry.type == type != name and ":" not in name]


def classes(name: str) -> list[type[Layer]]:
    return [entry.cls for entry in registry.entries() if key(entry) == name]


def differentiable() -> list[str]:
    """The keys of types with a gradient of their own."""
    return [key(entry) for entry in registry.entries()
            if entry.cls.backward is not Layer.backward and not entry.cls.data
            and entry.cls.__module__.startswith("caffepy.")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("types", nargs="*", help="layer types; all that have a gradient by default")
    parser.add_argument("--jobs", type=int, default=2, help="layers examined at a time")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(examine(arguments.types[0])))
        return 0
    names = [one for name in arguments.types for one in named(name)] or differentiable()
    survivors = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for name, outcomes in zip(names, pool.map(examine_apart, names), strict=True):
            wrong = unnoticed(name, outcomes)
            survivors += len(wrong)
            noticed = sum(outcome == NOTICED for outcome in outcomes.values())
            print(f"{name}: {noticed} mutations noticed", flush=True)
            for what in wrong:
                print(f"    {MISSED}: {what}", flush=True)
    print(f"{len(names)} layers, {survivors} not noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
