"""Crop layers that line their bottoms up, in the nets whose files count on it: HED and FCN.

The offsets are worked out by hand. A convolution of kernel 3 and pad p moves pixels by p - 1; each
pool of 2 maps y to (y - 0.5) / 2; a deconvolution of kernel k and stride s back to
s y + (k - 1) / 2.
"""

import logging

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.core.crops import align
from caffepy.core.net import Net
from caffepy.core.upgrade import upgrade_net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text


def conv(name, bottom, kernel=3, pad=1, more=""):
    return (f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}"'
            f" convolution_param {{ num_output: 1 kernel_size: {kernel} pad: {pad} {more} }} }}\n")


def relu(name):
    return f'layer {{ name: "{name}_relu" type: "ReLU" bottom: "{name}" top: "{name}" }}\n'


def pool(name, bottom):
    return (f'layer {{ name: "{name}" type: "Pooling" bottom: "{bottom}" top: "{name}"'
            " pooling_param { kernel_size: 2 stride: 2 } }\n")


def up(name, bottom, factor, kernel=None):
    return (f'layer {{ name: "{name}" type: "Deconvolution" bottom: "{bottom}" top: "{name}"'
            f" convolution_param {{ num_output: 1 kernel_size: {kernel or 2 * factor}"
            f" stride: {factor} }} }}\n")


def crop(name, bottom, reference, param="", kind="Crop"):
    return (f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" bottom: "{reference}"'
            f' top: "{name}" {param} }}\n')


def data(size):
    return ('layer { name: "data" type: "Input" top: "data" input_param { shape {'
            f" dim: 1 dim: 1 dim: {size} dim: {size} }} }} }}\n")


def summed(name, first, second):
    return (f'layer {{ name: "{name}" type: "Eltwise" bottom: "{first}" bottom: "{second}"'
            f' top: "{name}" }}\n')


def hed(param="", kind="Crop", size=40):
    """Five side outputs, the first at full size, each other after one pool more; all cropped to
    the picture, joined and fused."""
    words = data(size) + conv("conv1", "data", pad=35) + relu("conv1")
    words += conv("dsn1", "conv1", 1, 0) + crop("crop1", "dsn1", "data", param, kind)
    below = "conv1"
    for stage in range(2, 6):
        words += pool(f"pool{stage}", below) + conv(f"conv{stage}", f"pool{stage}")
        words += relu(below := f"conv{stage}") + conv(f"dsn{stage}", below, 1, 0)
        words += up(f"up{stage}", f"dsn{stage}", 2 ** (stage - 1))
        words += crop(f"crop{stage}", f"up{stage}", "data", param, kind)
    crops = " ".join(f'bottom: "crop{stage}"' for stage in range(1, 6))
    words += f'layer {{ name: "join" type: "Concat" {crops} top: "join" }}\n'
    return words + conv("fuse", "join", 1, 0)


HED = [34, 35, 36, 38, 42]


def fcn(skips, param="crop_param { align: true }", size=32):
    """FCN-32s (no skip), FCN-16s (1) or FCN-8s (2)."""
    words = data(size) + conv("conv1", "data", pad=100)
    below = "conv1"
    for stage in range(1, 6):
        words += pool(f"pool{stage}", below) + conv(f"conv{stage}b", f"pool{stage}")
        below = f"conv{stage}b" if stage < 5 else "pool5"
    words += conv("fc6", below, 7, 0) + relu("fc6") + conv("score5", "fc6", 1, 0)
    score = "score5"
    for stage in range(4, 4 - skips, -1):
        words += up(f"up{stage}", score, 2) + conv(f"score{stage}", f"pool{stage}", 1, 0)
        words += crop(f"crop{stage}", f"score{stage}", f"up{stage}", param)
        words += summed(score := f"sum{stage}", f"up{stage}", f"crop{stage}")
    words += up("upscore", score, 32 >> skips)
    return words + crop("score", "upscore", "data", param)


def net_of(words):
    param = caffe_pb2.NetParameter()
    text.parse(words, param)
    return param


def offsets(words):
    param = net_of(words)
    upgrade_net(param)
    align(param)
    return {layer.name: list(layer.crop_param.offset) for layer in param.layer
            if layer.type in ("Crop", "AutoCrop")}


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, "caffepy")
    return lambda: [record.getMessage() for record in caplog.records
                    if record.levelno == logging.WARNING]


@pytest.mark.parametrize("param, kind", [("crop_param { align: true }", "Crop"), ("", "AutoCrop")])
def test_hed(param, kind, warnings):
    found = offsets(hed(param, kind))
    assert found == {f"crop{i}": [offset] for i, offset in enumerate(HED, 1)}
    net = Net(net_of(hed(param, kind)))
    assert [layer.part[2].start for layer in net.layers if layer.type == "Crop"] == HED
    assert not warnings()


def test_fcn():
    """The published offsets of FCN-32s, 16s and 8s, with pad 100."""
    assert offsets(fcn(0)) == {"score": [19]}
    assert offsets(fcn(1)) == {"crop4": [5], "score": [27]}
    assert offsets(fcn(2)) == {"crop4": [5], "crop3": [9], "score": [31]}
    assert Net(net_of(fcn(2))).blobs["score"].shape == (1, 1, 32, 32)


def test_v1_crop_is_the_forks(warnings):
    words = hed().replace("layer {", "layers {")
    for new, old in (("Convolution", "CONVOLUTION"), ("ReLU", "RELU"), ("Pooling", "POOLING"),
                     ("Deconvolution", "DECONVOLUTION"), ("Crop", "CROP"), ("Concat", "CONCAT")):
        words = words.replace(f'type: "{new}"', f"type: {old}")
    start = words.index("layers", 5)  # an old net has its input as a field
    words = 'input: "data" input_dim: 1 input_dim: 1 input_dim: 40 input_dim: 40 ' + words[start:]
    assert offsets(words) == {f"crop{i}": [offset] for i, offset in enumerate(HED, 1)}
    assert not [line for line in warnings() if "offset" in line]
    # as forks wrote it into binary files
    assert caffe_pb2.V1LayerParameter.LayerType.Value("CROP") == 40


def test_layers_without_crop_param_crop_at_0_and_are_warned_of_once(warnings):
    net = Net(net_of(hed()))
    assert [layer.part[2].start for layer in net.layers if layer.type == "Crop"] == [0] * 5
    said, = warnings()
    assert ("Crop layers 'crop1' (34), 'crop2' (35), 'crop3' (36), 'crop4' (38), 'crop5' (42) "
            "crop at offset 0") in said
    assert "crop_param { align: true }" in said


@pytest.mark.parametrize("param", ["crop_param { }", "crop_param { offset: 0 }",
                                   "crop_param { offset: 34 }", "crop_param { axis: 2 }",
                                   "crop_param { align: false }"])
def test_who_writes_a_crop_param_means_it(param, warnings):
    net = Net(net_of(hed(param)))
    assert {layer.part[2].start for layer in net.layers if layer.type == "Crop"} == {
        34 if "34" in param else 0}
    assert not warnings()


@pytest.mark.parametrize("between", [
    conv("a", "data"),                              # lined up at 0
    conv("a", "data", 3, 3, "stride: 2"),           # another scale
    conv("a", "data", 4, 2) + relu("a"),            # half a pixel off
    conv("a", "data", 5, 0),                        # begins behind the other
    'layer { name: "a" type: "Pooling" bottom: "data" top: "a" pooling_param { '
    "global_pooling: true } }",                     # mixes places
    'layer { name: "a" type: "OfAFork" bottom: "data" top: "a" }',
    'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 1 dim: 60 dim: 60 '
    "} } }",                                        # nothing in common
])
def test_no_warning_where_no_offset_is_better(between, warnings):
    assert offsets(data(40) + between + crop("c", "a", "data")) == {"c": []}
    assert not warnings()


def test_the_way_may_go_over_in_place_split_joined_and_cropped_blobs(warnings):
    words = data(40) + conv("a", "data", 3, 11) + relu("a")
    words += 'layer { name: "cut" type: "Slice" bottom: "a" top: "s" }\n'
    words += 'layer { name: "join" type: "Concat" bottom: "s" bottom: "a" top: "b" }\n'
    words += crop("first", "b", "mid", "crop_param { offset: 4 }").join(
        [conv("mid", "data", 3, 2), ""])
    assert offsets(words + crop("c", "first", "data", "crop_param { align: true }"))["c"] == [6]
    along = words.replace('top: "b"', 'top: "b" concat_param { axis: 2 }')
    with pytest.raises(ConfigError, match="layer 'c'.*connected by spatial layers.*'first' and "
                                          "'data'"):
        offsets(along + crop("c", "first", "data", "crop_param { align: true }"))


@pytest.mark.parametrize("axis, expected", [("", [4, 2]), ("axis: 2", [4, 2]), ("axis: 3", [2]),
                                            ("axis: -1", [2]), ("axis: -2", [4, 2])])
def test_each_axis_has_its_own(axis, expected):
    words = data(20) + conv("a", "data").replace("pad: 1", "pad_h: 5 pad_w: 3")
    words += crop("c", "a", "data", f"crop_param {{ align: true {axis} }}")
    words = words.replace("dim: 20 dim: 20", "dim: 28 dim: 20" if "3" in axis or "-1" in axis
                          else "dim: 20 dim: 20")
    assert offsets(words)["c"] == expected
    if len(expected) == 2:
        net = Net(net_of(words))
        assert [cut.start for cut in net.layer("c").part[2:]] == expected


def test_three_axes_of_pixels():
    words = ('layer { name: "data" type: "Input" top: "data" input_param { shape {'
             " dim: 1 dim: 1 dim: 9 dim: 9 dim: 9 } } }\n")
    words += conv("a", "data", 3, 4) + crop("c", "a", "data", "crop_param { align: true }")
    net = Net(net_of(words))
    assert [cut.start for cut in net.layer("c").part[2:]] == [3, 3, 3]
    assert net.blobs["c"].shape == (1, 1, 9, 9, 9)


@pytest.mark.parametrize("words, said", [
    (conv("a", "data", 3, 3, "stride: 2"), "scale mismatch"),
    (conv("a", "data", 5, 0), "negative offset"),
    (conv("a", "data", 4, 3), "noninteger"),
    ('layer { name: "a" type: "InnerProduct" bottom: "data" top: "a" inner_product_param {'
     " num_output: 2 } }", "layer 'c'.*connected by spatial layers"),
    (conv("a", "data", 3, 3), "both given"),
    (conv("a", "data", 3, 3), "axis: 1"),
])
def test_what_cannot_be_lined_up(words, said):
    more = {"both given": "offset: 2", "axis: 1": "axis: 1"}.get(said, "")
    net = net_of(data(20) + words + crop("c", "a", "data", f"crop_param {{ align: true {more} }}"))
    with pytest.raises(ConfigError, match=said) as raised:
        Net(net)
    assert "layer 'c'" in str(raised.value)


def test_a_dot_comes_out_where_it_went_in():
    words = data(24) + conv("a", "data", 3, 9, "bias_term: false weight_filler {type: 'xavier'}")
    words += up("b", "a", 1, 3).replace("stride: 1", "stride: 1 bias_term: false")
    net = Net(net_of(words + crop("c", "b", "data", "crop_param { align: true }")))
    for name in "ab":
        net.params[name][0].data[0, 0] = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    net.blobs["data"].data[0, 0] = np.arange(24 * 24).reshape(24, 24)
    net.forward()
    assert_array_equal(net.blobs["c"].data, net.blobs["data"].data)


def test_what_is_filled_in_is_the_originals():
    net = Net(net_of(hed("crop_param { align: true }")))
    crops = [layer.crop_param for layer in net.param.layer if layer.type == "Crop"]
    assert [str(own) for own in crops] == [f"offset: {offset}\n" for offset in HED]
