"""Two processes under mpirun: the same command, one net, and an end for all when one ends."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lmdb
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import cores
from caffepy.core.context import Context
from caffepy.errors import DeviceError
from caffepy.parallel import launch, mpi
from caffepy.parallel.single import Single
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import create_solver

BIN = Path(sys.prefix) / "bin"
MPIRUN = shutil.which("mpirun", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
MISSING = [what for what, is_there in (
    ("mpirun", MPIRUN), ("mpi4py", importlib.util.find_spec("mpi4py"))) if not is_there]
with_mpi = pytest.mark.skipif(
    bool(MISSING), reason=f"no {' and no '.join(MISSING)}: pip install caffepy[mpi]")

RECORDS, BATCH = 37, 6
SOLVER = """
net_param {{ name: "records"
  layer {{ name: "data" type: "Data" top: "x" top: "y" transform_param {{ scale: 0.004 }}
    data_param {{ source: "db" backend: LMDB batch_size: {batch} }} }}
  layer {{ name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param {{
    num_output: 4 kernel_size: 3 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "relu" type: "ReLU" bottom: "c" top: "c" }}
  {middle}
  layer {{ name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param {{
    num_output: 4 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }} }}
base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 3 display: 4 snapshot_prefix: "snap"
"""
PYTHON = """
layer {{ name: "py" type: "Python" bottom: "c" top: "c"
  python_param {{ module: "trouble" layer: "{}" }} }}
"""
TROUBLE = """
import os, signal
from caffepy import Layer

class Nothing(Layer):
    def setup(self, bottom, top):
        self.count = 0
    def reshape(self, bottom, top): pass
    def forward(self, bottom, top):
        self.count += 1
        if self.count == 3 and os.environ["PMI_RANK"] == "1":
            self.act()
    def backward(self, top, propagate_down, bottom): pass

class Fails(Nothing):
    def act(self):
        raise ValueError("worker one has had enough")

class Dies(Nothing):
    def act(self):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("GLOG_logtostderr", "1")
    draw = np.random.default_rng(0)
    with lmdb.open("db", map_size=1 << 22) as env, env.begin(write=True) as writer:
        for number in range(RECORDS):
            pixels = draw.integers(0, 256, 36, dtype=np.uint8).tobytes()
            writer.put(b"%05d" % number, caffe_pb2.Datum(
                channels=1, height=6, width=6, label=number % 4, data=pixels,
            ).SerializeToString())
    Path("trouble.py").write_text(TROUBLE)


def solver_text(more, batch=BATCH, middle=""):
    return SOLVER.format(batch=batch, middle=middle) + more


def mpirun(*command):
    return [MPIRUN, "-n", "2", sys.executable, *command]


def train(more, *flags, middle=""):
    Path("solver.prototxt").write_text(solver_text(more, middle=middle))
    return subprocess.run(
        mpirun("-m", "caffepy", "train", "-solver", "solver.prototxt", *flags),
        capture_output=True, text=True, timeout=60)


def weights(path):
    net = caffe_pb2.NetParameter.FromString(Path(path).read_bytes())
    return [np.array(blob.data, np.float32) for layer in net.layer for blob in layer.blobs]


@with_mpi
def test_two_train_as_one_with_the_double_batch_and_resume_exactly():
    done = train("max_iter: 7 snapshot: 4")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Iteration 4, lr = 0.1") == 1, "one of them logs"
    two = weights("snap_iter_7.caffemodel")
    os.rename("snap_iter_7.caffemodel", "whole.caffemodel")

    done = train("max_iter: 7", "-snapshot", "latest")
    assert "Resuming from snap_iter_4" in done.stderr, done.stderr
    for a, b in zip(two, weights("snap_iter_7.caffemodel"), strict=True):
        assert_array_equal(a, b)

    param = caffe_pb2.SolverParameter()
    text.parse(solver_text("max_iter: 7", 2 * BATCH), param)
    with create_solver(param, Context(engines=("reference",), seed=3)) as one:
        one.step(7)
        for a, p in zip(two, one.net.parameters, strict=True):
            assert_allclose(a.reshape(p.blob.shape), p.blob.data, 1e-4, 1e-5)


@with_mpi
@pytest.mark.parametrize("how, words", [
    ("Fails", "error: worker 1: layer 'py'"), ("Dies", "KILLED|signal 9"),
])
def test_one_that_ends_ends_all(how, words, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    start = time.monotonic()
    done = train("max_iter: 100000", middle=PYTHON.format(how))
    assert done.returncode != 0
    assert any(word in done.stderr + done.stdout for word in words.split("|")), done.stderr[-2000:]
    assert time.monotonic() - start < 20


@with_mpi
def test_an_error_of_all_is_shown_once():
    done = subprocess.run(mpirun("-m", "caffepy", "train", "-solver", "none.prototxt"),
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count("File not found: none.prototxt") == 1, done.stderr


@with_mpi
def test_ctrl_c_stops_both_after_the_same_iteration_with_one_snapshot():
    Path("solver.prototxt").write_text(solver_text("max_iter: 1000000"))
    with subprocess.Popen(
            mpirun("-m", "caffepy", "train", "-solver", "solver.prototxt"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        log = ""
        for line in process.stdout:
            log += line
            if "Iteration 40 (" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log[-2000:]
    assert "Optimization stopped early." in log
    assert len(list(Path().glob("*.solverstate"))) == 1


CALLS = """
import numpy as np
from caffepy.parallel import launch, mpi
mpi.CHUNK = 64
c = launch.join()
assert (c.size, c.local_size, c.local_rank) == (2, 2, c.rank), vars(c)
whole = np.arange(100, dtype=np.float32) * (1 + c.rank)
parts = whole.copy()
c.average(whole)
for part in (parts[70:], parts[20:70], parts[:20]):
    c.start(part)
c.finish()
assert (parts == whole).all() and (whole == np.arange(100) * 1.5).all()
matrix = np.full((3, 4), c.rank, np.float64)
c.broadcast(matrix, 1)
assert (matrix == 1).all()
assert (c.agree(-c.rank), c.agree(c.rank), c.broadcast_bytes(b"%d" % c.rank)) == (0, 1, b"0")
c.close()
if not c.rank:
    print("all well", flush=True)
c.agree(0)
if c.rank:
    {end}
c.agree(0)
"""


@with_mpi
@pytest.mark.parametrize("end, code", [("pass", 0), ("raise KeyError('left alone')", 1)])
def test_calls_and_a_script_that_ends_in_an_exception(end, code):
    done = subprocess.run(mpirun("-c", CALLS.format(end=end)), capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code and "all well" in done.stdout, done.stderr
    assert ("KeyError: 'left alone'" in done.stderr) == bool(code)


# -- what needs no MPI -----------------------------------------------------------------------


@pytest.mark.parametrize("environment, size", [
    ({}, 1),
    ({"OMPI_COMM_WORLD_SIZE": "4"}, 4),
    ({"PMI_SIZE": "2", "PMI_RANK": "0"}, 2),
    ({"MV2_COMM_WORLD_SIZE": "3"}, 3),
    ({"PMI_SIZE": "1"}, 1),
    # in the batch script itself, and in a step of it without MPI
    ({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}, 1),
    ({"SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "8", "PMIX_RANK": "3"}, 8),
    ({"SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "2", "PMI_RANK": "0"}, 2),
])
def test_launchers_are_known_by_their_traces(environment, size):
    assert mpi.launched(environment) == size


def test_srun_without_mpi_is_warned_of(caplog):
    environment = {"SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "3"}
    assert mpi.launched(environment) == 1
    assert "each trains by itself" in caplog.text and "--mpi=pmi2" in caplog.text


def test_without_a_launcher_nothing_of_mpi_is_imported():
    code = ("from caffepy.parallel import launch; import sys; c = launch.join();"
            "print(type(c).__name__, 'mpi4py' in sys.modules)")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PMI", "OMPI", "SLURM"))}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True)
    assert done.stdout == "Single False\n"


def test_mpi_that_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setenv("PMI_SIZE", "2")
    with pytest.raises(DeviceError, match=r"MPI cannot be used.*pip install \"caffepy\[mpi\]\""):
        launch.join()


@pytest.mark.parametrize("rank, visible, device", [(0, [0, 1], 0), (1, [0, 3], 3), (1, [0], 0)])
def test_each_worker_takes_a_gpu_of_its_own(rank, visible, device):
    assert launch.pick_device(rank, visible) == device


@pytest.mark.parametrize("rank, visible", [(2, [0, 1]), (0, [])])
def test_more_workers_than_gpus(rank, visible):
    with pytest.raises(DeviceError, match=f"no GPU is left for worker {rank}"):
        launch.pick_device(rank, visible)


def test_workers_share_the_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(cores, "quota", lambda: None)
    bound: set[int] = set(range(8))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: bound, raising=False)
    assert [launch.threads(n) for n in (1, 2, 3, 16)] == [None, 4, 2, 1]
    monkeypatch.setattr(cores, "quota", lambda: 4.0)
    assert [launch.threads(n) for n in (2, 3, 16)] == [2, 1, 1], "a container's share"
    bound = {0, 1}
    assert launch.threads(4) is None, "the launcher has given each its own"
    bound = set(range(8))
    assert launch.threads(2, told=3) is None


def test_a_single_worker_is_nobody_s_to_end():
    with pytest.raises(KeyError), launch.ending_together(Single()):
        raise KeyError
