"""Breaks each layer's backward in turn and reports what the layer's own tests did not notice.

    python scripts/mutate_layers.py                 # all layers; minutes
    python scripts/mutate_layers.py ReLU Pooling    # these
    python scripts/mutate_layers.py --jobs 4

For each layer with a gradient: the gradients to its bottoms, and apart from them those of its
parameters, come out with the sign flipped, doubled, as zeros, shifted by one index, with one added,
and added to what was there where they should replace it, or the other way round. The layer's test
file must fail each time. Then the same with one method at a time of each kernel that a fast engine
has for the layer's specs (``plans``), while the layer's backward runs: so the tests must have held
this kernel against the formula, too.

A mutation that never changes a number, such as the sign of a gradient that is always zero, proves
nothing and is left out, as long as another of the same target was noticed.

Exit code 1 if a mutation went unnoticed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from caffepy import kernels
from caffepy.core import registry
from caffepy.core.layer import Layer, count_range
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.contract import Kernel
from caffepy.testing import ENGINES

ROOT = Path(__file__).resolve().parent.parent
NOTICED, MISSED, EQUAL, NEVER = "noticed", "NOT NOTICED", "changes nothing", "backward never called"

Array = np.ndarray
Mutation = Callable[[Array], Array]
Target = str | tuple[type[Kernel], str]

MUTATIONS: dict[str, Mutation] = {
    "sign flipped": np.negative,
    "doubled": lambda gradient: 2 * gradient,
    "zero": np.zeros_like,
    "off by one index": lambda gradient: np.roll(gradient.reshape(-1), 1).reshape(gradient.shape),
    "one added": lambda gradient: gradient + 1,  # seen also where the gradient is always zero
    "added where it replaces, or the other way": np.positive,
}
WRONGLY_ADDED = list(MUTATIONS)[-1]
TARGETS = ("bottoms", "parameters")

# Kernels of a type's specs that its backward never calls, and whose task that is.
FORWARD_ONLY = {
    ("BatchNorm", "Normalize"): "layers that run as one, in tests/core/test_fusion.py",
    ("Eltwise", "SumReLU"): "the same",
    **{(loss, "Softmax"): "the loss has the scores' gradient, not the softmax"
       for loss in ("SoftmaxWithLoss", "SoftmaxWithLossOHEM", "FocalLoss", "InfogainLoss")},
}


class Mutant:
    """A layer class while the ``with`` block runs: gradients of one target come out broken.

    Args:
        target: "bottoms" or "parameters", or a kernel class and the name of a method.
        mutation: a key of MUTATIONS; "" leaves the gradients right.

    Attributes:
        calls: how often backward made a gradient of that target.
        changes: in how many of these calls a number came out differently.
    """

    def __init__(self, cls: type[Layer], target: Target, mutation: str = "") -> None:
        self.cls = cls
        self.target = target
        self.mutate = MUTATIONS.get(mutation, np.positive)
        self.wrongly_added = mutation == WRONGLY_ADDED
        self.calls = self.changes = 0
        self._running: Layer | None = None  # whose backward runs, and its memories:
        self._parameters: set[SyncedMemory] = set()
        self._gradients: set[SyncedMemory] = set()
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Mutant:
        self._put(self.cls, "backward", self._backward(self.cls.backward))
        if not isinstance(self.target, str):
            kernel, method = self.target
            self._put(kernel, method, self._method(getattr(kernel, method)))
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()

    def _put(self, cls: type, name: str, function: Callable[..., object]) -> None:
        """Give the class another method, until the end."""
        if name in vars(cls):
            self._undo.callback(setattr, cls, name, vars(cls)[name])
        else:
            self._undo.callback(delattr, cls, name)
        setattr(cls, name, function)

    def _backward(self, right: Callable[..., None]) -> Callable[..., None]:
        def backward(layer, top, propagate_down, bottom):  # type: ignore[no-untyped-def]
            mine: list[Tensor] = []
            if self.target == "bottoms":
                mine = [blob.grads for blob, down in zip(bottom, propagate_down, strict=True)
                        if down]
            elif self.target == "parameters":
                mine = [blob.grads for blob in layer.blobs]
            before = [content(tensor) for tensor in mine]
            self._parameters = {blob.grads.memory for blob in layer.blobs}
            self._gradients = {blob.grads.memory for blob in (*bottom, *top, *layer.blobs)}
            self._running = layer
            try:
                right(layer, top, propagate_down, bottom)
            finally:
                self._running = None
            for tensor, old in zip(mine, before, strict=True):
                self._replace(tensor, old, adds=self.target == "parameters")

        return backward

    def _method(self, right: Callable[..., object]) -> Callable[..., object]:
        def method(kernel, *args, **more):  # type: ignore[no-untyped-def]
            if self._running is None:
                return right(kernel, *args, **more)
            given = tensors([*args, *more.values()])
            before = [(tensor.memory.version, content(tensor)) for tensor in given]
            result = right(kernel, *args, **more)
            for tensor, (version, old) in zip(given, before, strict=True):
                if tensor.memory.version == version:  # it was read alone
                    continue
                # a forward that backward runs again, for what the kernel keeps, makes no gradient
                if right.__name__.startswith("forward") and tensor.memory not in self._gradients:
                    continue
                self._replace(tensor, old, adds=tensor.memory in self._parameters)
            return result

        return method

    def _replace(self, grads: Tensor, old: Array | int, adds: bool) -> None:
        """Break what was added to ``old``, or has replaced it."""
        gradient = (np.zeros(grads.shape, grads.memory.dtype) if grads.memory.is_zero
                    else grads.read(order(grads)))
        broken = self.mutate(gradient - old if adds else gradient)
        if adds != self.wrongly_added:
            broken = old + broken
        self.calls += 1
        if not np.array_equal(broken, gradient, equal_nan=True):
            self.changes += 1
            grads.overwrite(order(grads))[...] = broken


def content(tensor: Tensor) -> Array | int:
    """A copy of its numbers; a zero that is not written out is not, as reading would do it."""
    return 0 if tensor.memory.is_zero else tensor.read(order(tensor)).copy()


def tensors(args: Sequence[object]) -> list[Tensor]:
    """Those among a kernel's arguments, each once."""
    found = [one for arg in args for one in (arg if isinstance(arg, list) else [arg])
             if isinstance(one, Tensor)]
    return list({id(tensor.memory): tensor for tensor in found}.values())


def order(tensor: Tensor) -> Place:
    """The order a tensor was written in: tests count how often it is changed."""
    return Place.HOST_LAST if tensor.channels_last else Place.HOST


def tests_of(cls: type[Layer]) -> list[str]:
    """The test files of a layer class; forks' layers of one type share theirs."""
    files = []
    for module in {entry.cls.__module__: None for entry in registry.entries()
                   if entry.type == cls.type}:
        *_, family, name = module.split(".")
        files.append(ROOT / "tests" / "layers" / family / f"test_{name}.py")
    return [str(file) for file in files if file.exists()]


def run_tests(files: Sequence[str]) -> bool:
    """Whether the tests pass."""
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pytest.main([*files, *options]) == 0


def methods(cls: type[Layer]) -> dict[str, Target]:
    """Of the kernels that fast engines have for a layer's specs, under names to print."""
    return {
        f"{kernel.engine} {kernel.__name__}.{name}": (kernel, name)
        for engine in ENGINES[1:]
        for spec, found in kernels.engine(engine).kernels.items() if spec in cls.plans
        for kernel in found
        for name, _ in inspect.getmembers(kernel, inspect.isfunction)
        if not name.startswith("_") and not hasattr(Kernel, name)
    }


def examine(cls: type[Layer]) -> dict[str, str]:
    """Mutation to outcome, for one layer class; in this process."""
    files = tests_of(cls)
    if not files:
        return {"no test file": MISSED}
    targets: dict[str, Target] = {**{target: target for target in TARGETS}, **methods(cls)}
    with contextlib.ExitStack() as stack:  # our hand in it alone must not be what is noticed
        watched = {label: stack.enter_context(Mutant(cls, target))
                   for label, target in targets.items()}
        if not run_tests(files):
            return {"its tests fail as it is": MISSED}
    outcomes = {}
    for label, target in targets.items():
        if not watched[label].calls:
            outcomes[f"{label}: all"] = NEVER
            continue
        for mutation in MUTATIONS:
            with Mutant(cls, target, mutation) as mutant:
                passed = run_tests(files)
            if not mutant.changes:
                outcome = EQUAL
            else:
                outcome = MISSED if passed else NOTICED
            outcomes[f"{label}: {mutation}"] = outcome
    return outcomes


def examine_apart(cls: type[Layer]) -> dict[str, str]:
    """As ``examine``, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", cls.__module__, cls.__name__], cwd=ROOT,
        capture_output=True, text=True, env={"OMP_NUM_THREADS": "1", **os.environ}, check=False)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else {done.stderr: MISSED}


def unnoticed(cls: type[Layer], outcomes: dict[str, str]) -> list[str]:
    """What is wrong with a layer's tests."""
    wrong = [what for what, outcome in outcomes.items() if outcome == MISSED]
    wanted = {"bottoms": count_range(cls.bottoms)[0] > len(cls.labels),
              "parameters": bool(cls.learns)}
    for target in dict.fromkeys(what.rpartition(":")[0] for what in outcomes):
        mine = [outcome for what, outcome in outcomes.items() if what.startswith(f"{target}:")]
        if NEVER in mine and wanted.get(target):
            wrong.append(f"{target}: {NEVER}")
        elif {*mine} == {EQUAL}:
            wrong.append(f"{target}: no mutation changed a number")
    called: dict[str, bool] = {}
    for what, outcome in outcomes.items():
        kernel, dot, _ = what.rpartition(":")[0].partition(".")
        if dot:
            called[kernel] = called.get(kernel, False) or outcome != NEVER
    wrong += [f"{kernel}: {NEVER}" for kernel, ever in called.items()
              if not ever and (cls.__name__, kernel.split()[1]) not in FORWARD_ONLY]
    return wrong


def differentiable() -> list[registry.Entry]:
    """The types with a gradient of their own."""
    return [entry for entry in registry.entries()
            if entry.cls.backward is not Layer.backward and not entry.cls.data
            and entry.cls.__module__.startswith("caffepy.")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("types", nargs="*", help="layer types; all that have a gradient by default")
    parser.add_argument("--jobs", type=int, default=2, help="layers examined at a time")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        module, name = arguments.types
        print(json.dumps(examine(getattr(importlib.import_module(module), name))))
        return 0
    wanted = {registry.get(name).type for name in arguments.types}
    entries = [entry for entry in differentiable() if not wanted or entry.type in wanted]
    classes = [entry.cls for entry in entries]
    survivors = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for entry, outcomes in zip(entries, pool.map(examine_apart, classes), strict=True):
            wrong = unnoticed(entry.cls, outcomes)
            survivors += len(wrong)
            noticed = sum(outcome == NOTICED for outcome in outcomes.values())
            print(f"{entry.type} ({entry.cls.__module__}): {noticed} mutations noticed",
                  flush=True)
            for what in wrong:
                print(f"    {MISSED}: {what}", flush=True)
    print(f"{len(entries)} layers, {survivors} not noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
