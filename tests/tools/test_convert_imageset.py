"""convert_imageset: the original's databases, every way to call it, order and counts."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from picture_files import content, listed, save, smooth
from recorded_data import CASES, FOLDER, records

from caffepy.errors import DataError
from caffepy.services import work
from caffepy.services.imagesets import convert, histogram
from caffepy.tools.convert_imageset import main

IMAGES, LIST = f"{FOLDER}/images/", f"{FOLDER}/list.txt"
ROOT = Path(__file__).resolve().parents[2]


def arguments(case):
    with np.load(FOLDER / f"{case}.npz") as file:
        return [str(word) for word in file["args"]]


def backend_of(case):
    return "leveldb" if case == "leveldb" else "lmdb"


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_databases_equal_the_originals(call, tmp_path, case, jobs):
    done = call(main, *arguments(case), f"--jobs={jobs}", IMAGES, LIST, tmp_path / "db")
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "db", backend_of(case)) == records(case)


def test_the_installed_command_and_its_words(shell, tmp_path, messages):
    done = shell("convert_imageset", "-resize_width", 24, "--resize_height=20", "--nogray",
                 IMAGES, LIST, "db")
    assert done.returncode == 0, done.stderr
    assert messages(done.stderr) == [
        "A total of 12 images.", "Processed 12 files.",
        "Pictures of each label: 0: 3, 1: 3, 2: 2, 3: 2, 4: 2"]
    assert content(tmp_path / "db") == records("resized")
    again = shell("convert_imageset", IMAGES, LIST, "db")
    assert again.returncode == 1 and "name is taken" in again.stderr
    assert content(tmp_path / "db") == records("resized")


@pytest.mark.parametrize("program", [
    [sys.executable, "-m", "caffepy.tools.convert_imageset"],
    [sys.executable, str(ROOT / "tools" / "convert_imageset")],
    [sys.executable, "-m", "caffepy", "convert_imageset"],
])
def test_the_other_ways_to_call_it(tmp_path, program):
    done = subprocess.run([*program, "-gray", IMAGES, LIST, "db"], cwd=tmp_path, check=True,
                          capture_output=True, text=True)
    assert "] A total of 12 images." in done.stderr
    assert content(tmp_path / "db") == records("gray")


# -- order and counts ----------------------------------------------------------------------

def test_shuffle_is_a_function_of_the_seed(tmp_path):
    plain = {key[9:]: value for key, value in records("plain")}
    orders = []
    for name, options in (("a", {}), ("b", {"jobs": 2}), ("c", {"seed": 2})):
        convert(IMAGES, LIST, str(tmp_path / name), shuffle=True, **options)
        found = content(tmp_path / name)
        assert [key[:9] for key, _ in found] == [b"%08d_" % i for i in range(12)]
        assert {key[9:]: value for key, value in found} == plain
        orders.append([key[9:] for key, _ in found])
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(plain)


def test_every_thousand_files_have_their_line(folder, call, messages):
    save(folder / "a.png", smooth(2, 2, 3))
    done = call(main, f"{folder}/", listed(folder, *["a.png 1"] * 2001), folder / "db")
    assert [line for line in messages(done.output) if line.startswith("Processed")] == [
        "Processed 1000 files.", "Processed 2000 files.", "Processed 2001 files."]
    done = call(main, f"{folder}/", listed(folder, *["a.png 1"] * 1000), folder / "other")
    assert messages(done.output).count("Processed 1000 files.") == 1


def test_histogram():
    assert histogram(Counter({3: 2, 1: 1})) == "Pictures of each label: 1: 1, 3: 2"
    counts = Counter({label: 5 for label in range(30)})
    counts.update({4: 1})
    counts.subtract({7: 2})
    del counts[20]
    assert histogram(counts) == (
        "29 labels from 0 to 29 (1 of these numbers do not occur); from 3 pictures (label 7) "
        "to 6 (label 4)")


def test_results_come_in_order_and_errors_come_through():
    assert list(work.in_order(lambda x: x * x, range(100), 4)) == [x * x for x in range(100)]

    def fail(x):
        if x == 30:
            raise DataError("broken")
        return x

    found = []
    with pytest.raises(DataError, match="broken"):
        for x in work.in_order(fail, range(100), 4):
            found.append(x)
    assert found == list(range(30))


def test_threads_do_not_run_far_ahead():
    asked = []
    results = work.in_order(lambda x: x, (asked.append(x) or x for x in range(1000)), 2)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert len(asked) < 20
    results.close()


def test_jobs_are_checked(call, tmp_path):
    done = call(main, "--jobs=-1", IMAGES, LIST, tmp_path / "db")
    assert done.exit_code == 1 and "jobs must be 0" in done.output
    assert work.job_count(0) >= 1
