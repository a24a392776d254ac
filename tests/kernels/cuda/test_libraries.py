"""Finding CUDA's libraries, on machines that have none, some, or another version of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from caffepy.errors import DeviceError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import cudnn, libraries

Files = dict[str, object]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Files that can be opened, by path: all that a test puts in. Nothing else is found."""
    files: Files = {}

    def cdll(path: str) -> object:
        if path not in files:
            raise OSError(f"{path}: no such file")
        return files[path]

    monkeypatch.setattr(libraries.ctypes, "CDLL", cdll)
    monkeypatch.setattr(libraries, "_pathfinder", lambda name: None)
    monkeypatch.setattr(libraries, "cupy_wheel", lambda: None)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setitem(sys.modules, "cupy", None)
    libraries.load.cache_clear()
    yield files
    libraries.load.cache_clear()


def driver(version: int) -> SimpleNamespace:
    def cuDriverGetVersion(out: object) -> int:
        out._obj.value = version
        return 0

    return SimpleNamespace(cuDriverGetVersion=cuDriverGetVersion)


class Sized:
    """A C function without arguments; takes ``restype``."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __call__(self) -> int:
        return self.value


def test_nothing_is_there(opened: Files) -> None:
    with pytest.raises(Unsupported, match=r"cuDNN \(libcudnn.so.9\) could not be loaded: .*no such "
                       r"file.*Run 'pip install \"caffepy\[cuda12\]\"' or set CAFFEPY_CUDNN"):
        libraries.load("cudnn")
    found = libraries.requirements()
    assert [f.label.split(" (")[0] for f in found] == [
        "the NVIDIA driver", "CuPy", "CUDA run time", "cuBLAS", "cuDNN", "NCCL"]
    assert all(f.problem.startswith("missing") for f in found)
    with pytest.raises(DeviceError) as caught:
        libraries.require("no GPU 0")
    assert str(caught.value) == (
        f"no GPU 0: the NVIDIA driver ({libraries.DRIVER}), CuPy, cuBLAS and cuDNN are missing. "
        "Install the driver of the GPU, then run 'pip install \"caffepy[cuda12]\"'.")


def test_only_the_driver_is_missing(opened: Files, monkeypatch) -> None:
    cupy = ModuleType("cupy")
    cupy.__version__ = "14.2.0"     # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    opened["libcudnn.so.9"] = SimpleNamespace(cudnnGetVersion=Sized(92800))
    opened["libcublas.so.12"] = SimpleNamespace(cublasGetProperty=lambda part, out: 0)
    assert libraries.missing() == (
        f"the NVIDIA driver ({libraries.DRIVER}) is missing", "Install the driver of the GPU.")
    opened[libraries.DRIVER] = driver(13000)
    assert libraries.missing() is None
    libraries.require("no GPU 0")


def test_a_cupy_that_is_too_new_for_the_driver(opened: Files, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", ModuleType("cupy"))
    monkeypatch.setattr(libraries, "cupy_wheel", lambda: "cupy-cuda13x")
    opened[libraries.DRIVER] = driver(12040)
    found = libraries.requirements()[1]
    assert found.problem == (
        "cupy-cuda13x is for CUDA 13, the driver serves up to 12.4: pip uninstall cupy-cuda13x, "
        "then 'pip install \"caffepy[cuda12]\"'")
    opened[libraries.DRIVER] = driver(13000)
    libraries.load.cache_clear()
    assert libraries.requirements()[1].problem == ""


def test_the_pip_line_fits_the_driver(opened: Files) -> None:
    opened[libraries.DRIVER] = driver(13010)
    assert libraries.driver_version() == (13, 1)
    assert libraries.pip_line() == "'pip install \"caffepy[cuda13]\"'"
    assert libraries.missing() == (
        "CuPy, cuBLAS and cuDNN are missing", "Run 'pip install \"caffepy[cuda13]\"'.")


def test_the_file_of_a_wheel_is_found(opened: Files, monkeypatch, tmp_path: Path) -> None:
    for folder, name in (("nvidia/cu13/lib", "libcublas.so.13"),
                         ("nvidia/cublas/lib", "libcublas.so.12")):
        file = tmp_path / folder / name
        file.parent.mkdir(parents=True)
        file.touch()
        opened[str(file)] = name
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert libraries.load("cublas") == "libcublas.so.13"
    libraries.load.cache_clear()
    monkeypatch.setattr(libraries, "cupy_wheel", lambda: "cupy-cuda12x")
    assert libraries.path("cublas").endswith("libcublas.so.13")     # folders count first
    (tmp_path / "nvidia/cu13/lib/libcublas.so.13").unlink()
    assert libraries.load("cublas") == "libcublas.so.12"


def test_a_named_file_stands_alone(opened: Files, monkeypatch) -> None:
    opened["libnccl.so.2"] = "the system's"
    opened["mine.so"] = "mine"
    assert libraries.load("nccl") == "the system's"
    libraries.load.cache_clear()
    monkeypatch.setenv("CAFFEPY_NCCL", "mine.so")
    assert libraries.load("nccl") == "mine"
    assert libraries.path("nccl") == "mine.so"
    libraries.load.cache_clear()
    monkeypatch.setenv("CAFFEPY_NCCL", "gone.so")
    with pytest.raises(Unsupported, match="gone.so"):
        libraries.load("nccl")


def test_what_cudnn_opens_by_name_is_loaded_before_it(opened: Files, monkeypatch) -> None:
    order = []
    for name in ("libcublasLt.so.12", "libnvrtc.so.12", "libcudnn.so.9"):
        opened[name] = name
    plain = libraries.ctypes.CDLL
    monkeypatch.setattr(libraries.ctypes, "CDLL", lambda p: (order.append(p), plain(p))[1])
    libraries.load("cudnn")
    assert [p for p in order if p in opened] == [
        "libcublasLt.so.12", "libnvrtc.so.12", "libcudnn.so.9"]


def test_versions(opened: Files) -> None:
    def nccl(out: object) -> int:
        out._obj.value = 22703
        return 0

    opened["libcudnn.so.9"] = SimpleNamespace(cudnnGetVersion=Sized(91002))
    opened["libnccl.so.2"] = SimpleNamespace(ncclGetVersion=nccl)
    opened["libcublas.so.12"] = SimpleNamespace()
    found = {f.label: str(f) for f in libraries.requirements()}
    assert found["cuDNN"] == "9.10.2 from libcudnn.so.9"
    assert found["NCCL"] == "2.27.3 from libnccl.so.2"
    assert "is another library" in found["cuBLAS"]


def test_an_old_cudnn_is_refused(opened: Files) -> None:
    opened["libcudnn.so.9"] = type("Old", (), {"cudnnGetVersion": Sized(8907)})()
    with pytest.raises(Unsupported, match="cuDNN is version 8907; caffepy needs version 9"):
        cudnn.load()
