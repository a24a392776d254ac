"""bench: what is timed, how, and how it is said."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from tools.bench_nets import NET, REGIONS

from caffepy.errors import ConfigError
from caffepy.services.bench import measuring as bench
from caffepy.services.bench import nets
from caffepy.tools import bench as bench_tool


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return str(path)


def test_the_command_prints_a_table_and_writes_json(net, tmp_path):
    result = tmp_path / "result.json"
    done = CliRunner().invoke(bench_tool.main, [
        net, "-rounds=2", "-iterations=1", "-threads=1", "-classes=5", f"-json={result}"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("small, train step, 1 threads\n")
    found = json.loads(result.read_text())
    assert len(found["milliseconds"]["caffepy"]) == 2
    assert found["median"]["caffepy"] > 0


def test_data_layers_of_the_phase_become_inputs(net):
    param = nets.synthetic(net, 7, 20, 3, forward=False)
    shapes = [list(shape.dim) for shape in param.layer[0].input_param.shape]
    assert (param.layer[0].type, shapes) == ("Input", [[7, 3, 20, 20], [7]])
    without = nets.synthetic(net, 0, 0, 3, forward=True)
    assert without.layer[0].name == "conv", "the training data is no part of the TEST phase"


def test_pictures_of_unknown_size_are_asked_for(net, tmp_path):
    path = tmp_path / "other.prototxt"
    path.write_text(NET.replace("crop_size: 12", ""))
    with pytest.raises(ConfigError, match="Give -size"):
        bench.measure(str(path))


def test_layers_say_what_their_bottoms_could_hold():
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2, text

    param = caffe_pb2.NetParameter()
    text.parse(REGIONS, param)
    net = Net(param, caffe_pb2.TEST)
    nets.fill_inputs(net, 5)
    rois = net.blob("rois").data
    assert (rois[:, 0] == 0).all() and (rois[:, 1:3] <= rois[:, 3:]).all()
    assert rois.min() == 0 and 6 < rois.max() <= 16 and net.blob("data").data.min() < 0


@pytest.mark.parametrize("forward", [False, True])
def test_nets_are_built_as_the_command_builds_them(net, forward, monkeypatch):
    from caffepy.core.net import Net
    from caffepy.services.bench import contenders

    seen = []
    plain = Net.__init__
    monkeypatch.setattr(Net, "__init__", lambda self, *args, **kwargs: (
        seen.append(kwargs.get("optimize")), plain(self, *args, **kwargs))[1])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    param = nets.synthetic(net, 2, 12, 3, forward=False)
    if forward:
        param.layer.pop()  # the loss, whose labels a TEST net would lack
    contenders.contenders(param, net, 5, forward, 1)
    assert seen == [True]


def test_unknown_ways_are_refused():
    assert bench.read_ways("graph, eager") == ["graph", "eager"]
    with pytest.raises(ConfigError, match="found eagre; allowed: eager, graph, compiled.*Did you"):
        bench.read_ways("eagre")


def test_a_gpu_is_timed_until_it_has_finished(net, gpu, monkeypatch):
    from caffepy.kernels.cuda.device import Device

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    waits = []
    plain = Device.synchronize
    monkeypatch.setattr(Device, "synchronize", lambda self: (waits.append(1), plain(self))[1])
    found = bench.measure(net, classes=5, rounds=2, iterations=1, gpu=gpu)
    assert len(found["milliseconds"]["caffepy"]) == 2
    assert len(waits) >= 4
    assert "small, train step, " in bench.table(found) and "TF32" in bench.table(found)


def test_what_is_timed_on_a_gpu_drops_again(gpu):
    """Graphs that were recorded while dropout was off, to agree, must not be replayed."""
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2, text
    from caffepy.services.bench.sides import drop

    param = caffe_pb2.NetParameter()
    text.parse("""
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 400 } } }
        layer { name: "drop" type: "Dropout" bottom: "x" top: "y" }""", param)
    net = Net(param, caffe_pb2.TRAIN, context=Context(gpu, seed=1))
    net.blobs["x"].data[...] = 1
    twin = SimpleNamespace()
    for on in (False, True, False):
        drop(net, twin, on)
        for _ in range(6):
            net.forward()
        assert 100 < int((net.blobs["y"].data == 0).sum()) < 300 if on else (
            net.blobs["y"].data == 1).all()
        assert twin.training is on


def test_peak_memory_of_a_step(tmp_path):
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    script = Path(__file__).resolve().parents[2] / "scripts" / "peak_memory.py"
    found = subprocess.run([sys.executable, str(script), str(net), "-side", "caffepy"],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    assert 20 * 2**20 < int(found) < 2**30


def test_busy_neighbours_work_while_the_sides_are_timed(net, monkeypatch):
    from caffepy.services.bench import measuring

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    plain, alive = measuring.seconds, []
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    monkeypatch.setattr(measuring, "seconds", lambda *args: (
        alive.append(len(children.read_text().split())), plain(*args))[1])
    before = len(children.read_text().split())
    found = bench.measure(net, classes=5, rounds=1, iterations=1, neighbours=2)
    assert alive == [before + 2]
    assert len(children.read_text().split()) == before
    assert bench.table(found).startswith(
        "small, train step, 1 threads, beside 2 busy processes\n")


def test_neighbours_end_with_whoever_began_them():
    script = ("import os, signal\nfrom caffepy.services.bench.neighbours import busy\n"
              "with busy(1):\n"
              "    print(open(f'/proc/self/task/{os.getpid()}/children').read(), flush=True)\n"
              "    os.kill(os.getpid(), signal.SIGKILL)\n")
    said = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    worker = Path("/proc", said.stdout.strip(), "stat")

    assert said.stdout.strip()
    with contextlib.suppress(FileNotFoundError):  # it is gone
        while worker.read_text().split()[2] != "Z":  # or its new parent has not looked yet
            time.sleep(0.02)
