"""What gpu_check.sh runs: every check in a process of its own, all results in one table.

A check that runs fewer cases than there are has failed: a test that was skipped proves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 480  # for all
KEPT_FOR_OUTPUT = 10  # of them

# what runs, and of it: file, words in the tests' names, what they are, how many must pass
FILES = ("tests/gpu", "tests/solvers/test_gpu.py", "tests/kernels/cuda/test_convolution.py",
         "tests/kernels/cuda/test_inner_product.py", "tests/kernels/cuda/test_half.py")
# the same for what TF32 changes nothing in, which runs without it alone
ONCE = ("tests/solvers/test_step.py", "tests/solvers/test_grad_scale.py",
        *(f"tests/kernels/cuda/test_{name}.py"
          for name in ("elementwise", "windows", "channels", "transform")))
# what looks inside the fake device, or computes on the CPU alone
LEFT_OUT = ("not ((test_convolution or test_inner_product or test_half and kernels)"
            " and not equal_the_reference) and not (test_grad_scale and cpu)")
HALF = "test_half"  # the files that choose half precision themselves run once, not with each TF32
CASES = (
    ("test_layer_cases", "cuda]", "layer cases", 117),
    ("test_layer_cases", "reference]", "layer cases, array code alone", 117),
    ("solvers.test_gpu", "test_every_step.*cuda]", "solver cases", 16),
    ("solvers.test_gpu", "test_every_step.*reference]", "solver cases, array code alone", 16),
    ("solvers.test_gpu", "^(?!test_every_step)", "solvers otherwise", 10),
    ("test_lenet", "", "LeNet's trajectory", 1),
    ("gpu.test_data", "", "batches that go up as bytes", 35),
    ("kernels.cuda.test_[ci]", "equal_the_reference", "cuDNN's and cuBLAS's kernels", 50),
)
# bounds: 16 roundings of half an epsilon for a layer case, measured against the norm of each result
HALF_CASES = (
    ("gpu.test_half", r"test_layer_case.*-float16\]", "layer cases, float16", 117),
    ("gpu.test_half", r"test_layer_case.*-bfloat16\]", "layer cases, bfloat16", 117),
    ("gpu.test_half", "replay", "replays, float16", 118),
    ("gpu.test_half", "lenet_trains", "LeNet's loss and accuracy, float16 and bfloat16", 2),
    ("kernels.cuda.test_half", "equal_the_reference", "cuDNN's and cuBLAS's kernels, both", 60),
)
ONCE_CASES = (
    ("kernels", "^(?!.*equal_the_reference)", "kernels of our own", 348),
    ("solvers.test_step", "", "recorded steps equal their layers'", 28),
    ("solvers.test_grad_scale", "", "loss scaling", 40),
)

Test = tuple[str, str]  # its module, as folders and file with dots between; its name


@dataclass(frozen=True)
class Race:
    """A net to time, and how many times as fast as PyTorch it must be."""

    name: str
    net: str
    batch: int
    target: float
    against: str  # "eager": PyTorch without graphs; "best": its best way
    flags: tuple[str, ...] = ()


RACES = (
    Race("LeNet", "models/lenet/lenet_train_test.prototxt", 64, 5, "eager",
         ("-size", "28", "-channels", "1", "-ways", "eager,graph")),
    Race("CIFAR-10 quick", "models/cifar10/cifar10_quick_train_test.prototxt", 100, 5,
         "eager", ("-size", "32", "-ways", "eager,graph")),
    Race("AlexNet", "models/alexnet/train_val.prototxt", 256, 1, "best", ("-classes", "1000")),
    Race("GoogLeNet", "models/googlenet/train_val.prototxt", 128, 1, "best",
         ("-classes", "1000", "-ways", "eager,graph")),
    Race("ResNet-50", "models/resnet50/train_val.prototxt", 128, 1, "best",
         ("-classes", "1000", "-ways", "eager,graph")),
)
# the large ones again, beside PyTorch's autocast
RACES += tuple(
    replace(race, name=f"{race.name}, float16",
            flags=("-classes", "1000", "-ways", "eager,graph", "-precision", "float16"))
    for race in RACES if "-classes" in race.flags)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    found: str
    wanted: str
    good: bool


class Clock:
    """How much of the time is left."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(1.0, self.end - time.monotonic())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gpu", nargs="?", default="0", help="its number")
    parser.add_argument("--only", choices=("cases", "speed"))
    arguments = parser.parse_args()
    # every process sees this GPU alone, as its device 0
    os.environ["CUDA_VISIBLE_DEVICES"] = arguments.gpu
    clock = Clock(SECONDS - KEPT_FOR_OUTPUT)
    doctor = subprocess.run([sys.executable, "-m", "caffepy", "device_query", "-gpu", "0"],
                            cwd=ROOT, capture_output=True, text=True)
    print(doctor.stdout, doctor.stderr, sep="", flush=True)
    if doctor.returncode:
        return 1
    rows: list[Row] = []
    if arguments.only != "speed":
        for tf32 in ("0", "1"):
            rows += cases(tf32, clock)
    if arguments.only != "cases":
        rows += speeds(clock)
    print(table(rows))
    return 0 if rows and all(row.good for row in rows) else 1


def cases(tf32: str, clock: Clock) -> Iterator[Row]:
    """Run the tests that know a real GPU; count what passed. Half precision comes with TF32."""
    words = "with TF32" if tf32 == "1" else "float32"
    environment = os.environ | {"CAFFEPY_TEST_GPU": "1", "CAFFEPY_TF32": tf32}
    once = tf32 == "0"
    files, wanted = (FILES + ONCE, CASES + ONCE_CASES) if once else (FILES, CASES)
    left_out = f"{LEFT_OUT} and not {HALF}" if once else LEFT_OUT
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        passed, failed = run_tests([*files, "-k", left_out, f"--junitxml={report}"], environment,
                                   report, clock)
    rows = [(file, pattern, f"{what}, {words}", count) for file, pattern, what, count in wanted]
    for file, pattern, what, count in (*rows, *(() if once else HALF_CASES)):
        good, bad = (sum(bool(re.search(file, where) and re.search(pattern, name))
                         for where, name in tests) for tests in (passed, failed))
        yield Row(what, f"{good} passed, {bad} failed", f"{count} or more",
                  good >= count and not bad)


def run_tests(arguments: list[str], environment: dict[str, str], report: Path, clock: Clock
              ) -> tuple[list[Test], list[Test]]:
    """Those that passed and those that failed; none where pytest did not end."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    try:
        subprocess.run(command, cwd=ROOT, env=environment, timeout=clock.left)
    except subprocess.TimeoutExpired:
        print("gpu_check: out of time", file=sys.stderr)
    passed: list[Test] = []
    failed: list[Test] = []
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        test = (case.get("classname") or "", case.get("name") or "")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(test)
        elif case.find("skipped") is None:
            passed.append(test)
    return passed, failed


def speeds(clock: Clock) -> Iterator[Row]:
    """Time each net beside PyTorch, with TF32 as both have it by default, and in float16."""
    for race in RACES:
        what = f"{race.name} [{race.batch}], train step"
        with tempfile.TemporaryDirectory() as scratch:
            result = Path(scratch, "result.json")
            command = [sys.executable, "-m", "caffepy", "bench", race.net, "-gpu", "0", "-batch",
                       str(race.batch), "-rounds", "3", "-json", str(result), *race.flags]
            try:
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                                      timeout=clock.left)
            except subprocess.TimeoutExpired:
                yield Row(what, "out of time", wanted(race), False)
                continue
            print(done.stdout, done.stderr if done.returncode else "", sep="", flush=True)
            if done.returncode:
                yield Row(what, "failed", wanted(race), False)
                continue
            yield judge(what, race, json.loads(result.read_text())["median"])


def wanted(race: Race) -> str:
    """The target in words."""
    return f"{race.target:g} x PyTorch's {'best' if race.against == 'best' else 'eager'}"


def judge(what: str, race: Race, median: dict[str, float]) -> Row:
    """Our time against the fastest of those that the target names."""
    ours = median["caffepy"]
    others = {name: ms for name, ms in median.items() if name != "caffepy" and (
        race.against == "best" or not re.search("graph|compiled", name))}
    if not others:
        return Row(what, f"{ours:.2f} ms, PyTorch is not here", wanted(race), False)
    name = min(others, key=others.__getitem__)
    times = others[name] / ours
    return Row(what, f"{ours:.2f} ms, {times:.2f} x {name}", wanted(race), times >= race.target)


def table(rows: list[Row]) -> str:
    """All rows, with the word for each on the right."""
    columns = [("check", "found", "wanted", "")]
    columns += [(row.what, row.found, row.wanted, "ok" if row.good else "MISSED") for row in rows]
    widths = [max(len(line[i]) for line in columns) for i in range(4)]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
                     .rstrip() for line in columns)


if __name__ == "__main__":
    sys.exit(main())
