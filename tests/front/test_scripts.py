"""Scripts in the original's style run as they are under ``import caffe``.

Each of scripts/*.py is a program for the original's Python interface. It runs in a process of its
own, in an empty folder into which the test puts the files that the script expects.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose

import caffepy

SCRIPTS = Path(__file__).parent / "scripts"
HELPERS = {"pyloss", "shape_layers", "shapes_data"}  # modules that scripts import
ELSEWHERE = {"train_workers"}  # run by test_nccl.py

COLOURS = """
name: "colours"
force_backward: true
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 10 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
  pooling_param { pool: AVE global_pooling: true } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
  inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
layer { name: "silence" type: "Silence" bottom: "conv1" }
"""


class Script:
    """Runs a script in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, *args: str, **environment: str) -> str:
        """What the script printed. It must end well and, but for that, in silence."""
        done = subprocess.run(
            [sys.executable, "-W", "error", str(SCRIPTS / f"{name}.py"), *args], cwd=self.folder,
            capture_output=True, text=True, timeout=120,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment})
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def write(self, name: str, text: str) -> str:
        return pycaffe_nets.write(self.folder, name, text)


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


def deploy(script, prototxt=COLOURS, name="deploy.prototxt", weights="weights.caffemodel"):
    """Write a net and its weights, drawn with a fixed seed; returns the net."""
    caffepy.set_random_seed(12)
    net = caffepy.Net(script.write(name, prototxt), caffepy.TEST)
    for blobs in net.params.values():
        blobs[1].data[...] = np.linspace(-0.1, 0.1, blobs[1].count)
    if "ip" in net.params and net.params["ip"][0].shape == (3, 3):
        net.params["ip"][0].data[...] = np.eye(3)  # the class is the strongest of B, G, R
    net.save(script.folder / weights)
    return net


def test_every_script_has_its_test():
    ran = set(re.findall(r'(?:script|shapes)\("(\w+)"', Path(__file__).read_text()))
    there = {path.stem for path in SCRIPTS.glob("*.py")} - HELPERS - ELSEWHERE
    assert ran == there and len(there) >= 10


# -- looking at pictures ---------------------------------------------------------------------


def test_classification_with_oversampling(script):
    net = deploy(script)
    mean = np.full((3, 12, 12), 50.0) + np.arange(3)[:, None, None]
    np.save(script.folder / "mean.npy", mean)
    colours = np.array([[200, 20, 30], [20, 210, 30], [20, 30, 190]], np.uint8)  # B, G, R
    for index, colour in enumerate(colours):
        cv2.imwrite(str(script.folder / f"{index}.png"), np.tile(colour, (15, 13, 1)))
    lines = script("classify_oversample", "0.png", "1.png", "2.png").splitlines()
    assert [line.split()[1] for line in lines] == ["0", "1", "2"]
    # one colour everywhere: crops and mirrors are all the same picture
    logits = (colours - [50.0, 51, 52]) * 0.01 + net.params["ip"][1].data
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    predictions = np.load(script.folder / "predictions.npy")
    assert_allclose(predictions, expected, rtol=1e-4)
    assert script("classify_oversample", "0.png", "--center_only").startswith("0.png 0 ")
    assert_allclose(np.load(script.folder / "predictions.npy"), expected[:1], rtol=1e-4)


def test_batch_feature_extraction(script):
    deploy(script)
    shape, spread = re.match(r"\((\d+, \d+)\) spread ([\d.]+) \(8, 8, 3\)",
                             script("batch_features")).groups()
    assert shape == "11, 6" and float(spread) > 0.1
    assert np.load(script.folder / "features.npy").shape == (11, 6)


def test_gradient_ascent(script):
    deploy(script)
    (times,) = re.match(r"answer grew ([\d.]+) times", script("gradient_ascent")).groups()
    assert float(times) > 5


def test_filter_visualisation(script):
    net = deploy(script)
    said = script("filters")
    assert "conv1\t(10, 6, 6, 6)" in said and "conv1\t(6, 3, 3, 3) (6,)" in said
    assert said.splitlines()[-1] == "grid (12, 12, 3) features (21, 21)"
    stored = np.load(script.folder / "filters.npz")
    assert stored["grid"].min() == 0 and stored["grid"].max() == 1
    assert stored["first"].shape == net.params["conv1"][0].shape[1:]


# -- working on nets and weights -------------------------------------------------------------


def test_net_surgery_from_inner_product_to_convolution(script):
    head = """layer {{ name: "data" type: "Input" top: "data"
        input_param {{ shape {{ dim: 1 dim: 1 dim: {} dim: {} }} }} }}
        layer {{ name: "pool" type: "Pooling" bottom: "data" top: "pool"
          pooling_param {{ pool: MAX kernel_size: 2 stride: 2 }} }}"""
    fc = """layer {{ name: "fc{0}" type: "InnerProduct" bottom: "{1}" top: "fc{0}"
        inner_product_param {{ num_output: {2} weight_filler {{ type: "xavier" }} }} }}
        layer {{ name: "relu{0}" type: "ReLU" bottom: "fc{0}" top: "fc{0}" }}"""
    conv = """layer {{ name: "fc{0}-conv" type: "Convolution" bottom: "{1}" top: "fc{0}-conv"
        convolution_param {{ num_output: {2} kernel_size: {3} }} }}
        layer {{ name: "relu{0}" type: "ReLU" bottom: "fc{0}-conv" top: "fc{0}-conv" }}"""
    prob = 'layer {{ name: "prob" type: "Softmax" bottom: "{}" top: "prob" }}'
    deploy(script, head.format(8, 8) + fc.format(1, "pool", 7) + fc.format(2, "fc1", 5)
           + prob.format("fc2"), "fc.prototxt", "fc.caffemodel")
    script.write("conv.prototxt", head.format(12, 14) + conv.format(1, "pool", 7, 4)
                 + conv.format(2, "fc1-conv", 5, 1) + prob.format("fc2-conv"))
    # fc.caffemodel has none of the convolutions' names: the engine warns of that
    said = script("net_surgery", GLOG_minloglevel="2")
    assert "fc1 weights are (7, 16) dimensional" in said
    assert "map (1, 5, 3, 4)" in said
    full = caffepy.Net(str(script.folder / "conv.prototxt"),
                       str(script.folder / "full_conv.caffemodel"), caffepy.TEST)
    assert full.params["fc1-conv"][0].shape == (7, 1, 4, 4)


def test_weights_to_npz_and_back(script):
    net = deploy(script)
    count = sum(blob.count for blobs in net.params.values() for blob in blobs)
    assert script("weights_to_npz", "deploy.prototxt", "weights.caffemodel") == (
        f"4 arrays, {count} numbers\n")
    stored = np.load(script.folder / "weights.npz")
    assert_allclose(stored["ip/0"], np.eye(3))


def test_blobs_take_the_size_of_each_picture(script):
    deploy(script, """layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 10 dim: 10 } } }
        layer { name: "score" type: "Convolution" bottom: "data" top: "score"
        convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }""",
        "fcn.prototxt", "fcn.caffemodel")
    assert script("blob_reshape").splitlines() == [
        "0.png (20, 30) 30 20", "1.png (33, 17) 17 33", "2.png (8, 8) 8 8", "3.png (64, 48) 48 64"]


# -- training --------------------------------------------------------------------------------


@pytest.fixture
def shapes(script):
    """A solver over pictures in an HDF5 file."""
    import h5py

    sys.path.insert(0, str(SCRIPTS))
    try:
        import shapes_data
    finally:
        sys.path.remove(str(SCRIPTS))
    for name, seed in (("train", 1), ("test", 2)):
        images, labels = shapes_data.batch(200, seed)
        with h5py.File(script.folder / f"{name}.h5", "w") as file:
            file["data"], file["label"] = images.astype(np.float32), labels.astype(np.float32)
        script.write(f"{name}.txt", f"{name}.h5\n")
    data = "".join(f"""layer {{ name: "data" type: "HDF5Data" top: "data" top: "label"
        include {{ phase: {name.upper()} }}
        hdf5_data_param {{ source: "{name}.txt" batch_size: 20 }} }}"""
        for name in ("train", "test"))
    script.write("net.prototxt", data + """
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
          num_output: 8 kernel_size: 5 weight_filler { type: "xavier" } } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
        layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
          pooling_param { pool: MAX global_pooling: true } }
        layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
          inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }""")
    script.write("solver.prototxt", """net: "net.prototxt" test_iter: 10 test_interval: 1000
        test_initialization: false base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" max_iter: 3
        random_seed: 1 snapshot_prefix: "shapes" """)
    return script


def test_a_solver_loop_with_its_own_log(shapes):
    said = shapes("solver_loop")
    assert float(said.rsplit(" ", 1)[1]) > 0.9
    lines = (shapes.folder / "log.csv").read_text().splitlines()
    assert lines[0] == "iter,loss,norm" and [int(line.split(",")[0]) for line in lines[1:]] == [
        *range(1, 61)]
    assert (shapes.folder / "shapes_iter_60.caffemodel").exists()
    assert (shapes.folder / "shapes_iter_60.solverstate").exists()


def test_timing_by_callbacks(shapes):
    lines = shapes("timing_callbacks").splitlines()
    assert lines[0] == "iterations [0, 1, 2]"
    times = {name: (float(forward), float(backward)) for name, forward, backward in re.findall(
        r"^(\w+) forward ([\d.]+) ms backward ([\d.]+) ms", "\n".join(lines), re.MULTILINE)}
    assert list(times) == ["data", "conv", "relu", "pool", "ip", "loss"]
    assert all(forward > 0 and backward > 0 for forward, backward in times.values())
    assert times["conv"][0] > times["relu"][0]
    total, allreduce = re.fullmatch(r"total ([\d.]+) allreduce ([\d.]+)", lines[-1]).groups()
    assert float(total) > sum(f + b for f, b in times.values()) > float(allreduce)


def test_a_loss_layer_in_python(script):
    said = script("python_loss")
    for first, last in re.findall(r"from ([\d.]+) to ([\d.]+)", said):
        assert float(last) < 0.01 * float(first)


def test_a_data_layer_in_python(script):
    said = script("python_data")
    assert "batch 20" in said
    assert float(said.rsplit(" ", 1)[1]) > 0.9


def test_lenet_by_netspec(script):
    said = script("netspec_lenet")
    assert "labels True" in said
    first, last = map(float, re.search(r"loss from ([\d.]+) to ([\d.]+)", said).groups())
    assert last < 0.2 * first
    assert 'type: "Convolution"' in (script.folder / "lenet_auto_train.prototxt").read_text()
    assert (script.folder / "lenet.caffemodel").exists()


def test_googlenets_inception_by_netspec(script):
    assert script("netspec_inception").splitlines() == [
        "39 layers, 14 with parameters", "inception_3a/output (2, 28, 8, 8)",
        "inception_3b/output (2, 44, 8, 8)", "sums True"]


def test_siamese_branches_share_their_weights(script):
    near, far = map(float, re.match(r"near ([\d.]+) far ([\d.]+)", script("siamese")).groups())
    assert far > 3 * near
