"""bench: other programs compute the same before they are timed, or are left out."""

import importlib.util
import sys
from types import SimpleNamespace

import cv2
import pytest
from tools.bench_nets import DEPLOY, NET, REGIONS

from caffepy.errors import ConfigError
from caffepy.services.bench import measuring as bench
from caffepy.services.bench import nets

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None,
                                 reason="PyTorch is not installed; it is only compared with")


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return str(path)


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
