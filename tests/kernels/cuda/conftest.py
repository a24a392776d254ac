"""What the tests of the GPU's kernels share."""

from __future__ import annotations

import pytest

from caffepy.kernels.cuda import settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell's settings do not reach the tests."""
    for name in (settings.TF32, settings.DETERMINISTIC, settings.LAYOUT):
        monkeypatch.delenv(name, raising=False)
