"""Fixtures and settings for all tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from support import ENGINES

MNIST = Path(__file__).parent.parent / "data" / "mnist"


def pytest_report_header() -> str:
    return f"engines: {', '.join(ENGINES)}"


class Databases(NamedTuple):
    """The LMDBs of MNIST's training and test sets."""

    train: Path
    test: Path


@pytest.fixture(scope="session")
def mnist(tmp_path_factory) -> Databases:
    """MNIST as databases, made anew from the idx files."""
    from caffepy.tools.convert_mnist_data import convert

    if not (MNIST / "train-images-idx3-ubyte").exists():
        pytest.skip("no MNIST: data/mnist/get_mnist.sh fetches it")
    folder = tmp_path_factory.mktemp("mnist")
    for name, database in (("train", "train_lmdb"), ("t10k", "test_lmdb")):
        convert(str(MNIST / f"{name}-images-idx3-ubyte"), str(MNIST / f"{name}-labels-idx1-ubyte"),
                str(folder / database))
    return Databases(folder / "train_lmdb", folder / "test_lmdb")


@pytest.fixture
def fake_gpu(monkeypatch):
    """The fake ``cupy`` (tests/fake_cuda) in CuPy's place, so that device 0 is there."""
    import fake_cuda

    if missing := fake_cuda.missing():
        pytest.skip(missing)
    return fake_cuda.install(monkeypatch)
