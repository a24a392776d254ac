"""NetSpec: what calls and assignments make of a net, compared as messages."""

import copy
import logging

import numpy as np
import pytest

from caffepy import TEST, Net
from caffepy.core import registry
from caffepy.errors import CaffeError, ConfigError
from caffepy.net_spec import (
    Function,
    NetSpec,
    NotATop,
    Top,
    UnknownName,
    assign_proto,
    layers,
    param_name_dict,
    params,
    to_proto,
)
from caffepy.proto import caffe_pb2, text

L, P = layers, params

LENET = """
layer { name: "data" type: "DummyData" top: "data" top: "label"
  transform_param { scale: 0.5 }
  dummy_data_param { shape { dim: 2 dim: 1 dim: 28 dim: 28 } shape { dim: 2 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
  inner_product_param { num_output: 10 } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip1" bottom: "label" top: "loss"
  loss_weight: 0.5 include { phase: TRAIN } }
"""


def parsed(prototxt):
    net = caffe_pb2.NetParameter()
    text.parse(prototxt, net)
    return net


def lenet():
    n = NetSpec()
    n.data, n.label = L.DummyData(
        shape=[dict(dim=[2, 1, 28, 28]), dict(dim=2)], transform_param=dict(scale=0.5), ntop=2)
    n.conv1 = L.Convolution(
        n.data, num_output=20, kernel_size=5, weight_filler=dict(type="xavier"),
        param=[dict(lr_mult=1), dict(lr_mult=2, decay_mult=0)])
    n.pool1 = L.Pooling(n.conv1, pool=P.Pooling.MAX, kernel_size=2, stride=2)
    n["ip1"] = L.InnerProduct(n.pool1, num_output=10)
    n.relu1 = L.ReLU(n["ip1"], in_place=True)
    n.loss = L.SoftmaxWithLoss(n.relu1, n.label, loss_weight=0.5,
                               include=dict(phase=caffe_pb2.TRAIN))
    return n


def test_a_spec_is_the_net_one_would_write():
    assert lenet().to_proto() == parsed(LENET)


def test_its_net_runs(tmp_path):
    (tmp_path / "net.prototxt").write_text(str(lenet().to_proto()))
    net = Net(tmp_path / "net.prototxt", TEST)
    net.forward()
    assert net.blobs["ip1"].data.shape == (2, 10)
    assert net.blobs["ip1"].data.min() >= 0  # the ReLU in place


def test_names_count_by_type_where_nothing_was_assigned():
    data, label = L.DummyData(shape=[dict(dim=[2, 3]), dict(dim=2)], ntop=2)
    ip = L.ReLU(L.InnerProduct(data, num_output=4), in_place=True)
    net = L.SoftmaxWithLoss(L.InnerProduct(ip, num_output=2), label).to_proto()
    assert [(x.name, list(x.top)) for x in net.layer] == [
        ("DummyData1", ["DummyData1", "DummyData2"]), ("InnerProduct1", ["InnerProduct1"]),
        ("ReLU1", ["InnerProduct1"]), ("InnerProduct2", ["InnerProduct2"]),
        ("SoftmaxWithLoss1", ["SoftmaxWithLoss1"])]
    assert list(net.layer[4].bottom) == ["InnerProduct2", "DummyData2"]


def test_layers_behind_several_tops_come_once_and_in_order():
    data = L.Input(shape=dict(dim=[1, 2]))
    left, right = L.ReLU(data), L.Sigmoid(data)
    assert [x.name for x in to_proto(left, right).layer] == ["Input1", "ReLU1", "Sigmoid1"]
    both = L.Eltwise(right, left).to_proto()
    assert [x.name for x in both.layer] == ["Input1", "Sigmoid1", "ReLU1", "Eltwise1"]


def test_layers_without_tops_are_functions_and_have_names_too():
    n = NetSpec()
    n.a, n.b = L.DummyData(shape=dict(dim=3), ntop=2)
    n.quiet = L.Silence(n.a, ntop=0)
    other = L.Silence(n.b, ntop=0)
    assert isinstance(n.quiet, Function)
    assert [x.name for x in n.to_proto().layer] == ["a", "quiet"]
    names = [x.name for x in to_proto(n.quiet, other).layer]
    assert names == ["DummyData1", "Silence1", "Silence2"]


def test_a_net_may_be_deeper_than_pythons_recursion():
    top = L.Input(shape=dict(dim=1))
    for _ in range(3000):
        top = L.ReLU(top)
    assert len(top.to_proto().layer) == 3001


def test_name_can_be_given_and_params_of_any_message():
    data = L.Input(input_param=dict(shape=[dict(dim=[1, 3, 8, 8])]), name="in")
    layer = L.Python(data, module="m", layer="C", param_str="{}", name="mine").to_proto().layer[1]
    assert (layer.name, list(layer.bottom)) == ("mine", ["Input1"])
    assert (layer.python_param.module, layer.python_param.layer) == ("m", "C")
    # the field of another type's message, which the registry knows to be Deconvolution's
    up = L.Deconvolution(data, num_output=3, kernel_size=[2, 3]).to_proto().layer[1]
    assert list(up.convolution_param.kernel_size) == [2, 3]


def test_param_names_come_from_the_registry():
    names = param_name_dict()
    assert names["Convolution"] == names["Deconvolution"] == "convolution"
    assert names["InnerProduct"] == "inner_product"
    assert set(names) == {entry.type for entry in registry.entries() if entry.param}
    assert "ReLU" in dir(L) and "Pooling" in dir(P) and "MAX" in dir(P.Pooling)


@pytest.mark.parametrize("value", [3, [3], (3,), np.array([3]), np.int64(3)])
def test_repeated_numbers_take_one_or_a_sequence(value):
    p = caffe_pb2.ConvolutionParameter()
    assign_proto(p, "kernel_size", value)
    assert list(p.kernel_size) == [3]


def test_fields_take_dicts_messages_names_and_numpy_numbers():
    layer = caffe_pb2.LayerParameter()
    assign_proto(layer, "pooling_param", dict(pool="AVE", kernel_size=np.uint8(2)))
    assert (layer.pooling_param.pool, layer.pooling_param.kernel_size) == (P.Pooling.AVE, 2)
    assign_proto(layer, "param", caffe_pb2.ParamSpec(lr_mult=2))
    assign_proto(layer, "param", [dict(lr_mult=np.float32(0.5)), caffe_pb2.ParamSpec(name="w")])
    assert [(p.lr_mult, p.name) for p in layer.param] == [(2, ""), (0.5, ""), (1, "w")]
    filler = caffe_pb2.FillerParameter(type="msra")
    assign_proto(layer, "convolution_param", dict(weight_filler=filler))
    assert layer.convolution_param.weight_filler == filler


def test_spec_is_a_mapping_of_tops():
    n = lenet()
    assert list(n.keys())[:3] == ["data", "label", "conv1"]
    assert list(n.vals())[2] is n.conv1 is n["conv1"]
    assert isinstance(n.conv1, Top) and "conv1" in n and "conv1" in dir(n)
    n.update("conv1", dict(num_output=7))
    assert n.to_proto().layer[1].convolution_param.num_output == 7
    del n["loss"]
    del n.relu1
    assert [x.name for x in n.to_proto().layer][-1] == "ip1"
    assert not hasattr(n, "loss")
    twin = copy.copy(n)
    assert twin.to_proto() == n.to_proto()


@pytest.mark.parametrize("make, words", [
    (lambda: L.Convolutoin, "Unknown layer type: Convolutoin. Did you mean Convolution?"),
    (lambda: P.Poling.MAX, "Did you mean Pooling?"),
    (lambda: P.Pooling.MAXIMUM, "MAXIMUM"),
    (lambda: NetSpec().data, "the net has no blob data"),
    (lambda: L.ReLU(L.Input(), slope=1).to_proto(), r"layer 'ReLU1' \(ReLU\).*no setting slope"),
    (lambda: L.Convolution(kernal_size=1).to_proto(), "Did you mean kernel_size?"),
    (lambda: L.Convolution(weight_filler=dict(typ="x")).to_proto(), "Did you mean type?"),
    (lambda: L.Pooling(pool="MAXI").to_proto(), "Did you mean MAX?"),
])
def test_names_that_there_are_not(make, words):
    for kind in (UnknownName, ConfigError, AttributeError, KeyError):  # the last as pycaffe
        with pytest.raises(kind, match=words.replace("?", r"\?")):
            make()


@pytest.mark.parametrize("setting", [
    dict(num_output="many"), dict(num_output=-1), dict(num_output=[1, 2]), dict(num_output=None),
    dict(weight_filler=3), dict(weight_filler=caffe_pb2.ParamSpec()), dict(param=[1]),
    dict(engine=99),
])
def test_values_that_do_not_fit_are_told_with_layer_and_field(setting):
    n = NetSpec()
    n.conv7 = L.Convolution(**setting)
    with pytest.raises(ConfigError, match=rf"conv7.*{next(iter(setting))}"):
        n.to_proto()


def test_only_tops_go_in():
    data = L.DummyData(ntop=2)
    words = r"^Silence input 0 is not a Top \(type is <class 'tuple'>\)$"
    with pytest.raises(TypeError, match=words) as caught:
        L.Silence(data, ntop=0)
    assert isinstance(caught.value, CaffeError)
    L.Silence(*data, ntop=0)
    n = NetSpec()
    with pytest.raises(TypeError, match=r"n\.data, n\.other = "):
        n.data = data
    with pytest.raises(TypeError, match="can be a single top"):
        n.count = 3


# -- types that only other programs know -------------------------------------------------------


def test_types_that_caffepy_does_not_know(caplog):
    """As nets for forks are written; OpenPose even makes a type Layer and cuts it out again."""
    x = L.Input(shape=dict(dim=[1, 2, 3, 3]))
    own = L.Pad(x, param=[dict(lr_mult=0)], include=dict(phase=1), name="m").to_proto().layer[1]
    assert (own.type, own.name, list(own.bottom), list(own.top)) == ("Pad", "m", ["Input1"],
                                                                    ["Pad1"])
    assert own.param[0].lr_mult == 0 and own.include[0].phase == 1
    deep = L.DepthwiseConv(x, convolution_param=dict(num_output=2, kernel_size=3)).to_proto()
    assert deep.layer[1].convolution_param.kernel_size == [3]
    assert str(L.Layer().to_proto().layer[0].type) == "Layer"
    assert "Unknown layer type: Pad" in warned(caplog) and "cannot run it" in warned(caplog)
    for name in ("alpha", "mish_param"):
        with pytest.raises(AttributeError, match=f"'Mish1'.*there is no setting {name}"):
            L.Mish(x, **{name: dict(a=1)}).to_proto()
    for name in ("Relu", "CONVOLUTION", "Poolign"):
        with pytest.raises(UnknownName, match="Did you mean|In .layer. write"):
            getattr(L, name)


def test_settings_by_the_message_of_the_types_name():
    """As in pycaffe, of a type that is in the schema and not registered."""
    crop = next(name for name in ("Transformation",) if hasattr(caffe_pb2, f"{name}Parameter"))
    layer = getattr(L, crop)(scale=2).to_proto().layer[0]
    assert layer.transform_param.scale == 2


def test_the_table_that_scripts_write_into(monkeypatch):
    from caffepy import net_spec

    names = net_spec._param_names
    assert names["Convolution"] == "convolution" and net_spec._param_names is names
    names["DepthwiseConv"] = "convolution"
    assert L.DepthwiseConv(num_output=3).to_proto().layer[0].convolution_param.num_output == 3
    del net_spec._param_names
    with pytest.raises(AttributeError, match="nothing"):
        net_spec.nothing  # noqa: B018


def warned(caplog):
    return "\n".join(record.getMessage() for record in caplog.records)


@pytest.fixture
def caplog(caplog):
    """The records of our own logger, which does not hand them on."""
    logger = logging.getLogger("caffepy")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


# -- tops that are not what they are taken for -------------------------------------------------


def slice_in_three():
    n = NetSpec()
    n.d = L.DummyData(shape=dict(dim=[2, 3]))
    n.a, n.b, n.c = L.Slice(n.d, axis=1)


def two_of_three():
    n = NetSpec()
    n.a, n.b = L.DummyData(ntop=3)


def three_of_two():
    a, b, c = L.DummyData(ntop=2)


def in_place_of_none():
    L.ReLU(L.Input(), in_place=True, ntop=2)


@pytest.mark.parametrize("make, words", [
    (slice_in_three, "Slice makes 1 top here .found 3 names for them.. Give ntop=3"),
    (two_of_three, "DummyData makes 3 tops here .found 2 names for them.. Give ntop=2"),
    (three_of_two, "DummyData makes 2 tops here .found 3 names for them.. Give ntop=3"),
    (lambda: list(L.Input()), "Input makes 1 top here. Give ntop="),
    (in_place_of_none, "ReLU in place has its bottoms for tops .found ntop=2 and 1 bottoms"),
    (lambda: L.Input(ntop="2"), "ntop of Input is how many"),
    (lambda: L.Input(ntop=-1), "ntop of Input is how many"),
    (lambda: L.ReLU("data"), r"Give the top itself, n\['data'\]"),
    (lambda: L.Concat([L.Input(), L.Input()]), r"L\.Concat\(\*tops\)"),
    (lambda: L.ReLU(L.Silence(L.Input(), ntop=0)), "a layer without tops"),
    (lambda: L.ReLU(L.Input().fn), "take one of its tops"),
    (lambda: to_proto(L.Input(ntop=2)), r"to_proto\(\*tops\)"),
    (lambda: to_proto(NetSpec()), r"n\.to_proto\(\)"),
    (lambda: to_proto(*L.DummyData(ntop=2, top=["a"])), r"n\.a = L\.DummyData\(\.\.\., ntop=1\)"),
])
def test_tops_that_cannot_be_meant_so(make, words):
    with pytest.raises(TypeError, match=words) as error:
        make()
    assert isinstance(error.value, ConfigError)


def test_tops_named_by_a_setting():
    x, y = L.DummyData(shape=[dict(dim=[1])] * 2, ntop=2, top=["data", "label"])
    loss = L.EuclideanLoss(x, y, top="loss")
    layers = to_proto(loss).layer
    assert [list(layer.top) for layer in layers] == [["data", "label"], ["loss"]]
    assert list(layers[1].bottom) == ["data", "label"] and layers[0].name == "data"
    n = NetSpec()
    n.data, n.y = L.DummyData(ntop=2, top=["data", "label"])
    with pytest.raises(NotATop, match=r"n\.data, n\.label = L\.DummyData"):
        n.to_proto()
    by_hand = to_proto(L.Python(ntop=0, top=["a", "b"])).layer[0]
    assert list(by_hand.top) == ["a", "b"]


def test_tops_that_are_what_they_are_taken_for(caplog):
    n = NetSpec()
    n.a, *rest = L.DummyData(ntop=3)
    assert len(rest) == 2 and [*L.DummyData(ntop=2)] and tuple(L.DummyData(ntop=2))
    (n.b,) = L.DummyData(ntop=1),
    n.c = L.Python(n.a, n.b, in_place=True, ntop=2)[1]
    n.d = L.Scale(n.a, n.b, in_place=True)
    layers = {layer.type: list(layer.top) for layer in n.to_proto().layer}
    assert layers["Python"] == ["a", "b"] and layers["Scale"] == ["a"]
    assert not caplog.records
    n.e = n.d
    assert n.to_proto() and "n.d and n.e are one top: the blob is called e." in warned(caplog)
