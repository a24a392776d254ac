"""In TEST nets that optimize, what scales and shifts channels goes into the weights before it."""

import numpy as np
import pytest
from core.test_fusion import build
from support import ENGINES

from caffepy.proto import caffe_pb2

TEST = caffe_pb2.TEST
PICTURE = """layer { name: "in" type: "Input" top: "x" input_param { shape {
  dim: 2 dim: 4 dim: 5 dim: 6 } } }
"""
MAPS = """layer { name: "w" type: "%s" bottom: "x" top: "y" convolution_param { num_output: 6
  kernel_size: 3 group: %d bias_term: %s weight_filler { type: "gaussian" } bias_filler {
  type: "gaussian" } } }
"""
PRODUCT = """layer { name: "w" type: "InnerProduct" bottom: "x" top: "y" inner_product_param {
  num_output: 6 transpose: %s weight_filler { type: "gaussian" }
  bias_filler { type: "gaussian" } } }
"""
FIRST = {
    "Convolution": MAPS % ("Convolution", 1, "true"),
    "no bias": MAPS % ("Convolution", 2, "false"),
    "Deconvolution": MAPS % ("Deconvolution", 1, "true"),
    "groups": MAPS % ("Deconvolution", 2, "false"),
    "InnerProduct": PRODUCT % "false",
    "transpose": PRODUCT % "true",
}
BN = 'layer { name: "n" type: "BN" bottom: "y" top: "%s" bn_param { %s } }\n'
NORMS = {
    "PSPNet's": "eps: 1e-3",
    "frozen": "frozen: true",
    "CTPN's": "moving_average: true",
    "SegNet's": "bn_mode: INFERENCE",
    "BatchNorm": 'layer { name: "n" type: "BatchNorm" bottom: "y" top: "%s" }\n',
    "NVIDIA's": 'layer { name: "n" type: "BatchNorm" bottom: "y" top: "%s" '
                'batch_norm_param { scale_bias: true } }\n',
    "Scale": 'layer { name: "n" type: "Scale" bottom: "y" top: "%s" '
             'scale_param { bias_term: true } }\n',
    "Bias": 'layer { name: "n" type: "Bias" bottom: "y" top: "%s" }\n',
}
RELU = 'layer { name: "r" type: "ReLU" bottom: "%s" top: "%s" }\n'


def norm(name, top):
    words = NORMS[name]
    return words % top if words.startswith("layer") else BN % (top, words)


def twins(text):
    """The net as scripts hold it, and one that optimizes, with the same parameters."""
    nets = [build(PICTURE + text, TEST, optimize=optimize) for optimize in (False, True)]
    rng = np.random.default_rng(3)
    for name, blobs in nets[0].params.items():
        for one, other in zip(blobs, nets[1].params[name], strict=True):
            one.data[...] = rng.uniform(0.5, 2, one.shape) if name != "w" else one.data
            other.data[...] = one.data
    return nets


def check(nets, top):
    plain, folded = nets
    for net in nets:
        net.forward()
    expected = plain.blobs[top].data
    assert expected.any() and np.isfinite(expected).all()
    np.testing.assert_allclose(folded.blobs[top].data, expected, rtol=1e-4,
                               atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("kind", NORMS)
@pytest.mark.parametrize("first", FIRST)
def test_numbers_are_the_same(first, kind, relu):
    nets = twins(FIRST[first] + norm(kind, "y") + (RELU % ("y", "y") if relu else ""))
    (whole,) = nets[1].executor.fused.values()
    assert whole.numbers == ((1, 2, 3) if relu else (1, 2))
    assert "folded" in whole.detail
    check(nets, "y")
    for blobs in nets[0].params.values():  # what was folded is made anew
        blobs[-1].data[...] *= 1.5
    for name, blobs in nets[0].params.items():
        nets[1].params[name][-1].data[...] = blobs[-1].data
    check(nets, "y")


@pytest.mark.parametrize("first", FIRST)
def test_out_of_place_and_for_another_shape(first):
    nets = twins(FIRST[first] + norm("PSPNet's", "n") + RELU % ("n", "r"))
    check(nets, "r")
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 4, 5, 6))
    for net in nets:
        net.blobs["x"].reshape(*values.shape)
        net.blobs["x"].data[...] = values
    check(nets, "r")


@pytest.mark.parametrize("text", [
    FIRST["Convolution"] + BN % ("y", "bn_mode: LEARN"),  # of the batch, in TEST, too
    FIRST["Convolution"] + BN % ("y", "moving_average: false"),
    FIRST["Convolution"] + norm("Scale", "y").replace("bias_term", "num_axes: 3 bias_term"),
    FIRST["Deconvolution"].replace("kernel_size: 3", "axis: 2 kernel_size: 3")
    + norm("PSPNet's", "y"),  # its outputs are another axis than the one that is normalized
    FIRST["InnerProduct"].replace("num_output", "axis: 2 num_output") + norm("PSPNet's", "y"),
    FIRST["InnerProduct"].replace("num_output", "normalize: true num_output") + norm("Scale", "y"),
])
def test_what_does_not_fold(text):
    nets = twins(text)
    assert not nets[1].executor.fused
    check(nets, "y")


def test_training_with_frozen_statistics_does_not_fold():
    text = PICTURE + FIRST["Convolution"] + norm("frozen", "y")
    assert not build(text, caffe_pb2.TRAIN, optimize=True).executor.fused


# -- sums with another blob -----------------------------------------------------------------

OTHER = """layer { name: "o" type: "Convolution" bottom: "x" top: "o"
  convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "gaussian" } } }
"""
SUM = """layer { name: "s" type: "Eltwise" bottom: "%s" bottom: "%s" top: "%s"
  eltwise_param { %s } }
"""


def as_one(net):
    """The names of the layers that run as one."""
    return [[net.layers[number].name for number in f.numbers]
            for f in net.executor.fused.values()]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("bottoms", [("y", "o"), ("o", "y")])
@pytest.mark.parametrize("between", [norm("BatchNorm", "y") + norm("Scale", "y").replace(
    '"n"', '"n2"'), norm("PSPNet's", "y"), ""])
@pytest.mark.parametrize("first", ["Convolution", "no bias"])
def test_a_sum_with_what_was_there_before(first, between, bottoms, relu):
    text = OTHER + FIRST[first] + between + SUM % (*bottoms, "s", "") + (RELU % ("s", "s")) * relu
    nets = twins(text)
    (names,) = as_one(nets[1])
    assert names[0] == "w" and names[-1] == ("r" if relu else "s")
    assert names == nets[1].layer_names[-len(names) :]
    check(nets, "s")
    values = np.random.default_rng(4).normal(size=(3, 4, 7, 6))
    for net in nets:
        net.blobs["x"].reshape(*values.shape)
        net.blobs["x"].data[...] = values
    check(nets, "s")


def test_a_sum_in_place_and_its_relu_out_of_place():
    nets = twins(OTHER + FIRST["no bias"] + SUM % ("y", "o", "y", "") + RELU % ("y", "r"))
    assert as_one(nets[1]) == [["w", "s", "r"]]
    check(nets, "r")


@pytest.mark.parametrize("text", [
    OTHER + FIRST["no bias"] + SUM % ("y", "o", "s", "coeff: 1 coeff: -1"),
    OTHER + FIRST["no bias"] + SUM % ("y", "o", "s", "operation: PROD"),
    OTHER + FIRST["no bias"] + SUM % ("y", "y", "s", ""),
    OTHER + FIRST["no bias"] + SUM % ("o", "y", "o", "") + RELU % ("o", "s"),  # onto the other
    OTHER + FIRST["no bias"] + RELU.replace("ReLU", "TanH") % ("o", "o") + SUM % (
        "y", "o", "s", ""),  # the other is changed when the convolution has run
    OTHER + FIRST["no bias"] + SUM.replace('top: "%s"', 'bottom: "o" top: "%s"') % (
        "y", "o", "s", ""),  # three of them
])
def test_other_sums_run_by_themselves(text):
    nets = twins(text)
    assert not any({"w", "s"} <= {*names} for names in as_one(nets[1]))
    check(nets, "s")


@pytest.mark.skipif("onednn" not in ENGINES, reason="only oneDNN's kernels add")
def test_a_shape_whose_kernel_cannot_add(monkeypatch):
    from caffepy.kernels.onednn import direct

    nets = twins(OTHER + FIRST["no bias"] + SUM % ("o", "y", "s", "") + RELU % ("s", "s")
                 + 'layer { name: "t" type: "TanH" bottom: "s" top: "t" }')
    check(nets, "t")
    memories = [nets[1].blobs[name].values.memory for name in "os"]
    assert memories[1] in {life.memory for group in nets[1].executor.turns.values
                           for life in group if memories[0] in {one.memory for one in group}}
    monkeypatch.setattr(direct.Forward, "adds", False)
    for net in nets:
        net.blobs["x"].data[...] = net.blobs["x"].data[:, :, ::-1].copy()
    check(nets, "t")


def test_the_last_of_two_branches_takes_the_sum():
    nets = twins(FIRST["no bias"] + norm("PSPNet's", "y") + OTHER + SUM % ("y", "o", "s", ""))
    assert as_one(nets[1]) == [["w", "n"], ["o", "s"]]
    check(nets, "s")


def test_what_runs_early_is_there():
    """The normalization of the other branch stands behind the convolution, and runs before it."""
    text = (OTHER + FIRST["no bias"] + norm("PSPNet's", "o").replace('bottom: "y"', 'bottom: "o"')
            + norm("Scale", "y").replace('"n"', '"n2"') + SUM % ("o", "y", "s", ""))
    nets = twins(text)
    assert as_one(nets[1]) == [["o", "n"], ["w", "n2", "s"]]
    check(nets, "s")
    plain, folded = nets
    plain.executor.forward(0, 4), folded.executor.forward(0, 4)  # to the end of the other branch
    np.testing.assert_allclose(folded.blobs["o"].data, plain.blobs["o"].data, rtol=1e-4, atol=1e-4)


def test_a_sum_that_training_needs_is_left_alone():
    text = PICTURE + OTHER + FIRST["no bias"] + SUM % ("y", "o", "s", "")
    assert not build(text, caffe_pb2.TRAIN, optimize=True).executor.fused


def test_an_eltwise_of_one_bottom_is_no_sum():
    """A fork's type of the same name, which multiplies."""
    one = 'layer { name: "one" type: "Eltwise" bottom: "y" top: "z" eltwise_param { coeff: 2 } }\n'
    nets = [build(PICTURE + FIRST["Convolution"] + one, phase=TEST, optimize=optimize)
            for optimize in (False, True)]
    for net in nets:
        net.blobs["x"].data[...] = np.random.default_rng(1).normal(size=net.blobs["x"].shape)
        net.forward()
    a, b = (net.blobs["z"].data for net in nets)
    np.testing.assert_allclose(a, b, rtol=1e-5)
