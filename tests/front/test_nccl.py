"""caffe.NCCL: workers that a script has started, on the CPU."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import caffepy
from caffepy import mode
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2

SCRIPT = Path(__file__).parent / "scripts" / "train_workers.py"
NET = """
name: "rows"
layer {{ name: "rows" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param {{ source: "list.txt" batch_size: {} shuffle: true }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param {{ num_output: 4 weight_filler {{ type: "gaussian" std: 0.1 }} }} }}
layer {{ name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    draw = np.random.default_rng(1)
    with h5py.File("rows.h5", "w") as file:
        file["data"] = draw.normal(size=(11, 5)).astype(np.float32)
        file["label"] = draw.normal(size=(11, 4)).astype(np.float32)
    Path("list.txt").write_text("rows.h5\n")
    yield
    mode._switches.__dict__.clear()


def write(batch, more="random_seed: 5"):
    path = f"solver{batch}.prototxt"
    Path(path).write_text(f"""net_param {{ {NET.format(batch)} }}
        base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 iter_size: 2 max_iter: 9
        snapshot_prefix: "snap" {more}""")
    return path


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), *arguments], capture_output=True, text=True,
        timeout=60, env={**os.environ, "CAFFEPY_ENGINE": "reference"})


def weights(path):
    net = caffe_pb2.NetParameter.FromString(Path(path).read_bytes())
    return [np.array(blob.data, np.float32) for layer in net.layer for blob in layer.blobs]


@pytest.mark.parametrize("how", [[], ["--whole"]])
def test_a_script_with_its_own_processes(how):
    done = run("--solver", write(3), *how)
    assert done.returncode == 0, done.stderr
    assert "Using 2 workers" in done.stderr
    first, second = weights("worker0.caffemodel"), weights("worker1.caffemodel")
    with caffepy.SGDSolver(write(6)) as one:
        one.step(3)
        for a, b, blob in zip(first, second, one.net.params["ip"], strict=True):
            assert_array_equal(a, b)
            assert_allclose(a.reshape(blob.shape), blob.data, 1e-4, 1e-5)
        if how:
            return
        one.step(2)
        expected = [blob.data.copy() for blob in one.net.params["ip"]]
    assert run("--solver", write(3), "--snapshot", "snap_iter_3.solverstate",
               "--iterations", "2").returncode == 0
    for a, b in zip(weights("worker1.caffemodel"), expected, strict=True):
        assert_allclose(a.reshape(b.shape), b, 1e-4, 1e-5)


def test_one_that_fails_ends_the_others_with_its_error():
    solver = Path(write(3))
    text = solver.read_text()
    solver.write_text(text.replace('layer { name: "loss"', """layer { name: "py" type: "Python"
        bottom: "ip" top: "py" python_param { module: "trouble" layer: "Fails" } }
        layer { name: "loss" """).replace('bottom: "ip" bottom: "label"',
                                          'bottom: "py" bottom: "label"'))
    Path("trouble.py").write_text("""
import caffe
class Fails(caffe.Layer):
    def setup(self, bottom, top): self.count = 0
    def reshape(self, bottom, top): top[0].reshape(*bottom[0].shape)
    def forward(self, bottom, top):
        self.count += 1
        top[0].data[...] = bottom[0].data
        if self.count == 4 and caffe.solver_rank() == 1:
            raise ValueError("has had enough")
    def backward(self, top, propagate_down, bottom): bottom[0].diff[...] = top[0].diff
""")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--solver", str(solver)], capture_output=True, text=True,
        timeout=60, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert done.returncode == 1
    assert "worker 1: layer 'py'" in done.stderr, "worker 0 says why it ends"


def in_threads(size, work):
    """What ``work(rank)`` returned in threads, whose switches are their own."""
    results = [None] * size

    def begin(rank):
        caffepy.set_solver_count(size)
        caffepy.set_solver_rank(rank)
        results[rank] = work(rank)

    threads = [threading.Thread(target=begin, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_workers_take_over_the_first_one_s_seed():
    file, uid = write(1, more=""), caffepy.NCCL.new_uid()

    def work(rank):
        with caffepy.SGDSolver(file) as solver:
            drawn = solver.core.context.seed
            nccl = caffepy.NCCL(solver, uid)
            rows = []
            for _ in range(11):
                solver.net.forward()
                rows.append(float(solver.net.blobs["data"].data[0, 0]))
            assert repr(nccl) == f"<NCCL: worker {rank} of 2>"
            nccl._leave()
            return drawn, solver.core.context.seed, rows

    (first, seed, rows), (other, taken, others) = in_threads(2, work)
    assert first == seed == taken != other
    order = np.array([rows, others]).T.reshape(-1)
    assert len(set(order[:11])) == len(set(order[11:])) == 11


def test_alone_it_does_nothing(tmp_path):
    with caffepy.SGDSolver(pycaffe_nets.solver_file(tmp_path)) as solver:
        nccl = caffepy.NCCL(solver, caffepy.NCCL.new_uid())
        nccl.bcast()
        solver.add_callback(nccl)
        solver.net.after_backward(nccl)
        solver.step(2)
        assert solver.iter == 2
    assert multiprocessing.active_children() == []


def test_names_are_no_two_alike_and_gpus_are_asked_for():
    assert caffepy.NCCL.new_uid() != caffepy.NCCL.new_uid()
    assert caffepy.has_nccl() is False


def test_one_that_stays_alone(monkeypatch):
    monkeypatch.setattr("caffepy.parallel.local.WAIT", 0.1)
    caffepy.set_solver_count(2)
    with caffepy.SGDSolver(write(1)) as solver, pytest.raises(CaffeError, match="not all workers"):
        caffepy.NCCL(solver, caffepy.NCCL.new_uid())
