"""quantize: steps of 8 bits, in a file that is one of weights as before; nets that load it."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.cli.quantize import quantize as command
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.weights import save
from caffepy.errors import ConfigError, NotFound, NumericError
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.proto import caffe_pb2, text, wire
from caffepy.services.quantizing import BINS, Seen
from caffepy.solvers.solver import Solver

DATA = """
layer { name: "data" type: "DummyData" top: "x" dummy_data_param {
        shape { dim: 4 dim: 3 dim: 9 dim: 9 } data_filler { type: "gaussian" } } }
"""
INPUT = """
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 9 dim: 9 } } }
"""
LAYERS = """
layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 20 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y"
        inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
layer { name: "mean" type: "Reduction" bottom: "y" top: "mean"
        reduction_param { operation: MEAN } }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(DATA + LAYERS)
    Path("deploy.prototxt").write_text(INPUT + LAYERS)
    net = Net("net.prototxt", caffe_pb2.TEST, context=Context(seed=1))
    mean, variance, factor = net.params["bn"]
    variance.data[...], factor.data[...] = 1, 1
    save(net, "net.caffemodel", diff=False)
    net.close()
    return tmp_path


@pytest.fixture
def has_int8() -> None:
    if missing := Context().engines[0].without("int8"):
        pytest.skip(missing)


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "caffepy")
    return lambda: [r.getMessage() for r in caplog.records if "8 bits" in r.getMessage()]


def run(**flags) -> None:
    given = {"model": "net.prototxt", "weights": "net.caffemodel", "out": "small.caffemodel",
             "iterations": 3, "method": "percentile", "percentile": 99.99, "keep": "", "level": 0,
             "stage": ""} | flags
    command.callback(**given)


def scores(weights: str, precision: str | None = None, **settings) -> np.ndarray:
    """What the net for use gives for one input."""
    net = Net("deploy.prototxt", caffe_pb2.TEST, context=Context(seed=1, precision=precision),
              **settings)
    net.load(weights)
    net.blobs["x"].data[...] = np.random.default_rng(5).standard_normal(net.blobs["x"].shape)
    net.forward()
    return net.blobs["mean"].data.copy()


@pytest.mark.parametrize("method", ["percentile", "max"])
def test_the_file_is_the_old_one_with_steps(method, capsys):
    run(method=method)
    old, new = wire.read_net("net.caffemodel"), wire.read_net("small.caffemodel")
    for before, after in zip(old.layers, new.layers, strict=True):
        assert (before.name, before.int8) == (after.name, None)
        for one, other in zip(before.blobs, after.blobs, strict=True):
            assert_array_equal(one, other)
    said = capsys.readouterr().out
    assert "conv  step" in said and "-128 to 127" in said and "mean over 3 batches" in said


def test_a_file_without_its_steps_is_what_the_original_reads():
    run()
    param = caffe_pb2.NetParameter.FromString(Path("small.caffemodel").read_bytes())
    steps = {layer.name: layer.int8_param for layer in param.layer if layer.HasField("int8_param")}
    assert set(steps) == {"conv", "ip"}
    assert steps["conv"].input_signed and not steps["ip"].input_signed  # behind a ReLU
    for layer in param.layer:
        layer.ClearField("int8_param")
    kept = caffe_pb2.NetParameter.FromString(Path("net.caffemodel").read_bytes())
    assert [layer.blobs for layer in param.layer] == [layer.blobs for layer in kept.layer]


@pytest.mark.parametrize("optimize", [False, True])
def test_nets_that_load_it_compute_in_8_bits(has_int8, told, optimize):
    run()
    plain = scores("net.caffemodel")
    found = scores("small.caffemodel", optimize=optimize)
    assert told()[-1] == "2 layers compute in 8 bits, as small.caffemodel says"
    assert 0 < np.abs(found - plain).max() < 0.02
    # asked for float32 it is that, and other weights bring other steps, or none
    assert_array_equal(scores("small.caffemodel", "float32"), plain)
    assert told()[-1] == "small.caffemodel is for 8 bits; float32 is asked for"
    net = Net("deploy.prototxt", caffe_pb2.TEST)
    net.load("small.caffemodel")
    assert net.layer("conv").kernel.spec.quantized
    net.load("net.caffemodel")
    assert not net.layer("conv").kernel.spec.quantized


def test_steps_go_with_the_weights_to_nets_that_share_them(has_int8, told):
    run()
    nets = [Net("deploy.prototxt", caffe_pb2.TEST) for _ in range(2)]
    nets[0].load("small.caffemodel")

    def quantized(net):
        return [net.layer(name).kernel.spec.quantized is not None for name in ("conv", "ip")]

    nets[1].share_trained_layers(nets[0])
    assert quantized(nets[1]) == [True, True]
    nets[1].share_trained_layers(Net("deploy.prototxt", caffe_pb2.TRAIN))
    assert quantized(nets[1]) == [False, False] and quantized(nets[0]) == [True, True]


def test_a_training_drops_the_steps_for_its_tests_too(has_int8, told):
    run()
    before = len(told())
    Path("train.prototxt").write_text(DATA + LAYERS + """
        layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "loss" }""")
    param = caffe_pb2.SolverParameter()
    text.parse("""net: "train.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 test_iter: 1
               test_interval: 1 weights: "small.caffemodel" """, param)
    solver = Solver(param)
    assert not solver.test_nets[0].layer("conv").kernel.spec.quantized
    assert told()[before:] == []


def test_backward_is_that_of_float32(has_int8):
    run()
    gradients = []
    for precision in (None, "float32"):
        param = caffe_pb2.NetParameter()
        text.parse("force_backward: true" + INPUT + LAYERS, param)
        net = Net(param, caffe_pb2.TEST, context=Context(seed=1, precision=precision))
        net.load("small.caffemodel")
        net.blobs["x"].data[...] = 0.5
        net.blobs["mean"].diff[...] = 1
        net.forward()
        net.backward()
        gradients.append(net.params["ip"][0].diff.copy())
    assert_array_equal(gradients[0] != 0, gradients[1] != 0)
    assert np.abs(gradients[0] - gradients[1]).max() < 0.05 * np.abs(gradients[1]).max()


def test_a_processor_without_8_bits_says_so_and_computes_in_float32(monkeypatch, told, capsys):
    monkeypatch.setattr(Runtime, "has_int8", False)
    run()
    assert "This machine computes it in float32: 8 bits want a CPU" in capsys.readouterr().out
    assert_array_equal(scores("small.caffemodel"), scores("net.caffemodel"))
    assert told()[-1] == ("small.caffemodel is for 8 bits, but the net computes in float32: "
                          "8 bits want a CPU with AVX_VNNI, AVX512_VNNI or AMX")


def test_a_net_to_train_takes_no_steps():
    run()
    net = Net("net.prototxt", caffe_pb2.TRAIN)
    net.load("small.caffemodel")
    assert not net.layer("conv").spec.HasField("int8_param")
    net.close()


def test_layers_that_are_kept(capsys):
    run(keep="conv")
    assert "conv (Convolution) stays as it is: is kept" in capsys.readouterr().out
    found = wire.read_net("small.caffemodel").layers
    assert [layer.name for layer in found if layer.int8] == ["ip"]


def test_a_place_that_is_none_is_said_before_the_work(monkeypatch):
    monkeypatch.setattr("caffepy.services.quantizing.quantize", None)
    with pytest.raises(NotFound, match="cannot write none/w.caffemodel: there is no folder none"):
        run(out="none/w.caffemodel")


@pytest.mark.parametrize(("flags", "words"), [
    ({"model": "deploy.prototxt"}, "reads no data.*input 'x'"),
    ({"keep": "cnv"}, "no layer 'cnv' to keep. Did you mean conv"),
    ({"percentile": 0.0}, "more than 0"),
    ({"out": "small.prototxt"}, "must end with .caffemodel"),
    ({"out": "net.caffemodel"}, "would overwrite"),
    ({"out": ""}, "Need -out"),
    ({"iterations": 0}, "illegal value '0'"),
])
def test_what_cannot_be(flags, words):
    with pytest.raises(ConfigError, match=words):
        run(**flags)


def test_steps_that_are_none():
    Path("deploy.prototxt").write_text((INPUT + LAYERS).replace(
        'name: "conv"', 'name: "conv" int8_param { input_scale: -1 }'))
    with pytest.raises(ConfigError, match="layer 'conv'.*input_scale.*positive"):
        scores("net.caffemodel")


def test_percentiles_of_sizes_that_grow():
    seen, rng = Seen(), np.random.default_rng(2)
    values = [rng.standard_normal(5000) * size for size in (0.1, 1, 30, 7)]
    for part in values:
        seen.look(np.append(part, np.zeros(3000)))
    sizes = np.abs(np.concatenate(values))
    assert seen.largest == sizes.max() and seen.negative
    assert seen.kept("max", 50) == sizes.max()
    for percentile in (1, 50, 99, 99.9):
        width = 2 * sizes.max() / BINS
        assert seen.kept("percentile", percentile) == pytest.approx(
            np.percentile(sizes, percentile, method="inverted_cdf"), abs=1.01 * width)
    with pytest.raises(NumericError):
        seen.look(np.array([1, np.nan]))


def test_only_zeros_have_no_step():
    seen = Seen()
    seen.look(np.zeros(10))
    assert seen.kept("percentile", 99.9) == seen.largest == 0


@pytest.mark.parametrize("damage", [b"\x0d\x00", b"\xff\xff"])
def test_a_damaged_step(damage):
    layer = caffe_pb2.LayerParameter(name="conv", type="Convolution").SerializeToString()
    key = bytes([0xB2, 0x89, 0x19])  # field 51350, with a length
    layer += key + bytes([len(damage)]) + damage
    Path("bad.caffemodel").write_bytes(bytes([0xA2, 0x06, len(layer)]) + layer)
    with pytest.raises(Exception, match="int8_param|damaged|cut short"):
        wire.read_net("bad.caffemodel")
