"""caffepy.Net: how it is made, and what is in it."""


import pycaffe_nets
import pytest
from numpy.testing import assert_array_equal
from pycaffe_nets import data, net_of

import caffepy
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import caffe_pb2, text


def test_both_constructors_and_their_keywords(deploy, net, tmp_path):
    weights = str(tmp_path / "w.caffemodel")
    net.save(weights)
    made = [
        caffepy.Net(deploy, weights, caffepy.TEST),
        caffepy.Net(deploy, weights, phase=caffepy.TEST),
        caffepy.Net(deploy, weights=weights, phase=caffepy.TEST),
        caffepy.Net(deploy, caffepy.TEST, weights=weights),
        caffepy.Net(deploy, caffepy.TEST, 0, None, weights),
        caffepy.Net(network_file=deploy, phase=caffepy.TEST, weights=tmp_path / "w.caffemodel"),
    ]
    for other in made:
        assert other.phase == caffepy.TEST
        assert_array_equal(other.params["conv"][0].data, net.params["conv"][0].data)


def test_a_net_can_be_made_of_a_message(net):
    param = caffe_pb2.NetParameter()
    text.parse(pycaffe_nets.DEPLOY, param)
    assert list(caffepy.Net(param, caffepy.TEST).blobs) == list(net.blobs)


@pytest.mark.parametrize("args, options", [
    ((), {}), (("w.caffemodel",), {}), ((), {"phase": 7}), ((None,), {}),
])
def test_a_net_needs_a_phase(deploy, args, options):
    with pytest.raises(ConfigError, match=r"needs a phase.*caffe.TRAIN or caffe.TEST"):
        caffepy.Net(deploy, *args, **options)


def test_a_net_that_optimizes(tmp_path):
    start, end = pycaffe_nets.DEPLOY.split('layer { name: "prob"')
    more = """layer { name: "more" type: "InnerProduct" bottom: "ip" top: "more"
      inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
    """
    longer = start + more + 'layer { name: "prob"' + end.replace('"ip"', '"more"')
    net, fast = (net_of(tmp_path, longer, caffepy.TEST, optimize=optimize)
                 for optimize in (False, True))
    fast.share_with(net)
    x = data(*net.blobs["data"].shape)
    want = net.forward(data=x)["prob"]
    assert_array_equal(fast.forward(data=x)["prob"], want)
    with pytest.raises(ConfigError, match="values of blob 'conv' are not kept.*optimize=True"):
        fast.forward(blobs=["conv"])
    assert_array_equal(fast.forward()["prob"], want)
    assert_array_equal(fast.blobs["data"].data, x)


def test_wrong_arguments_are_told_as_by_python(deploy):
    with pytest.raises(TypeError, match="unexpected keyword argument 'stage'.*stages"):
        caffepy.Net(deploy, caffepy.TEST, stage="x")
    with pytest.raises(TypeError, match="multiple values for argument 'phase'"):
        caffepy.Net(deploy, caffepy.TEST, phase=caffepy.TEST)
    with pytest.raises(TypeError, match="at most 4"):
        caffepy.Net(deploy, caffepy.TEST, 0, None, None, 1)


def test_level_and_stages_choose_layers(tmp_path):
    prototxt = pycaffe_nets.DEPLOY + """
        layer { name: "a" type: "Split" bottom: "prob" top: "a" include { stage: "extra" } }
        layer { name: "b" type: "Split" bottom: "data" top: "b" include { min_level: 2 } }"""
    assert "a" not in net_of(tmp_path, prototxt).layer_dict
    assert "a" in net_of(tmp_path, prototxt, stages=["extra"]).layer_dict
    assert "a" in net_of(tmp_path, prototxt, stages="extra").layer_dict
    assert "b" in net_of(tmp_path, prototxt, level=2).layer_dict


def test_a_wrong_prototxt_leaves_process_and_earlier_nets_usable(net, tmp_path):
    before = net.forward(data=data(4, 2, 6, 6))["prob"].copy()
    for broken in ("layer { name: ", 'layer { name: "x" type: "Nothing" }',
                   pycaffe_nets.DEPLOY.replace("kernel_size: 3", "kernel_size: 30"),
                   pycaffe_nets.DEPLOY.replace('bottom: "conv"', 'bottom: "vonc"')):
        with pytest.raises(CaffeError, match="net.prototxt"):
            net_of(tmp_path, broken)
    with pytest.raises(NotFound):
        caffepy.Net(str(tmp_path / "none.prototxt"), caffepy.TEST)
    assert_array_equal(net.forward()["prob"], before)

def test_names_and_ids(net):
    assert list(net.blobs) == net._blob_names == ["data", "conv", "ip", "prob"]
    assert list(net._layer_names) == ["data", "conv", "relu", "ip", "prob"]
    assert [net._blobs[i] for i in net._inputs] == [net.blobs["data"]]
    assert [net._blob_names[i] for i in net._outputs] == net.outputs == ["prob"]
    assert net.inputs == ["data"]
    assert list(net._top_ids(2)) == list(net._bottom_ids(2)) == [1], "ReLU works in place"
    assert list(net._bottom_ids(0)) == []
    assert net.top_names["conv"] == ["conv"] and net.bottom_names["conv"] == ["data"]
    assert list(net.top_names) == list(net.bottom_names) == list(net._layer_names)
    assert [layer.type for layer in net.layers] == [
        "Input", "Convolution", "ReLU", "InnerProduct", "Softmax"]
    assert net.layer_dict["ip"] is net.layers[3]
    assert net.layers[3].blobs[0] is net.params["ip"][0]
    assert list(net.params) == ["conv", "ip"]
    assert [blob.data.shape for blob in net.params["conv"]] == [(3, 2, 3, 3), (3,)]
    assert (net.name, net.phase) == ("small", caffepy.TEST)


def test_a_name_that_is_not_there_is_a_key_error_with_the_nearest(net):
    for look in (lambda: net.blobs["probb"], lambda: net.params["covn"],
                 lambda: net.layer_dict["Relu"], lambda: net.top_names["prop"]):
        with pytest.raises(KeyError, match="allowed: .*Did you mean (prob|conv|relu)?"):
            look()
    assert net.blobs.get("probb") is None and "probb" not in net.blobs


def test_loss_weights_by_blob(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    assert net.blob_loss_weights == {"data": 0, "label": 0, "ip": 0, "loss": 2}
    assert list(net._blob_loss_weights) == [0, 0, 0, 2]


def test_automatic_tops_are_blobs_too(tmp_path):
    prototxt = pycaffe_nets.LOSSES.replace('top: "loss"', "")
    net = net_of(tmp_path, prototxt)
    assert net._blob_names[-1] == "(automatic)"
    assert net.top_names["loss"] == ["(automatic)"]
    assert net.blob_loss_weights["(automatic)"] == 2
    net.blobs["label"].data[...] = 1
    assert net.forward(end="loss")["(automatic)"] > 0


def test_repr_is_a_table(net):
    lines = repr(net).splitlines()
    assert lines[0] == "Net 'small', TEST: 5 layers, 302 parameters"
    assert [line.split() for line in lines[1:4]] == [
        ["layer", "type", "tops", "parameters"],
        ["data", "Input", "data", "4x2x6x6"],
        ["conv", "Convolution", "conv", "4x3x4x4", "3x2x3x3", "3"],
    ]
    assert len({line.index(word) for line, word in zip(
        lines[1:4], ("type", "Input", "Convolution"), strict=True)}) == 1
