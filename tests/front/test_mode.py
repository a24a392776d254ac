"""Switches, workers' numbers, timer, log: the module functions of pycaffe."""

import os
import re
import subprocess
import sys
import threading
import time

import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_array_equal

import caffepy
from caffepy import mode
from caffepy.core import registry
from caffepy.errors import ConfigError, DeviceError


@pytest.fixture(autouse=True)
def switches():
    yield
    caffepy.set_mode_cpu()
    mode._switches.__dict__.clear()


def python(code, **environment):
    """Run code in a process of its own; returns what it wrote to stdout and to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment})
    return done.stdout, done.stderr


# -- mode, device, seed ----------------------------------------------------------------------


def test_gpu_mode_without_a_gpu_says_what_is_missing():
    caffepy.set_device(99)
    with pytest.raises(DeviceError, match="GPU 99"):
        caffepy.set_mode_gpu()
    assert mode.new_context().device == "cpu", "nothing has changed"
    with pytest.raises(ConfigError, match="not negative"):
        caffepy.set_device(-1)


def test_a_seed_repeats_nets_that_differ_from_each_other(tmp_path):
    file = pycaffe_nets.write(tmp_path, "n.prototxt", pycaffe_nets.DEPLOY)

    def two():
        caffepy.set_random_seed(9)
        return [caffepy.Net(file, caffepy.TEST).params["ip"][0].data.copy() for _ in range(2)]

    (a, b), (c, d) = two(), two()
    assert_array_equal(a, c)
    assert_array_equal(b, d)
    assert not np.array_equal(a, b)


def test_switches_belong_to_a_thread():
    caffepy.set_random_seed(4)
    caffepy.set_solver_count(3)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(
        (caffepy.solver_count(), mode._switches.seed)))
    thread.start()
    thread.join()
    assert seen == [(1, None)] and caffepy.solver_count() == 3


# -- workers ---------------------------------------------------------------------------------


def test_workers_numbers():
    assert (caffepy.solver_count(), caffepy.solver_rank()) == (1, 0)
    caffepy.set_solver_count(4)
    caffepy.set_solver_rank(2)
    caffepy.set_multiprocess(True)
    assert (caffepy.solver_count(), caffepy.solver_rank()) == (4, 2)
    context, communicator = mode.new_context(), mode.new_communicator()
    assert (context.rank, context.size) == (2, 4)
    assert (communicator.rank, communicator.size, communicator.root) == (2, 4, False)
    caffepy.set_solver_count(2)
    with pytest.raises(ConfigError, match="found solver_rank 2; allowed: less than"):
        mode.new_context()
    for wrong in (lambda: caffepy.set_solver_count(0), lambda: caffepy.set_solver_rank(-1)):
        with pytest.raises(ConfigError):
            wrong()


# -- timer, types, names ---------------------------------------------------------------------


def test_timer():
    timer = caffepy.Timer()
    assert timer.ms == 0
    timer.start()
    assert repr(timer) == "<Timer, running>"
    time.sleep(0.02)
    timer.stop()
    first = timer.ms
    assert 20 <= first < 2000
    timer.stop()
    assert timer.ms == first
    timer.start()
    time.sleep(0.001)
    assert 1 <= timer.ms < first, "a look stops it"
    assert repr(timer) == f"<Timer, {timer.ms:.3f} ms>"


def test_layer_type_list():
    types = caffepy.layer_type_list()
    assert types == registry.types() and {"Convolution", "Python", "LSTM"} <= set(types)


def test_every_name_is_there():
    for name in caffepy.__all__:
        assert getattr(caffepy, name) is not None
    assert (caffepy.TRAIN, caffepy.TEST) == (0, 1)
    assert set(caffepy.__all__) <= set(dir(caffepy))
    with pytest.raises(AttributeError, match="has no attribute 'Nett'"):
        caffepy.Nett  # noqa: B018


def test_layers_is_the_package_of_layer_types_and_pycaffes_l():
    from caffepy import layers as L

    assert L.__name__ == "caffepy.layers" and L.vision.__name__ == "caffepy.layers.vision"
    spec = L.ReLU(L.Input(shape=dict(dim=[1, 2]))).to_proto()
    assert [layer.type for layer in spec.layer] == ["Input", "ReLU"]
    with pytest.raises(AttributeError, match="no attribute 'visoin'"):
        L.visoin  # noqa: B018


def test_the_original_places_of_names():
    from caffepy import _caffe, pycaffe

    assert pycaffe.Net is _caffe.Net is caffepy.Net
    for name in ("BlobVec", "RawBlobVec", "LayerVec", "StringVec", "IntVec", "DtypeVec",
                 "NetVec", "BoolVec"):
        assert getattr(_caffe, name)([1]) == [1]
    assert _caffe.SolverParameter().max_iter == 0 and _caffe.LayerParameter().name == ""
    assert _caffe.Solver is caffepy.Solver and _caffe.Timer is caffepy.Timer


# -- the log ---------------------------------------------------------------------------------

NET = f"""
import caffepy
from caffepy.proto import caffe_pb2, text
param = caffe_pb2.NetParameter()
text.parse('''{pycaffe_nets.DEPLOY}''', param)
"""
MAKE = "caffepy.Net(param, caffepy.TEST)\n"


def test_python_is_quiet_unless_asked():
    assert python(NET + MAKE) == ("", "")
    _, shown = python(NET + MAKE, GLOG_minloglevel="0")
    assert "] Creating Layer conv" in shown
    _, shown = python(NET + "caffepy.init_log()\n" + MAKE)
    assert "] Creating Layer conv" in shown
    assert python(NET + "caffepy.init_log(1)\n" + MAKE) == ("", "")
    assert python(NET + "caffepy.init_log()\n" + MAKE, GLOG_minloglevel="2") == ("", "")
    _, shown = python(NET + "caffepy.init_log(1); caffepy.init_log(0, True)\n" + MAKE)
    assert shown.count("Creating Layer conv") == 1


TRAIN = f"""
import caffepy, logging
from caffepy.proto import caffe_pb2, text
param = caffe_pb2.SolverParameter()
text.parse('base_lr: 0.01 lr_policy: "fixed" max_iter: 3 display: 1 '
           'snapshot_after_train: false', param)
text.parse('''{pycaffe_nets.TRAIN}''', param.net_param)
"""


def test_training_shows_what_display_asks_for():
    out, shown = python(TRAIN + "caffepy.get_solver(param).solve()")
    prefix = re.compile(r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \S+\.py:\d+\] ")
    assert out == "" and all(map(prefix.match, shown.splitlines()))
    assert re.findall(r"Iteration \d[^\n]* loss = ", shown) and re.findall(
        r"\] (Iteration \d)\b.*, loss", shown) == [f"Iteration {i}" for i in range(4)]
    assert "Train net output #0: loss = " in shown and "Optimization Done." in shown
    assert "Initializing solver" not in shown and "Creating" not in shown

    steps = TRAIN + "param.display = 2\nsolver = caffepy.get_solver(param)\n"
    _, shown = python(steps + "for i in range(3): solver.step(1)\ncaffepy.Net(param.net_param, 0)")
    assert re.findall(r"(Iteration \d) ", shown) == ["Iteration 0", "Iteration 2"]
    assert "Creating" not in shown
    _, shown = python(steps + "solver.param.debug_info = True\nsolver.step(1)")
    assert "[Forward] Layer ip, top blob ip data:" in shown


@pytest.mark.parametrize("before, environment", [
    ("caffepy.init_log(1)", {}), ("", {"GLOG_minloglevel": "1"}), ("param.display = 0", {}),
    ("logging.getLogger('caffepy').setLevel(logging.WARNING)", {}),
    ("logging.getLogger('caffepy.solvers').setLevel(logging.ERROR)", {}),
    ("caffepy.log.init(logging.ERROR)", {}),
])
def test_training_is_silent_by_one_word(before, environment, tmp_path):
    snapshots = f"param.snapshot = 1; param.snapshot_prefix = {str(tmp_path / 's')!r}"
    solve = "solver = caffepy.get_solver(param)\nsolver.step(2); solver.solve()"
    train = f"{TRAIN}{before}\n{snapshots}\n{solve}"
    assert python(train, **environment) == ("", "")


def test_log_writes_a_line_with_the_callers_place():
    _, shown = python("import caffepy\ncaffepy.init_log()\n\ncaffepy.log('Using devices [0]')")
    assert shown.startswith("I") and shown.endswith(" <string>:4] Using devices [0]\n")
    assert python("import caffepy\ncaffepy.log('not seen')") == ("", "")


def test_init_log_without_stderr_writes_files(tmp_path):
    _, shown = python(
        NET + "caffepy.init_log(0, False); caffepy.init_log(0, False)\n" + MAKE
        + "caffepy.log('mine')", GLOG_log_dir=str(tmp_path))
    assert shown == ""
    (file,) = tmp_path.glob("caffe.*.log.INFO.*")
    lines = file.read_text()
    assert lines.count("Creating Layer conv") == 1 and "] mine\n" in lines


def test_a_data_file_is_finished_when_the_program_ends(tmp_path):
    """HDF5Output writes what it gathered when it is closed; nobody closes a net in a script."""
    prototxt = pycaffe_nets.write(tmp_path, "out.prototxt", f"""
        layer {{ name: "d" type: "Input" top: "a" top: "b"
                input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
        layer {{ name: "out" type: "HDF5Output" bottom: "a" bottom: "b"
                hdf5_output_param {{ file_name: "{tmp_path}/out.h5" }} }}""")
    python("import caffepy\n"
           f"net = caffepy.Net({prototxt!r}, caffepy.TEST)\nnet.forward(); net.forward()")
    import h5py

    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].shape[0] == 4
