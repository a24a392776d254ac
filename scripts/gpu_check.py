"""What gpu_check.sh runs: every check in a process of its own, all results in one table.

A check that runs fewer cases than there are has failed: a test that was skipped proves nothing.
Results are read from what pytest prints test by test, so that those of a run that did not end count
too.
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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 480  # for all
KEPT_FOR_OUTPUT = 10  # of them

# what runs, a process for each line: after one bad kernel a process has nothing but errors
FILES = (
    ("tests/gpu",),
    ("tests/solvers/test_gpu.py",),
    tuple(f"tests/kernels/cuda/test_{name}.py"
          for name in ("convolution", "inner_product", "half")),
)
# the same for what TF32 changes nothing in, which runs without it alone
ONCE = (
    ("tests/solvers/test_step.py", "tests/solvers/test_grad_scale.py"),
    tuple(f"tests/kernels/cuda/test_{name}.py"
          for name in ("elementwise", "windows", "channels", "transform")),
)
# what looks inside the fake device, or computes on the CPU alone
LEFT_OUT = ("not ((test_convolution or test_inner_product or test_half and kernels)"
            " and not equal_the_reference) and not (test_grad_scale and cpu)"
            " and not test_second_device")
HALF = "test_half"  # the files that choose half precision themselves run once, not with each TF32
# of them: file, words in the tests' names, what they are, how many must pass
CASES = (
    ("test_layer_cases", "cuda]", "layer cases", 117),
    ("test_layer_cases", "reference]", "layer cases, array code alone", 117),
    ("solvers.test_gpu", "test_every_step.*cuda]", "solver cases", 16),
    ("solvers.test_gpu", "test_every_step.*reference]", "solver cases, array code alone", 16),
    ("solvers.test_gpu", "^(?!test_every_step)", "solvers otherwise", 10),
    ("gpu.test_passes", "", "replays", 117),
    ("gpu.test_(front|precision)", "", "command, scripts and options", 23),
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
LINE = re.compile(r"^(\S+\.py)::(.*?) (PASSED|FAILED|ERROR)\b", re.MULTILINE)  # of pytest's output
ENDS_WELL, SOME_FAILED = (0, 5), 1  # pytest's exit codes; 5: there was nothing to run
LAST_WORDS = 20000  # characters of a run that are shown where not all passed


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
    groups, wanted = (FILES + ONCE, CASES + ONCE_CASES) if once else (FILES, CASES)
    left_out = f"{LEFT_OUT} and not {HALF}" if once else LEFT_OUT
    passed: list[Test] = []
    failed: list[Test] = []
    for files in groups:
        good, bad = run_tests([*files, "-k", left_out], environment, clock)
        passed += good
        failed += bad
    rows = [(file, pattern, f"{what}, {words}", count) for file, pattern, what, count in wanted]
    rows += () if once else HALF_CASES
    for file, pattern, what, count in rows:
        ours, theirs = ([test for test in tests if belongs(test, file, pattern)]
                        for tests in (passed, failed))
        yield Row(what, f"{len(ours)} passed, {len(theirs)} failed", f"{count} or more",
                  len(ours) >= count and not theirs)
    others = [test for test in failed
              if not any(belongs(test, file, pattern) for file, pattern, *_ in rows)]
    yield Row(f"all other tests, {words}", f"{len(others)} failed", "0 failed", not others)


def belongs(test: Test, file: str, pattern: str) -> bool:
    """Whether a row is about the test."""
    where, name = test
    return bool(re.search(file, where) and re.search(pattern, name))


def run_tests(arguments: list[str], environment: dict[str, str], clock: Clock
              ) -> tuple[list[Test], list[Test]]:
    """Those that passed and those that failed, as far as pytest came."""
    # twice -v makes up for the -q of pyproject.toml; what else is installed must not take part
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", *arguments]
    environment = environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80"}
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, timeout=clock.left,
                                  stdout=output, stderr=subprocess.STDOUT).returncode
        except subprocess.TimeoutExpired:
            done = -1
        output.seek(0)
        text = output.read()
    results = {(where, name): word for where, name, word in LINE.findall(text)}
    passed, failed = ([(where.removesuffix(".py").replace("/", "."), name)
                       for (where, name), word in results.items() if word in words]
                      for words in (("PASSED",), ("FAILED", "ERROR")))
    if done not in ENDS_WELL:
        print(text[-LAST_WORDS:], flush=True)
    if done not in (*ENDS_WELL, SOME_FAILED):
        print(f"gpu_check: {arguments[0]} ran out of time, crashed or did not start",
              file=sys.stderr)
        failed.append((arguments[0], "did not end"))
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
