"""bench: both sides compute the same before they are timed; the table says who is faster."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
from click.testing import CliRunner

from caffepy.errors import ConfigError
from caffepy.services.bench import measuring as bench
from caffepy.services.bench import nets
from caffepy.tools import bench as bench_tool

NET = """
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        data_param { source: "nowhere" batch_size: 3 } transform_param { crop_size: 12 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "norm" type: "LRN" bottom: "conv" top: "norm" }
layer { name: "max" type: "Pooling" bottom: "norm" top: "max"
        pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "ave" type: "Pooling" bottom: "norm" top: "ave"
        pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "max" bottom: "ave" top: "sum" }
layer { name: "both" type: "Concat" bottom: "sum" bottom: "max" top: "both" }
layer { name: "drop" type: "Dropout" bottom: "both" top: "both" }
layer { name: "ip" type: "InnerProduct" bottom: "both" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
DEPLOY = """
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "a" type: "Pooling" bottom: "conv" top: "a" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "b" type: "Pooling" bottom: "conv" top: "b" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "c" type: "Concat" bottom: "a" bottom: "b" top: "c" }
layer { name: "prob" type: "Softmax" bottom: "c" top: "prob" }
"""  # noqa: E501

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None,
                                 reason="PyTorch is not installed; it is only compared with")


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


@pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"),
                    reason="this OpenCV has no readNetFromCaffe; it is only compared with")
def test_opencv_computes_the_same(tmp_path):
    path = tmp_path / "deploy.prototxt"
    path.write_text(DEPLOY)
    found = bench.measure(str(path), batch=3, forward=True, rounds=1, iterations=1)
    assert {"caffepy", "OpenCV DNN"} <= set(found["median"])


def test_opencv_5_which_reads_no_caffe_nets_is_left_out(tmp_path, monkeypatch):
    monkeypatch.delattr(cv2.dnn, "readNetFromCaffe", raising=False)
    path = tmp_path / "deploy.prototxt"
    path.write_text(DEPLOY)
    found = bench.measure(str(path), batch=3, forward=True, rounds=1, iterations=1)
    assert "caffepy" in found["median"] and "OpenCV DNN" not in found["median"]


REGIONS = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 6 dim: 8 } } }
layer { name: "rois" type: "Input" top: "rois" input_param { shape { dim: 4 dim: 5 } } }
layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
        roi_pooling_param { pooled_h: 2 pooled_w: 2 spatial_scale: 0.5 } }
"""  # noqa: E501


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


@pytest.mark.parametrize("theirs", ["other numbers", "an error"])
@pytest.mark.parametrize("forks", [True, False])
def test_opencv_is_left_out_where_a_fork_s_layer_is_another_there(forks, theirs, tmp_path, caplog,
                                                                  monkeypatch):
    from caffepy.services.bench import opencv

    def other(*_):
        raise cv2.error("no such layer") if theirs == "an error" else ConfigError("they disagree")

    monkeypatch.setattr(opencv, "side", other)
    monkeypatch.setattr(cv2.dnn, "readNetFromCaffe", None, raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "deploy.prototxt"
    path.write_text(REGIONS if forks else DEPLOY)
    if not forks:
        with pytest.raises((cv2.error, ConfigError)):
            bench.measure(str(path), forward=True, rounds=1, iterations=1)
        return
    found = bench.measure(str(path), forward=True, rounds=1, iterations=1)
    assert "caffepy" in found["median"] and "OpenCV DNN" not in found["median"]
    assert "OpenCV is left out. The net has layers of forks (ROIPooling)" in caplog.text


def test_pytorch_is_left_out_where_it_lacks_a_layer(tmp_path, caplog, monkeypatch):
    from caffepy.services.bench import contenders, opencv

    class Twin:
        def __init__(self, *_, **settings):
            raise contenders.NoTwin("no PyTorch twin for layer type ROIPooling")

    monkeypatch.setattr(contenders, "TorchNet", Twin)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(set_num_threads=lambda count: None))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "torch")
    monkeypatch.setattr(opencv, "side", None)
    path = tmp_path / "deploy.prototxt"
    path.write_text(REGIONS)
    found = bench.measure(str(path), forward=True, rounds=1, iterations=1)
    assert list(found["median"]) == ["caffepy"]
    assert "PyTorch is left out: no PyTorch twin for layer type ROIPooling" in caplog.text


def test_sides_that_disagree_are_not_timed():
    import numpy as np

    from caffepy.services.bench.sides import check

    check("loss", np.ones(3), np.ones(3) + 1e-6)
    with pytest.raises(ConfigError, match="the sides disagree on the loss"):
        check("loss", np.ones(3), np.ones(3) + 1e-3)


def test_what_rounding_leaves_is_not_compared():
    import numpy as np

    from caffepy.services.bench.sides import check

    check("gradient", np.full(3, 2e-6), np.full(3, 1e-6), least=1.0)
    with pytest.raises(ConfigError, match="disagree on the gradient"):
        check("gradient", np.full(3, 2e-6), np.full(3, 1e-6), least=1e-8)


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


@needs_torch
def test_pytorch_takes_labels_of_one_position(tmp_path):
    """Scores of N x C x 1 x 1, as MobileNet's, with N labels."""
    path = tmp_path / "net.prototxt"
    path.write_text(NET.replace("InnerProduct", "Convolution").replace(
        "inner_product_param {", "convolution_param { kernel_size: 5"))
    found = bench.measure(str(path), classes=5, rounds=1, iterations=1)
    assert "PyTorch" in found["median"]


@needs_torch
@pytest.mark.parametrize("forward", [False, True])
def test_pytorch_computes_the_same(net, forward, tmp_path):
    if forward:
        path = tmp_path / "deploy.prototxt"
        path.write_text(DEPLOY)
        net = str(path)
    found = bench.measure(net, classes=5, forward=forward, rounds=1, iterations=1)
    assert {"caffepy", "PyTorch", "PyTorch channels-last"} <= set(found["median"])


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


class Recorder:
    """Stands for an object of PyTorch's; writes down what is called on it."""

    def __init__(self, seen, name=""):
        self.seen, self.name = seen, name

    def __getattr__(self, name):
        return Recorder(self.seen, f"{self.name}.{name}".lstrip("."))

    def __call__(self, *args, **kwargs):
        self.seen.append((self.name, kwargs))
        return self

    def __rmul__(self, other):
        return self

    __radd__ = __rmul__

    def __enter__(self):
        self.seen.append((f"with {self.name}", {}))

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(("precision", "scaled"), [("float16", True), ("bfloat16", False),
                                                   (None, False)])
def test_pytorch_in_half_precision_casts_and_scales(precision, scaled):
    """float16 alone needs its loss scaled; what runs where is PyTorch's own choice."""
    from caffepy.services.bench.sides import training
    from caffepy.services.bench.torch_net import TorchNet

    seen = []
    twin = object.__new__(TorchNet)
    twin.torch, twin.device, twin.precision = Recorder(seen), "cuda:0", precision
    twin.parameters, twin.steps = [], []
    twin.losses, twin.inputs = [("loss", 1.0)], {"loss": Recorder(seen, "loss")}
    training(twin.torch, twin)()
    names = [name for name, _ in seen]
    assert ("with autocast" in names) == (precision is not None)
    assert ("amp.GradScaler" in names) == scaled
    if precision:
        assert dict(seen)["autocast"]["dtype"].name == precision
    if scaled:
        steps = [name for name in names if name.startswith("amp.GradScaler.")]
        assert steps == ["amp.GradScaler.scale", "amp.GradScaler.scale.backward",
                         "amp.GradScaler.step", "amp.GradScaler.update"]
    else:
        assert names[-2:] == ["loss.backward", "optim.SGD.step"]


def test_gradients_are_compared_at_so_many_times_the_loss(net):
    import numpy as np

    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2
    from caffepy.services.bench import sides

    param = nets.synthetic(net, 2, 12, 3, forward=False)
    param.layer[-1].loss_weight[:] = [0.5]
    built = Net(param, caffe_pb2.TRAIN, context=Context(seed=1, engines=["reference"]))
    built.layer("drop").training = False
    nets.fill_inputs(built, 5)
    found = []
    for scale in (1.0, 4.0, 1.0):
        sides.weigh(built, scale)
        built.clear_param_diffs()
        built.forward()
        built.backward()
        found.append(built.params["ip"][0].diff.copy())
    assert found[0].any()
    np.testing.assert_allclose(found[1], 4 * found[0], rtol=1e-5)
    np.testing.assert_array_equal(found[2], found[0])


@pytest.mark.parametrize(("name", "package"), [("ONNX Runtime", "onnxruntime"),
                                               ("OpenVINO", "openvino")])
def test_onnx_s_runtimes_compute_the_same(name, package, tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    pytest.importorskip(package, reason="it is only compared with")
    from caffepy.services.bench import onnx_sides

    seen = []
    plain = onnx_sides.check
    monkeypatch.setattr(onnx_sides, "check", lambda what, *args: (
        seen.append(what), plain(what, *args)))
    path = tmp_path / "deploy.prototxt"
    path.write_text(DEPLOY)
    found = bench.measure(str(path), batch=3, forward=True, rounds=1, iterations=1)
    assert name in found["median"] and f"output 'prob' of {name}" in seen


def test_onnx_s_runtimes_are_left_out_where_a_layer_has_no_place(tmp_path, caplog):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2, text
    from caffepy.services.bench.onnx_sides import onnx_sides

    param = caffe_pb2.NetParameter()
    text.parse("""
        layer { name: "in" type: "Input" top: "x" top: "label"
                input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" }""",
               param)
    assert onnx_sides(Net(param, caffe_pb2.TEST), param, 1, None) == {}
    assert "ONNX Runtime" in caplog.text and "left out: " in caplog.text
    assert "layer 'loss' (SoftmaxWithLoss)" in caplog.text


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
