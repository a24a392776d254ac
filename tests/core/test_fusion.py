"""Layers that run as one give what they give one by one."""

import numpy as np
import pytest

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

INPUT = """layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 3 dim: 4 dim: 6 dim: 6 } shape { dim: 3 dim: 8 dim: 6 dim: 6 } } }
"""
CONV = """layer {{ name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param {{
  num_output: 8 kernel_size: 3 pad: 1 bias_term: {bias} weight_filler {{ type: "msra" }}
  bias_filler {{ type: "gaussian" }} }} }}
"""
NORM = 'layer { name: "norm" type: "BatchNorm" bottom: "c" top: "%s" }\n'
SCALE = """layer { name: "scale" type: "Scale" bottom: "%s" top: "%s" scale_param {
  bias_term: true filler { type: "gaussian" mean: 1 std: 0.3 } bias_filler { type: "gaussian" } } }
"""
RELU = 'layer { name: "relu" type: "ReLU" bottom: "%s" top: "%s" }\n'
LOSS = 'layer { name: "loss" type: "EuclideanLoss" bottom: "%s" bottom: "t" top: "loss" }\n'
LATER = """layer { name: "other" type: "Convolution" bottom: "x" top: "o" convolution_param {
  num_output: 8 kernel_size: 1 weight_filler { type: "msra" } } }
"""

IN_PLACE = INPUT + CONV.format(bias="true") + NORM % "c" + SCALE % ("c", "c") + RELU % ("c", "c")
APART = INPUT + CONV.format(bias="false") + NORM % "n" + SCALE % ("n", "s") + RELU % ("s", "r")
NETS = {
    "in place": IN_PLACE + LOSS % "c",
    "apart": APART + LOSS % "r",
    "no ReLU": INPUT + CONV.format(bias="true") + NORM % "c" + SCALE % ("c", "c") + LOSS % "c",
    "no Scale": INPUT + CONV.format(bias="true") + NORM % "c" + RELU % ("c", "c") + LOSS % "c",
    "ReLU alone": INPUT + CONV.format(bias="true") + RELU % ("c", "c") + LOSS % "c",
    "ReLU alone, apart": INPUT + CONV.format(bias="true") + RELU % ("c", "r") + LOSS % "r",
    "another layer between": INPUT + CONV.format(bias="true") + LATER + NORM % "c"
    + SCALE % ("c", "c") + RELU % ("c", "c")
    + 'layer { name: "sum" type: "Eltwise" bottom: "c" bottom: "o" top: "s" }\n' + LOSS % "s",
}
SUM = ('layer { name: "sum" type: "Eltwise" bottom: "%s" bottom: "%s" top: "s" }\n'
       + RELU % ("s", "s"))
CONV2 = """layer { name: "conv2" type: "Convolution" bottom: "s" top: "c2" convolution_param {
  num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
"""
BRANCHES = INPUT + CONV.format(bias="true") + NORM % "c" + SCALE % ("c", "c") + LATER
NETS |= {
    # the first bottom of a sum takes the top's gradient; its layers work on it in place
    "sum, normalized first": BRANCHES + SUM % ("c", "o") + LOSS % "s",
    "sum, normalized last": BRANCHES + SUM % ("o", "c") + LOSS % "s",
    "two blocks": BRANCHES + SUM % ("c", "o") + CONV2
    + 'layer { name: "sum2" type: "Eltwise" bottom: "s" bottom: "c2" top: "u" }\n'
    + RELU.replace('"relu"', '"relu2"') % ("u", "u") + LOSS % "u",
    "sum of one and the same": INPUT + CONV.format(bias="true") + SUM % ("c", "c") + LOSS % "s",
}
GIVEN = IN_PLACE.replace(NORM % "c", NORM.replace(
    "top:", "batch_norm_param { use_global_stats: true } top:") % "c") + LOSS % "c"
# the bias before a batch normalization has no gradient: what rounding leaves of it is about 1e-5
CLOSE = 1e-4


@pytest.fixture(params=["onednn", "reference"])
def engine(request):
    if request.param == "onednn":
        pytest.importorskip("caffepy.kernels.onednn")
    return request.param


def build(text, phase=caffe_pb2.TRAIN, engine=None, **arguments):
    from caffepy.proto.text import parse

    param = caffe_pb2.NetParameter()
    parse(text, param)
    param.force_backward |= phase == caffe_pb2.TRAIN
    context = Context(seed=5, engines=(engine,) if engine else None)
    net = Net(param, phase, context=context, **arguments)
    rng = np.random.default_rng(1)
    for name in net.input_names:
        net.blobs[name].data[...] = rng.normal(size=net.blobs[name].shape)
    return net


def results(net, passes=2):
    """Loss, gradients and parameters after some passes."""
    for _ in range(passes):
        net.clear_param_diffs()
        loss = net.forward()
        net.backward()
    return [np.array(loss), net.blobs["x"].diff.copy(),
            *(p.blob.diff.copy() for p in net.parameters),
            *(p.blob.data.copy() for p in net.parameters)]


@pytest.mark.parametrize("name", NETS)
def test_training_is_the_same(name, engine):
    nets = [build(NETS[name], engine=engine, optimize=optimize) for optimize in (False, True)]
    for one, other in zip(*map(results, nets), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=CLOSE)


@pytest.mark.parametrize("phase", [caffe_pb2.TRAIN, caffe_pb2.TEST])
def test_gradients_with_given_statistics(phase, engine):
    """They do not fold then: each layer's backward needs its own forward."""
    found = []
    for optimize in (False, True):
        net = build("force_backward: true " + GIVEN, phase, engine, optimize=optimize)
        for blob, value in zip(net.params["norm"], (0.5, 2, 1), strict=True):
            blob.data[...] = value
        found.append(results(net))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "plain", "optimized"), [
    ("in place", [], [(1, 2, 3, 4)]),
    ("apart", [], [(1, 2, 3, 4)]),
    ("no ReLU", [], [(1, 2, 3)]),
    ("no Scale", [], []),
    ("ReLU alone", [(1, 2)], [(1, 2)]),
    ("ReLU alone, apart", [], [(1, 2)]),
    ("another layer between", [], [(2, 4, 5, 6)]),  # 1 is the Split of x
    ("sum, normalized last", [(6, 7)], [(2, 3, 4), (6, 7)]),
    ("two blocks", [(6, 7), (10, 11)], [(2, 3, 4), (6, 7), (10, 11)]),
])
def test_what_runs_as_one(name, plain, optimized):
    pytest.importorskip("caffepy.kernels.onednn")
    for optimize, expected in ((False, plain), (True, optimized)):
        net = build(NETS[name], optimize=optimize)
        if net.context.engines[0].name != "onednn":
            pytest.skip("oneDNN is not installed")
        assert [f.numbers for f in net.executor.fused.values()] == expected


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("name", NETS)
def test_what_is_no_number_is_not_hidden(name, optimize, engine):
    """A net that diverges must show it in its loss, as the original's does."""
    net = build(NETS[name], engine=engine, optimize=optimize)
    net.blobs["x"].data[0, 0, 0, 0] = np.nan
    assert np.isnan(net.forward())


@pytest.mark.parametrize("name", NETS)
def test_statistics_fold_into_the_convolution_of_a_test_net(name, engine):
    nets = [build(NETS[name], caffe_pb2.TEST, engine, optimize=o) for o in (False, True)]
    trained = build(NETS[name], engine=engine)
    results(trained)
    for net in nets:
        net.share_trained_layers(trained)
    before, folded = (net.forward() for net in nets)
    assert folded == pytest.approx(before, rel=1e-5)
    # what was folded is made anew when something of it changes
    trained.params["conv"][0].data[...] *= 2
    if "norm" in trained.params:
        trained.params["norm"][0].data[...] += 1
    after, folded = (net.forward() for net in nets)
    assert after != pytest.approx(before, rel=1e-3)
    assert folded == pytest.approx(after, rel=1e-5)


def test_a_new_shape(engine):
    nets = [build(NETS["in place"], engine=engine, optimize=optimize) for optimize in (False, True)]
    for net in nets:
        results(net)
        rng = np.random.default_rng(2)
        for name in net.input_names:
            blob = net.blobs[name]
            blob.reshape(5, *blob.shape[1:])
            blob.data[...] = rng.normal(size=blob.shape)
    for one, other in zip(*map(results, nets), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=CLOSE)


def test_hooks_see_every_layer():
    net = build(NETS["in place"], optimize=True)
    seen = []
    net.after_forward.append(seen.append)
    loss = net.forward()
    net.backward()
    assert seen == list(range(len(net.layers)))
    assert loss == pytest.approx(build(NETS["in place"]).forward())


def test_layers_are_done_from_last_to_first():
    net = build(NETS["another layer between"], optimize=True)
    gradients = {}
    net.clear_param_diffs(), net.forward()
    net.launch_backward(layer_done=lambda i: gradients.update(
        {i: [blob.diff.copy() for blob in net.layers[i].blobs]}))
    assert list(gradients) == sorted(gradients, reverse=True)
    for i, taken in gradients.items():  # nothing is added after a layer was said to be done
        for blob, gradient in zip(net.layers[i].blobs, taken, strict=True):
            np.testing.assert_array_equal(gradient, blob.diff)


def test_a_part_of_what_ran_as_one():
    net = build(NETS["in place"], optimize=True)
    net.forward()
    with pytest.raises(ConfigError, match="cannot begin or end between layers"):
        net.backward_range(5, 3)
    with pytest.raises(ConfigError, match="cannot begin or end between layers"):
        net.backward_range(3, 0)
    # run in parts, the layers run by themselves, and backward may begin anywhere
    net.forward_range(0, 2)
    net.forward_range(3, 5)
    net.backward_range(5, 3)
    net.backward_range(2, 0)
    plain = build(NETS["in place"])
    plain.forward()
    plain.backward()
    np.testing.assert_allclose(net.blobs["x"].diff, plain.blobs["x"].diff, rtol=1e-4, atol=1e-6)


def test_a_convolution_shows_its_own_values_when_the_net_stops_there():
    net = build(NETS["ReLU alone"])
    net.forward_range(0, 1)
    assert (net.blobs["c"].data < 0).any()
    net.forward_range(2, 3)
    assert (net.blobs["c"].data >= 0).all()
