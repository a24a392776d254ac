"""scripts/gpu_check.py: what it counts as good."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("gpu_check", ROOT / "scripts" / "gpu_check.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gpu_check"] = module       # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gpu_check"]


def test_what_it_runs_is_there(check):
    for race in check.RACES:
        assert (ROOT / race.net).is_file(), race.net
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only",
         *(file for group in (*check.FILES, *check.ONCE) for file in group), "-k", check.LEFT_OUT],
        cwd=ROOT, capture_output=True, text=True)
    tests = [line.partition(".py::") for line in done.stdout.splitlines() if ".py::" in line]
    for file, pattern, what, count in (*check.CASES, *check.ONCE_CASES, *check.HALF_CASES):
        found = [name for where, _, name in tests
                 if re.search(file, where.replace("/", ".")) and re.search(pattern, name)]
        assert len(found) >= count, what
    assert not any("fake" in name for _, _, name in tests)


def names(tests):
    """Without the folders that the tests are in."""
    return [(where.rpartition(".")[2], name) for where, name in tests]


def test_skipped_tests_are_not_counted(check, tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('what', ['all of it'])\n"
        "def test_a(what): pass\n"
        "def test_b(): assert False\n"
        "def test_c(): pytest.skip('no GPU')\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError\n"
        "def test_d(broken): pass\n")
    passed, failed = check.run_tests(
        [str(tmp_path), "-c", os.devnull, f"--rootdir={tmp_path}"], dict(os.environ),
        check.Clock(60))
    assert names(passed) == [("test_some", "test_a[all of it]")]
    assert names(failed) == [("test_some", "test_b"), ("test_some", "test_d")]


@pytest.mark.parametrize("late", [False, True])
def test_what_passed_before_the_end_is_counted_and_the_end_too(
    check, tmp_path, late, monkeypatch, capfd
):
    (tmp_path / "test_some.py").write_text(
        "import os\ndef test_a(): pass\ndef test_b(): os.abort()\ndef test_c(): pass\n")
    run = subprocess.run

    def out_of_time(*args, **options):
        run(*args, **options)
        raise subprocess.TimeoutExpired("pytest", 1)

    if late:
        monkeypatch.setattr(check.subprocess, "run", out_of_time)
    passed, failed = check.run_tests(
        [str(tmp_path), "-c", os.devnull, f"--rootdir={tmp_path}"], dict(os.environ),
        check.Clock(60))
    assert (names(passed), failed) == (
        [("test_some", "test_a")], [(str(tmp_path), "did not end")])
    assert "ran out of time, crashed or did not start" in capfd.readouterr().err


def test_tests_that_cannot_be_read_are_a_failure(check, tmp_path):
    (tmp_path / "test_some.py").write_text("import there_is_no_such_module\n")
    _, failed = check.run_tests([str(tmp_path), "-c", os.devnull, f"--rootdir={tmp_path}"],
                                dict(os.environ), check.Clock(60))
    assert failed == [(str(tmp_path), "did not end")]


def test_fewer_cases_than_there_are_is_a_failure(check, monkeypatch):
    layers = [("tests.gpu.test_layer_cases", f"test[{i}-{engine}]")
              for i in range(117) for engine in ("cuda", "reference")]
    solvers = [("tests.solvers.test_gpu", f"test_every_step[{i}-cuda]") for i in range(16)]
    passed = [*layers[:-1], *solvers]

    def tests(failed):
        given = [(passed, failed)]  # with the first files
        monkeypatch.setattr(check, "run_tests", lambda *_: given.pop() if given else ([], []))

    tests([])
    good = {row.what: row.good for row in check.cases("0", check.Clock(1))}
    assert [what for what in good if good[what]] == [
        "layer cases, float32", "solver cases, float32", "all other tests, float32"]
    assert len(good) == len(check.CASES + check.ONCE_CASES) + 1
    tests([*solvers[:1], ("tests.gpu.test_of_what_no_row_knows", "test_a")])
    passed += [("tests.gpu.test_half", f"test_layer_case[{i}-{half}]")
               for i in range(117) for half in ("float16", "bfloat16")][:-1]
    good = {row.what: row.good for row in check.cases("1", check.Clock(1))}
    assert [what for what in good if good[what]] == [
        "layer cases, with TF32", "layer cases, float16"]
    assert len(good) == len(check.CASES) + len(check.HALF_CASES) + 1


def test_a_race_is_judged_against_whom_it_names(check):
    eager, best = check.RACES[0], check.RACES[2]
    times = {"caffepy": 1.0, "PyTorch": 7.0, "PyTorch channels-last": 5.5, "PyTorch graph": 0.9}
    row = check.judge("LeNet", eager, times)
    assert row.good and row.found == "1.00 ms, 5.50 x PyTorch channels-last"
    row = check.judge("AlexNet", best, times)
    assert not row.good and row.found == "1.00 ms, 0.90 x PyTorch graph"
    assert not check.judge("AlexNet", best, {"caffepy": 1.0}).good


def test_the_large_nets_race_in_float16_too(check):
    half = [race for race in check.RACES if "float16" in race.flags]
    assert [race.name for race in half] == [
        "AlexNet, float16", "GoogLeNet, float16", "ResNet-50, float16"]
    for race in half:
        times = {"caffepy": 1.0, "PyTorch graph, autocast float16": 1.5}
        assert check.judge(race.name, race, times).found == (
            "1.00 ms, 1.50 x PyTorch graph, autocast float16")


def test_the_table_has_a_word_for_each_row(check):
    text = check.table([check.Row("layer cases", "117 passed", "117", True),
                        check.Row("LeNet", "2 ms", "5 x", False)])
    assert text.splitlines()[1].endswith("ok") and text.splitlines()[2].endswith("MISSED")
