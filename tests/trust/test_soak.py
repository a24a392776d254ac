"""scripts/soak.py, for a moment: it trains, tests, keeps three snapshots and reports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parent.parent.parent / "scripts" / "soak.py"


def test_a_short_soak(folder):
    done = subprocess.run([sys.executable, str(SOAK), "-iterations", "100", "-small"],
                          capture_output=True, text=True, timeout=120, check=False)
    row = r"^iteration +\d+ +[\d.]+ MiB +\d+ files +\d+ threads +[\d.]+ iter/CPU-s$"
    assert len(re.findall(row, done.stdout, re.M)) == 20, done.stderr
    (left,) = re.findall(r"snapshots left: (.*)", done.stdout)
    assert re.findall(r"\d+(?=\.solverstate)", left) == ["100", "90", "95"]
    assert re.search(r"from iteration 20 to 100: .* files \+0, threads \+0", done.stdout)
    assert not list(folder.iterdir())
