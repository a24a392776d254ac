"""What the tests of the GPU's kernels share."""

from __future__ import annotations

import os

import pytest

from caffepy.settings import DETERMINISTIC, LAYOUT, TF32


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell's settings do not reach the tests, unless they are about a real GPU."""
    if os.environ.get("CAFFEPY_TEST_GPU") == "1":
        return
    for name in (TF32, DETERMINISTIC, LAYOUT):
        monkeypatch.delenv(name, raising=False)
