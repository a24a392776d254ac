"""tune: measures, writes, prints; a tuned net computes what the untuned does."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from support import ENGINES

from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.kernels import measuring
from caffepy.proto import caffe_pb2
from caffepy.services import tuning as tune
from caffepy.services.bench import measuring as bench
from caffepy.services.bench import nets
from caffepy.tools import tune as tune_tool

pytestmark = pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is missing")

NET = """
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label"
        data_param { source: "nowhere" batch_size: 2 } transform_param { crop_size: 15 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
        convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "conv3" type: "Convolution" bottom: "conv2" top: "conv3"
        convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "one" type: "Convolution" bottom: "conv3" top: "one"
        convolution_param { num_output: 6 kernel_size: 1 bias_term: false
                            weight_filler { type: "xavier" } } }
layer { name: "norm" type: "BatchNorm" bottom: "one" top: "one" }
layer { name: "ip" type: "InnerProduct" bottom: "one" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
        include { phase: TRAIN } }
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.delenv("CAFFEPY_ENGINE", raising=False)
    file = tmp_path / "net.prototxt"
    file.write_text(NET)
    return str(file)


def last_wins(runs):
    """The rule's way, which comes first, is the slowest, the last the fastest."""
    for run in runs.values():
        run()
    return {name: float(len(runs) - i) for i, name in enumerate(runs)}


@pytest.fixture
def file(path, tmp_path, monkeypatch):
    """The choices of a machine on which the last ways are the fastest."""
    monkeypatch.setattr(measuring, "in_turn", last_wins)
    file = tmp_path / "cache" / "tune.json"
    done = CliRunner().invoke(tune_tool.main, [path, "-threads=1", f"-file={file}"])
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("CAFFEPY_TUNE", str(file))
    return file


def test_the_command_prints_a_table(path, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "in_turn", last_wins)
    monkeypatch.setenv("CAFFEPY_TUNE", str(tmp_path / "x.json"))
    done = CliRunner().invoke(tune_tool.main, [path, "-threads=1"])
    title, *rows, together, where = done.output.splitlines()
    assert title.split() == ["layer", "direction", "rule", "ms", "fastest", "here", "ms"]
    # conv1's data gradient is needed by nobody; conv2 and conv3 have one spec
    assert [row.split("  ")[0] for row in rows if "backward_data" in row] == [
        "conv2 and 1 more", "one"]
    assert {row.split("  ")[0] for row in rows} >= {"conv1", "conv2 and 1 more", "one"}
    assert together.startswith("All layers together: ") and where.startswith("Written to ")
    assert "1 thread." in where and (tmp_path / "x.json").exists()


def test_in_the_test_phase_forward_alone_is_measured(path):
    net = tune.build(path, test=True, threads=1)
    found = tune.tune(net, last_wins)
    assert found and all(set(results) <= {"forward"} for _, results in found)
    folded = next(job for job, _ in found if job.layers == ["one"])
    assert folded.kernel.spec.bias, "normalization folded into it gives it a bias"


def test_tuned_nets_compute_the_same(path, file, monkeypatch):
    param = nets.synthetic(path, 0, 0, 3, False)

    def computed():
        net = Net(param, caffe_pb2.TRAIN, context=Context(seed=3, threads=1), optimize=True)
        net.blobs["data"].data[...] = np.random.default_rng(1).normal(size=(2, 3, 15, 15))
        net.forward()
        net.backward()
        return net, [p.blob.grads.read(Place.HOST).copy() for p in net.parameters]

    tuned, ours = computed()
    monkeypatch.setenv("CAFFEPY_TUNE", "off")
    plain, theirs = computed()
    for name in ("conv1", "conv2", "one"):
        mine, rule = tuned.layer(name).kernel.ways, plain.layer(name).kernel.ways
        assert mine["forward"] != rule["forward"], "else nothing was compared"
    assert_allclose(tuned.blobs["loss"].data, plain.blobs["loss"].data, rtol=1e-4)
    for a, b in zip(ours, theirs, strict=True):
        # a bias before a normalization has no gradient: rounding alone
        assert np.linalg.norm(a - b) <= 1e-4 * max(float(np.linalg.norm(b)), 1e-2)


def test_bench_shows_both(path, file, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = bench.measure(path, classes=5, rounds=1, iterations=1, threads=1)
    assert list(found["median"]) == ["caffepy", "caffepy tuned"]
    monkeypatch.setenv("CAFFEPY_TUNE", "off")
    assert list(bench.measure(path, classes=5, rounds=1, iterations=1)["median"]) == ["caffepy"]


def test_mistakes_are_told(path, monkeypatch):
    def error(*arguments):
        done = CliRunner().invoke(tune_tool.main, [path, *arguments])
        assert done.exit_code == 1
        return done.output

    assert "CAFFEPY_TUNE=off" in error()
    assert "phase must be" in error("-phase=TRIAN")
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    assert "oneDNN kernels do not run here" in error("-file=x")
