"""-gpu 0 and set_mode_gpu: the command and pycaffe on a GPU, fake or real."""

import logging
import os
import re
from pathlib import Path

import numpy as np
import pytest
from cli.nets import write_net, write_solver
from click.testing import CliRunner
from numpy.testing import assert_allclose
from support import same

import caffepy
from caffepy import log, mode
from caffepy.cli.main import main
from caffepy.errors import DeviceError

NET = """
input: "x" input_shape { dim: 2 dim: 3 dim: 6 dim: 6 }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLOG_log_dir", str(tmp_path / "logs"))
    root = logging.getLogger(log.ROOT)
    before = root.level, root.handlers[:], root.propagate
    yield tmp_path
    root.level, root.handlers[:], root.propagate = before  # which the command sets
    caffepy.set_mode_cpu()
    mode._switches.__dict__.clear()


def call(*arguments):
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_train_snapshot_resume_test_and_time(gpu, folder):
    write_net(folder)
    write_solver(folder, max_iter=8, snapshot=4)
    said = call("train", "-solver=solver.prototxt", "-gpu", "0")
    assert "Using GPUs 0" in said and "GPU 0: " in said
    assert "Optimization Done." in said
    whole = Path("small_iter_8.caffemodel").read_bytes()
    Path("small_iter_8.caffemodel").unlink()
    call("train", "-solver=solver.prototxt", "-gpu=0", "-snapshot=small_iter_4.solverstate")
    if os.environ.get("CAFFEPY_TEST_GPU") != "1":  # there libraries may choose anew
        assert Path("small_iter_8.caffemodel").read_bytes() == whole
    said = call("test", "-model=net.prototxt", "-weights=small_iter_8.caffemodel",
                "-iterations=5", "-gpu=0")
    assert "GPU 0: " in said and re.search(r"\] accuracy = [\d.]+", said)
    said = call("time", "-model=net.prototxt", "-gpu=0", "-iterations=2")
    assert re.search(r"ip\s+forward: [\d.]+ ms\.", said)


def test_the_solver_file_may_say_it(gpu, folder):
    write_net(folder)
    write_solver(folder, more="solver_mode: GPU device_id: 0")
    assert "Using GPUs 0" in call("train", "-solver=solver.prototxt")


def test_a_script(gpu, folder):
    Path("net.prototxt").write_text(NET)
    caffepy.set_random_seed(3)
    on_cpu = caffepy.Net("net.prototxt", caffepy.TEST)
    caffepy.set_random_seed(3)
    caffepy.set_device(0)
    caffepy.set_mode_gpu()
    on_gpu = caffepy.Net("net.prototxt", caffepy.TEST)
    x = on_gpu.blobs["x"].data  # kept for all that follows
    for seed in range(6):
        values = np.random.default_rng(seed).standard_normal(x.shape)
        on_cpu.blobs["x"].data[...] = values
        x[...] = values
        same(on_gpu.forward()["prob"], on_cpu.forward()["prob"])
    prob = on_gpu.blobs["prob"].data
    before = prob.copy()
    on_gpu.params["conv"][0].data[...] *= 3
    on_gpu.forward()
    assert not np.allclose(prob, before), "a kept view shows the newest"
    same(on_gpu.forward(x=values)["prob"], prob.copy())
    on_gpu.save("weights.caffemodel")
    on_cpu.copy_from("weights.caffemodel")
    assert_allclose(on_cpu.params["conv"][0].data, on_gpu.params["conv"][0].data)


def test_a_script_that_trains(gpu, folder):
    write_net(folder)
    write_solver(folder)
    losses = []
    for switch in (caffepy.set_mode_cpu, caffepy.set_mode_gpu):
        switch()
        solver = caffepy.SGDSolver("solver.prototxt")
        solver.step(6)
        losses.append(solver.net.blobs["loss"].data.copy())
        assert solver.iter == 6
    same(losses[1], losses[0])


def test_a_device_that_is_not_there(gpu):
    caffepy.set_device(4711)
    with pytest.raises(DeviceError, match="no GPU 4711"):
        caffepy.set_mode_gpu()
    assert mode.new_context().device == "cpu", "nothing has changed"
