"""Fixtures and settings for all tests."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest
from support import ENGINES

from caffepy import log
from caffepy.kernels import engines

os.environ["CAFFEPY_TUNE"] = "off"  # what was measured on this machine is no part of the tests
# A shell lets what it begins in the background ignore Ctrl-C, and all that this begins; tests press
# it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MNIST = Path(__file__).parent.parent / "data" / "mnist"


def pytest_report_header() -> str:
    return f"engines: {', '.join(ENGINES)}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", default="1/1", help="Which of several parts of the test files: "
                     "1/2 and 2/2 together are all. For several runs at once.")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path.suffix != ".py":
        return None
    part, parts = map(int, config.getoption("--part").split("/"))
    name = collection_path.relative_to(config.rootpath).as_posix()
    return True if zlib.crc32(name.encode()) % parts != part % parts else None


class Databases(NamedTuple):
    """The LMDBs of MNIST's training and test sets."""

    train: Path
    test: Path


@pytest.fixture(autouse=True)
def same_log_level():
    """The command sets the level of the process's log; other tests shall not notice."""
    root = logging.getLogger(log.ROOT)
    before = root.level, root.handlers[:], root.propagate
    yield
    root.handlers[:], root.propagate = before[1:]
    root.setLevel(before[0])  # which clears what loggers have cached of it


@pytest.fixture(scope="session")
def mnist(tmp_path_factory) -> Databases:
    """MNIST as databases, made anew from the idx files."""
    from caffepy.services.mnist import convert

    if not (MNIST / "train-images-idx3-ubyte").exists():
        pytest.skip("no MNIST: data/mnist/get_mnist.sh fetches it")
    folder = tmp_path_factory.mktemp("mnist")
    for name, database in (("train", "train_lmdb"), ("t10k", "test_lmdb")):
        convert(str(MNIST / f"{name}-images-idx3-ubyte"), str(MNIST / f"{name}-labels-idx1-ubyte"),
                str(folder / database))
    return Databases(folder / "train_lmdb", folder / "test_lmdb")


@pytest.fixture
def own_plugins(monkeypatch):
    """The test's plug-ins are forgotten after it."""
    from caffepy.core import plugins, registry

    registry.discover()  # before its table is copied
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(plugins, "_loaded", {})
    yield
    for name in [name for name in sys.modules if name.startswith(registry.PLUG_IN_MODULES)]:
        del sys.modules[name]


@pytest.fixture
def fake_gpu(monkeypatch):
    """The fake ``cupy`` (tests/fake_cuda) in CuPy's place, so that device 0 is there."""
    import fake_cuda

    if missing := fake_cuda.missing():
        pytest.skip(missing)
    monkeypatch.setattr(engines, "_of_this_thread", threading.local())  # engines of other fakes
    return fake_cuda.install(monkeypatch)


@pytest.fixture
def gpu(request):
    """Device 0: the fake one, or with CAFFEPY_TEST_GPU=1 the machine's own.

    What runs on the fake in every test run is so checked on a real GPU, by scripts/gpu_check.sh.
    """
    if os.environ.get("CAFFEPY_TEST_GPU") == "1":
        from caffepy.kernels.cuda import libraries

        libraries.require("CAFFEPY_TEST_GPU=1")     # an error, no skip: nothing passes unseen
        return 0
    request.getfixturevalue("fake_gpu")
    return 0
