"""OpenMP's threads spin for microseconds, unless the user says how long; nobody inherits that."""

import os
import re
import subprocess
import sys

import pytest

from caffepy.settings import WAITING

LOAD = """
import os, subprocess, sys
{before}
from caffepy.kernels.onednn.library import load
print(load().spinning)
print(subprocess.run(["env"], capture_output=True, text=True).stdout.count("GOMP_SPINCOUNT"))
print("GOMP_SPINCOUNT" in os.environ)
"""


def load(before="", **settings):
    """What is said of the threads, what libgomp itself says, and how often others see a setting."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in WAITING}
    environment |= {"OMP_DISPLAY_ENV": "VERBOSE", **settings}
    done = subprocess.run([sys.executable, "-c", LOAD.format(before=before)], env=environment,
                          capture_output=True, text=True, timeout=120, check=True)
    said, inherited, here = done.stdout.splitlines()
    found = re.findall(r"GOMP_SPINCOUNT = '(\d+|INFINITE)'", done.stderr)
    if not found:
        pytest.skip("this OpenMP library does not tell its settings")
    return said, found[-1], int(inherited), here == "True"


def test_a_thousand_rounds_by_default():
    said, told, inherited, here = load()
    assert said == "3000 rounds, unless GOMP_SPINCOUNT or OMP_WAIT_POLICY says otherwise"
    assert told == "3000"
    assert not inherited and not here


@pytest.mark.parametrize("number", ["OMP_NUM_THREADS", "OMP_DYNAMIC"])
def test_other_settings_of_openmp_leave_it_so(number):
    assert load(**{number: "1"})[:2] == load()[:2]


def test_what_the_user_says_counts():
    assert load(GOMP_SPINCOUNT="5") == ("as GOMP_SPINCOUNT=5 says", "5", 1, True)
    said, told, *_ = load(OMP_WAIT_POLICY="PASSIVE")
    assert (said, told) == ("as OMP_WAIT_POLICY=PASSIVE says", "0")
    said, told, *_ = load(OMP_WAIT_POLICY="ACTIVE", GOMP_SPINCOUNT="7")
    assert (said, told) == ("as GOMP_SPINCOUNT=7, OMP_WAIT_POLICY=ACTIVE say", "7")


def test_a_library_that_is_there_already_is_not_said_to_be_told():
    said, told, inherited, _ = load("import ctypes; ctypes.CDLL('libgomp.so.1')")
    assert said == "as libgomp was told when another package loaded it, before caffepy"
    assert told != "3000" and not inherited


def test_a_library_that_cannot_be_loaded_leaves_nothing_behind():
    before = ("from caffepy.kernels.onednn import library\n"
              "try: library.Library('/no/such.so')\n"
              "except library.Unsupported: pass")
    said, told, inherited, here = load(before)
    assert told == "3000" and not inherited and not here
