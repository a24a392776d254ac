"""What time says after the original's lines: engines, layouts, reorders, layers that run as one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.nets import write_net
from support import ENGINES

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.services import computed

NET = """
name: "small"
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "y"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "sum" type: "Reduction" bottom: "z" top: "loss" loss_weight: 1 }
"""


def after_the_end(stderr: str) -> list[str]:
    """The messages behind the last line that the original has."""
    lines = [line.split("] ", 1)[-1] for line in stderr.splitlines()]
    return lines[lines.index("*** Benchmark ends ***") + 1 :]


def test_time_tells_what_computed_each_layer(call, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    done = call("time", "-model=net.prototxt", "-iterations=1", "--logtostderr")
    assert done.exit_code == 0, done.output
    title, header, *found, together, whole = after_the_end(done.stderr)
    assert title == "What computed each layer:"
    assert header.split() == list(computed.TITLES)
    assert [line.split()[:3] for line in found] == [
        ["data", "DummyData", "numpy"], ["ip", "InnerProduct", "reference"],
        ["loss", "SoftmaxWithLoss", "reference"]]
    assert together == "Layers that run as one in train: none"
    number = r"([\d.e-]+) ms"
    times = re.fullmatch(f"As train runs the net: forward {number}, backward {number}, "
                         f"both {number}.", whole)
    assert times and float(times[1]) + float(times[2]) == pytest.approx(float(times[3]), rel=1e-4)


def test_the_second_net_does_not_fill_the_log(call, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    text = call("time", "-model=net.prototxt", "-iterations=1", "--logtostderr").stderr
    assert text.count("Creating Layer ip") == 1


@pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is missing")
def test_orders_and_what_they_cost(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    net = Net(path, context=Context(engines=["onednn", "reference"]), optimize=True)
    net.blobs["x"].data[...] = 1
    for _ in range(2):  # the input is brought into order once; what a later layer makes, each time
        found = {row.layer: row for row in computed.rows(net)}
    assert {name: row.layout for name, row in found.items()} == {
        "in": "C order", "conv": "channels-last", "relu": "channels-last", "ip": "C order",
        "sum": "C order"}
    assert {name: row.moved for name, row in found.items() if row.moved != "-"} == {
        "ip": "forward 1 reorder", "conv": "backward 1 reorder"}
    assert found["conv"].engine == "onednn" and "acdb" in found["conv"].kernel
    assert found["ip"].kernel == "sgemm"
    assert computed.as_one(net) == "conv + relu"


def test_in_the_test_phase_no_gradient_is_timed(call, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    done = call("time", "-model=net.prototxt", "-phase=TEST", "-iterations=1", "--logtostderr")
    together, whole = after_the_end(done.stderr)[-2:]
    assert together == "Layers that run as one in test: none"
    assert re.fullmatch(r"As test runs the net: forward [\d.e-]+ ms\.", whole)


def test_columns_stand_below_each_other() -> None:
    row = computed.Row("a long name", "T", "e", "l", "m", "k")
    first, second = computed.table([row])
    assert first.index("type") == second.index("T") and second.endswith("  m      k")


def test_times_of_a_whole_pass_are_means(monkeypatch) -> None:
    seen: list[str] = []
    clock = iter(range(100))
    monkeypatch.setattr(computed, "perf_counter", lambda: next(clock) / 1e3)

    class Fake:
        context = type("", (), {"accelerator": None})
        phase = caffe_pb2.TRAIN

        def __getattr__(self, name):
            return lambda: seen.append(name)

    # each pass looks at the clock at its start and between; timed ones once more at the end
    assert computed.whole(Fake(), 4) == pytest.approx((1.0, 1.0))
    assert seen == ["clear_param_diffs", "launch_forward", "backward"] * (computed.WARM + 4)


def test_on_a_gpu_time_waits_and_counts_copies(gpu, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    net = Net(path, caffe_pb2.TRAIN, context=Context(gpu))
    net.blobs["x"].data[...] = 1
    assert "copy" in "".join(row.moved for row in computed.rows(net))
    assert min(computed.whole(net, 1)) > 0
