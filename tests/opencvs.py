"""Virtual environments with OpenCVs of other versions, which see all else that this one has."""

import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 300  # seconds for a download


def make(folder: Path, *requirements: str) -> str:
    """The Python of an environment with these packages before all others; skips where pip cannot
    get them."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    try:
        done = subprocess.run(
            [python, "-m", "pip", "install", "--disable-pip-version-check", "--retries=1",
             *requirements], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{requirements[0]} was not there after {PATIENCE} seconds")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no pip"])[-1]
        pytest.skip(f"pip cannot install {requirements[0]}: {reason}")
    (site,) = folder.glob("lib/python*/site-packages")
    others = (ROOT, ROOT / "caffepy" / "_front", sysconfig.get_path("purelib"))
    (site / "others.pth").write_text("".join(f"{path}\n" for path in others))
    return python
