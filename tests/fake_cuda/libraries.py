"""Puts the fake cuDNN and cuBLAS where caffepy looks for the real ones."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import libraries
from fake_cuda.cublas import FakeCublas
from fake_cuda.cudnn import FakeCudnn


class FakeDriver:
    """libcuda, as much as is asked of it."""

    def cuDriverGetVersion(self, out: Any) -> int:
        out._obj.value = 13000
        return 0


def install(monkeypatch: pytest.MonkeyPatch, **others: Any) -> dict[str, Any]:
    """Make ``libraries.load`` return the fakes; returns them by name.

    ``others`` replaces one, or takes it away with None.
    """
    found: dict[str, Any] = {"driver": FakeDriver(), "cudnn": FakeCudnn(), "cublas": FakeCublas()}
    found.update(others)

    def load(name: str) -> ctypes.CDLL:
        if found.get(name) is None:
            raise Unsupported(f"the fake machine has no {name}")
        return found[name]

    monkeypatch.setattr(libraries, "load", load)
    monkeypatch.setattr(libraries, "path", lambda name: f"fake/{name}")
    return found
