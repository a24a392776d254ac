"""-gpu: what it means, and what it says where there is no GPU."""

from __future__ import annotations

import gc
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest

from caffepy.errors import ConfigError, DeviceError
from caffepy.kernels.cuda import libraries
from caffepy.services import devices


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "driver_version", lambda: None)
    monkeypatch.setitem(sys.modules, "cupy", None)      # importing it now fails


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for CuPy: as many of its words as devices.py reads, in CUDA 13's dialect."""
    found = {
        "major": 9, "minor": 0, "name": b"NVIDIA H100", "totalGlobalMem": 1 << 36,
        "sharedMemPerBlock": 49152, "regsPerBlock": 65536, "warpSize": 32,
        "maxThreadsPerBlock": 1024, "maxThreadsDim": (1024, 1024, 64),
        "maxGridSize": (2147483647, 65535, 65535), "totalConstMem": 65536,
        "textureAlignment": 512, "multiProcessorCount": 132,
    }
    attributes = {"ClockRate": 1980000, "KernelExecTimeout": 0, "AsyncEngineCount": 3,
                  "MaxPitch": 2147483647}
    cupy = ModuleType("cupy")
    cupy.cuda = SimpleNamespace(    # type: ignore[attr-defined]
        runtime=SimpleNamespace(
            getDeviceCount=lambda: 2, getDeviceProperties=lambda number: found,
            CUDARuntimeError=RuntimeError),
        Device=lambda number: SimpleNamespace(attributes=attributes),
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(libraries, "driver_version", lambda: (13, 0))


def test_no_flag_means_the_cpu(no_driver: None) -> None:
    assert devices.choose("") == []


@pytest.mark.parametrize("spec", ["abc", "0,x", "-1", "0;1", ","])
def test_words_that_are_no_numbers(two_gpus: None, spec: str) -> None:
    with pytest.raises(ConfigError, match="illegal value '.*' specified for flag 'gpu'"):
        devices.choose(spec)


def test_lists_of_devices(two_gpus: None) -> None:
    assert devices.choose("all") == [0, 1]
    assert devices.choose("1") == [1]
    assert devices.choose("1, 0") == [1, 0]
    with pytest.raises(ConfigError, match="device 1 twice"):
        devices.choose("1,1")
    with pytest.raises(DeviceError, match=r"no GPU 2 \(allowed: 0, 1\)"):
        devices.choose("0,2")


@pytest.mark.parametrize("spec", ["0", "all"])
def test_no_gpu_says_what_is_missing_and_what_mends_it(no_driver: None, spec: str) -> None:
    with pytest.raises(DeviceError) as caught:
        devices.choose(spec)
    text = str(caught.value)
    missing = r"the NVIDIA driver \(libcuda.so.1\)(,| and) CuPy"
    assert re.match(f"cannot use -gpu {spec}: {missing}", text)
    assert "'pip install \"caffepy[cuda12]\"'" in text


@pytest.mark.parametrize(("driver", "extra"), [((12, 4), "cuda12"), ((13, 0), "cuda13")])
def test_the_pip_line_fits_the_driver(
    monkeypatch: pytest.MonkeyPatch, no_driver: None, driver: tuple[int, int], extra: str
) -> None:
    monkeypatch.setattr(libraries, "driver_version", lambda: driver)
    with pytest.raises(DeviceError, match=rf": CuPy.* missing\. Run .*caffepy\[{extra}\]"):
        devices.choose("0")


def test_a_driver_without_a_gpu(two_gpus: None) -> None:
    sys.modules["cupy"].cuda.runtime.getDeviceCount = lambda: 0
    with pytest.raises(DeviceError, match="the driver finds no GPU"):
        devices.choose("all")


def test_device_query_tells_caffes_fields(two_gpus: None, call) -> None:
    done = call("device_query", "-gpu", "1", "--logtostderr")
    assert done.exit_code == 0
    lines = [line.split("] ", 1)[1] for line in done.stderr.splitlines()]
    assert lines[0] == "Querying GPUs 1"
    assert lines[1] == "Device id:                     1"
    assert "Name:                          NVIDIA H100" in lines
    assert "Maximum dimension of block:    1024, 1024, 64" in lines
    assert "Clock rate:                    1980000" in lines
    assert "Kernel execution timeout:      No" in lines
    assert len(lines) == 19
    assert "CuPy:" in done.stdout


def test_the_doctor_tries_each_gpu(fake_gpu, call) -> None:
    gc.collect()  # what other tests had on the fake device is free
    done = call("device_query", "-gpu", "0", "--logtostderr")
    assert done.exit_code == 0, done.stderr
    report = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert report["CuPy"].split()[0] == "14.2.0"
    assert report["NVIDIA driver"].strip().startswith("for CUDA 13.0 and older")
    assert report["cuDNN"].strip() == "9.10.0 from fake/cudnn"
    assert report["cuBLAS"].strip() == "12.9.3 from fake/cublas"
    assert report["NCCL"].strip() == "missing: the fake machine has no nccl"
    assert report["GPU 0"].strip() == "Fake GPU, 2.0 of 2.0 GiB free; cuDNN and cuBLAS start"


def test_the_doctor_names_what_does_not_start(fake_gpu, monkeypatch, call) -> None:
    import fake_cuda.libraries

    fake_cuda.libraries.install(monkeypatch, cudnn=None)
    report = dict(line.split(":", 1) for line in call("device_query").stdout.splitlines())
    assert "the fake machine has no cudnn" in report["cuDNN"]
    assert "cannot compute on GPU 0: cuDNN is missing" in report["GPU 0"]


def test_a_machine_without_a_gpu_gets_report_and_error(no_driver: None, call) -> None:
    done = call("device_query", "-gpu", "all")
    assert done.exit_code == 1
    assert "cannot use -gpu all: the NVIDIA driver" in done.stderr
    assert "NVIDIA driver:" in done.stdout


def test_device_query_without_a_flag_reports_on_the_machine(no_driver: None, call) -> None:
    done = call("device_query", "--logtostderr")
    assert done.exit_code == 0
    assert done.stderr.rstrip().endswith("] Querying GPUs")
    report = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert report["NumPy"].strip()[0].isdigit()
    assert "caffepy[cuda12]" in report["GPU"]
    assert {"caffepy", "Python", "CPU cores", "oneDNN", "OpenCV"} <= set(report)
