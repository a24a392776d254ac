"""The command starts quickly: what it does not need is not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "cv2", "google.protobuf", "lmdb", "plyvel", "h5py", "tqdm", "cupy")

SCRIPT = """
import sys
from caffepy.cli.main import main
try:
    main({arguments!r})
except SystemExit as end:
    print(end.code, *[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [
    ["--help"], ["--version"], [], ["train", "--help"], ["time", "-help"]])
def test_help_loads_only_click(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments, heavy=HEAVY)],
        text=True, capture_output=True, timeout=60, check=True)
    assert done.stderr == "0\n"
    assert done.stdout
