"""Who works in half precision, by which word, what the log says of it, and what it costs.

Runs on the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

from __future__ import annotations

import logging

import numpy as np
import pytest
from cli.nets import write_net, write_solver
from gpu.test_front import call, folder  # noqa: F401
from numpy.testing import assert_array_equal

import caffepy
from caffepy.core import footprint, recorder
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.kernels import cuda
from caffepy.proto import caffe_pb2, text
from caffepy.services import computed
from caffepy.services.bench import measuring as bench

TYPES = "default_forward_type: FLOAT16 default_backward_type: FLOAT16 "
NET = """
layer { name: "in" type: "Input" top: "x" top: "label"
        input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } shape { dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param {
        num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "n" }
layer { name: "scale" type: "Scale" bottom: "n" top: "n" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "n" top: "n" }
layer { name: "lrn" type: "LRN" bottom: "n" top: "l" }
layer { name: "pool" type: "Pooling" bottom: "n" top: "p"
        pooling_param { pool: AVE kernel_size: 3 pad: 1 } }
layer { name: "both" type: "Concat" bottom: "l" bottom: "p" top: "b" }
layer { name: "again" type: "Concat" bottom: "l" bottom: "p" top: "a" }
layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "a" top: "s" }
layer { name: "drop" type: "Dropout" bottom: "s" top: "s" }
layer { name: "flat" type: "Flatten" bottom: "s" top: "f" }
layer { name: "ip" type: "InnerProduct" bottom: "f" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
MIXED = NET.replace('name: "lrn" type: "LRN" bottom: "n" top: "l"',
                    'name: "sig" type: "Sigmoid" bottom: "n" top: "l"')


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "caffepy")
    return lambda word: [r.getMessage() for r in caplog.records
                         if word in r.getMessage() and "\n" not in r.getMessage()]


def build(source: str, device=0, phase=caffe_pb2.TRAIN, **settings) -> Net:
    param = caffe_pb2.NetParameter()
    text.parse('name: "n" ' + source, param)
    net = Net(param, phase, context=Context(device, seed=3), **settings)
    generator = np.random.default_rng(5)
    for name in net.input_names:
        values = net.blobs[name].values
        values.overwrite(Place.HOST)[...] = (generator.integers(3, size=values.shape)
                                             if name == "label"
                                             else generator.standard_normal(values.shape))
    return net


def halves(net: Net) -> dict[str, str | None]:
    return {layer.name: layer.half for layer in net.layers}


def converting(net: Net) -> dict[str, str]:
    return {row.layer: ", ".join(part for part in row.moved.split(", ") if "conversion" in part)
            for row in computed.rows(net) if "conversion" in row.moved}


@pytest.mark.parametrize("phase", [caffe_pb2.TRAIN, caffe_pb2.TEST])
def test_only_the_loss_converts(gpu, told, phase):
    net = build(TYPES + NET, gpu, phase)
    assert set(halves(net).values()) == {"float16"}
    assert told("converted") == []
    assert len(told("stored in float16; parameters, their gradients and sums in float32")) == 1
    net.forward()
    net.backward()
    # in the second pass parameters have not changed, so nobody rounds them again
    assert converting(net) == {"loss": "forward 1 conversion"}
    for parameter in net.parameters:
        for tensor in (parameter.blob.values, parameter.blob.grads):
            assert None in {place.half for place in tensor.memory.state.valid or [Place.DEVICE]}


def test_gradients_meet_in_half_precision_where_a_blob_is_split(gpu):
    net = build(TYPES + NET, gpu)
    net.forward()
    net.backward()
    for name in ("n", "l", "p", "b", "c"):
        blob = net.blobs[name]
        for tensor in (blob.values, blob.grads):
            assert {place.half for place in tensor.memory.state.valid} == {"float16"}, name
    assert len([layer for layer in net.layers if layer.type == "Split" and layer.kernels]) == 3


def test_a_layer_that_knows_nothing_of_it_gets_float32(gpu, told):
    net = build(TYPES + MIXED, gpu)
    assert told("converted: Sigmoid") and len(told("converted")) == 1
    plain = build(MIXED, gpu)
    for each in (net, plain):
        each.forward()
        each.backward()
    difference = np.abs(net.blobs["l"].data - plain.blobs["l"].data).max()
    assert 0 < difference < 2e-3
    # it itself, who reads what it made, who adds its gradient to others
    assert converting(net) == {
        "sig": "forward 1 conversion, backward 1 conversion", "both": "forward 1 conversion",
        "n_relu_0_split": "backward 1 conversion", "loss": "forward 1 conversion"}
    assert net.blobs["l"].data.dtype == np.float32


def test_a_layer_may_say_otherwise(gpu, told):
    other = NET.replace('name: "ip"', 'name: "ip" forward_type: FLOAT backward_type: FLOAT')
    assert halves(build(TYPES + other, gpu))["ip"] is None
    single = NET.replace('name: "conv"',
                         'name: "conv" forward_type: BFLOAT16 backward_type: BFLOAT16')
    found = halves(build(single, gpu))
    assert {name for name, half in found.items() if half} == {"conv"}
    assert found["conv"] == "bfloat16"
    two = build(TYPES + single, gpu)
    two.forward()
    two.backward()
    assert {half for half in halves(two).values()} == {"float16", "bfloat16"}


def test_half_precision_is_for_both_directions(gpu, told):
    net = build("default_forward_type: FLOAT16 " + NET, gpu)
    assert set(halves(net).values()) == {None}
    assert told("forward type is float16 and whose backward type is float32 store float32") == [
        "Layers whose forward type is float16 and whose backward type is float32 store float32: "
        "half precision is for both"]


@pytest.mark.parametrize("device", ["cpu", 0])
def test_types_that_activations_cannot_have(gpu, device):
    with pytest.raises(ConfigError, match="default_backward_type given.*found DOUBLE; "
                                          "allowed: FLOAT, FLOAT16, BFLOAT16"):
        build("default_backward_type: DOUBLE " + NET, device)
    with pytest.raises(ConfigError, match=r"layer 'ip' \(InnerProduct\).*forward_type.*INT"):
        build(NET.replace('name: "ip"', 'name: "ip" forward_type: INT'), device)


def test_a_gpu_without_bfloat16(gpu, told, monkeypatch):
    monkeypatch.setattr(cuda, "WITH_BFLOAT16", (99, 0))
    types = TYPES.replace("FLOAT16", "BFLOAT16")
    assert set(halves(build(types + NET, gpu)).values()) == {None}
    assert told("bfloat16") == [
        "Layers store float32: bfloat16 wants a GPU of compute capability 99.0"]
    assert set(halves(build(TYPES + NET, gpu)).values()) == {"float16"}


def test_math_is_float32_whatever_the_net_says(gpu, told):
    build("default_forward_math: FLOAT16 default_backward_math: DOUBLE " + NET, gpu)
    assert told("_math") == [
        "default_forward_math: FLOAT16 is computed in float32, as all sums are",
        "default_backward_math: DOUBLE is computed in float32, as all sums are"]


def test_on_the_cpu_it_is_one_line(told):
    net, plain = build(TYPES + NET, "cpu"), build(NET, "cpu")
    assert told("float16") == [
        "Layers store float32: on a CPU float16 is slower than float32 (bfloat16 is faster, with "
        "AVX512_BF16 or AMX)"]
    for each in (net, plain):
        each.forward()
        each.backward()
    assert_array_equal(net.blobs["ip"].data, plain.blobs["ip"].data)
    assert_array_equal(net.params["conv"][0].diff, plain.params["conv"][0].diff)


def test_a_net_of_float64_stays_one(gpu):
    assert set(halves(build(TYPES + NET, gpu, dtype=np.float64)).values()) == {None}


def test_the_context_stands_for_the_nets_defaults(gpu):
    param = caffe_pb2.NetParameter()
    text.parse(TYPES + NET.replace(
        'name: "ip"', 'name: "ip" forward_type: FLOAT backward_type: FLOAT'), param)
    for word, half in (("float32", None), ("bfloat16", "bfloat16"), (None, "float16")):
        found = halves(Net(param, context=Context(gpu, seed=3, precision=word)))
        assert found.pop("ip") is None
        assert set(found.values()) == {half}
    with pytest.raises(ConfigError, match="found float61; allowed: float32, float16, bfloat16"):
        Net(param, context=Context(gpu, precision="float61"))


def test_two_nets_of_different_precision_share_parameters(gpu):
    """The places are of one memory, so each reads its own and none reads the other's bits."""
    first, second = build(TYPES + NET, gpu), build(TYPES.replace("FLOAT16", "BFLOAT16") + NET, gpu)
    third = build(NET, gpu)
    for net in (second, third):
        net.share_trained_layers(first)
        net.layer("drop").training = False
    first.layer("drop").training = False
    scores = []
    for net in (first, second, third, first, second):
        net.forward()
        scores.append(net.blobs["ip"].data.copy())
    assert 0 < np.abs(scores[0] - scores[2]).max() < 0.02
    assert 0 < np.abs(scores[1] - scores[2]).max() < 0.2
    assert_array_equal(scores[3], scores[0])
    assert_array_equal(scores[4], scores[1])


def test_recorded_steps_round_parameters_anew_after_each_update(gpu, monkeypatch):
    results = []
    for switch in ("1", "0"):
        monkeypatch.setenv("CAFFEPY_GRAPHS", switch)
        monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")
        net, found = build(TYPES + NET, gpu), []
        for step in range(recorder.WARM_UP + 4):
            if step == recorder.WARM_UP + 1:
                before = net.context.mover.conversions
            found.append(net.forward())
            net.clear_param_diffs()
            net.backward()
            with net.context.computing():  # else it is not behind what backward has queued
                for parameter in net.parameters:
                    value = parameter.blob.values.write(Place.DEVICE)
                    value -= 0.01 * parameter.blob.grads.read(Place.DEVICE)
        assert bool(net.executor._forward.recordings) == (switch == "1")
        # graphs have the conversions in them
        assert (net.context.mover.conversions == before) == (switch == "1")
        results.append([*found, *(p.blob.data.copy() for p in net.parameters)])
    assert len(set(results[0][: recorder.WARM_UP + 4])) == recorder.WARM_UP + 4
    for one, other in zip(*results, strict=True):
        assert_array_equal(one, other)


def test_a_python_layer_reads_float32(gpu):
    net = build(TYPES + NET + """
        layer { name: "py" type: "Python" bottom: "p" top: "q" python_param {
                module: "gpu.test_precision" layer: "Doubled" } }""", gpu)
    net.forward()
    assert_array_equal(net.blobs["q"].data, 2 * net.blobs["p"].data)
    assert net.blobs["q"].data.any() and net.layer("py").half is None


class Doubled(caffepy.Layer):
    def setup(self, bottom, top):
        pass

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        assert bottom[0].data.dtype == np.float32
        top[0].data[...] = 2 * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        pass


def test_what_is_needed_is_reckoned_in_the_formats_that_are_used(gpu):
    whole, half = (footprint.of(build(types + NET, gpu), 1) for types in ("", TYPES))
    # activations and their gradients take half; the input comes as float32, and is rounded
    assert 0.5 < half.blobs / whole.blobs < 0.6
    # parameters, gradients and history in float32, and parameters in float16 too
    assert whole.fixed * (1 + 2 / 12) * 0.9 < half.fixed < whole.fixed * (1 + 2 / 12) * 1.1
    mixed = footprint.of(build(TYPES + MIXED, gpu), 1)
    assert half.blobs < mixed.blobs < whole.blobs


def test_the_flag(gpu, folder):  # noqa: F811
    write_net(folder)
    write_solver(folder, max_iter=4, snapshot=4)
    stored = "Activations and their gradients are stored in {}"
    said = call("train", "-solver=solver.prototxt", "-gpu=0", "-precision", "bfloat16")
    assert said.count(stored.format("bfloat16")) == 2  # the net to train, the net to test
    said = call("test", "-model=net.prototxt", "-weights=small_iter_4.caffemodel", "-gpu=0",
                "-iterations=1", "--precision=float16", "--logtostderr")
    assert stored.format("float16") in said
    said = call("time", "-model=net.prototxt", "-gpu=0", "-iterations=1", "-precision=float16",
                "--logtostderr")
    assert stored.format("float16") in said and "cublasGemmEx, float16" in said
    assert "forward 1 conversion" in said
    said = call("time", "-model=net.prototxt", "-iterations=1", "-precision=float16",
                "--logtostderr")
    assert "Layers store float32: on a CPU float16 is slower" in said


def test_bench_tells_the_precision(gpu, tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    found = bench.measure(str(path), classes=3, rounds=1, iterations=1, gpu=gpu,
                          precision="float16")
    assert bench.table(found).splitlines()[0].endswith(", float16")
    path.write_text(TYPES.replace("FLOAT16", "BFLOAT16") + NET)
    found = bench.measure(str(path), classes=3, rounds=1, iterations=1, gpu=gpu)
    assert found["device"].endswith(", bfloat16")
