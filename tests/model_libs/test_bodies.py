"""VGG, ZF, ResNet and Inception in their variants, by the names and windows of weiliu89's."""

import pytest
from google.protobuf import text_format
from model_rows import rows, started

import caffepy
from caffepy.model_libs import (
    ConvBNLayer,
    InceptionTower,
    InceptionV3Body,
    ResBody,
    ResNet101Body,
    ResNet152Body,
    UnpackVariable,
    VGGNetBody,
    ZFNetBody,
    check_if_exist,
    make_if_not_exist,
)
from caffepy.proto import caffe_pb2


def layers(text):
    return [str(layer) for layer in text_format.Parse(text, caffe_pb2.NetParameter()).layer]


BN_SCALE = """
layer { name: "c_a" type: "Convolution" bottom: "data" top: "c_a" param { lr_mult: 3 decay_mult: 1 }
        convolution_param { num_output: 8 bias_term: false pad: 1 kernel_size: 3 stride: 2
                            weight_filler { type: "gaussian" std: 0.01 } dilation: 2 } }
layer { name: "a_bn" type: "BatchNorm" bottom: "c_a" top: "c_a"
        param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }
        param { lr_mult: 0 decay_mult: 0 }
        batch_norm_param { moving_average_fraction: 0.999 eps: 0.001 } }
layer { name: "a_scale" type: "Scale" bottom: "c_a" top: "c_a"
        param { lr_mult: 3 decay_mult: 0 } param { lr_mult: 3 decay_mult: 0 }
        scale_param { filler { type: "constant" value: 1 } bias_term: true
                      bias_filler { type: "constant" value: 0 } } }
layer { name: "c_a_relu" type: "ReLU" bottom: "c_a" top: "c_a" }
"""
BN_BIAS = """
layer { name: "a" type: "Convolution" bottom: "data" top: "a" param { lr_mult: 1 decay_mult: 1 }
        convolution_param { num_output: 8 bias_term: false kernel_h: 1 kernel_w: 7 pad_h: 0 pad_w: 3
                            stride_h: 1 stride_w: 1 weight_filler { type: "gaussian" std: 0.01 } } }
layer { name: "a_bn" type: "BatchNorm" bottom: "a" top: "a"
        param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }
        param { lr_mult: 0 decay_mult: 0 }
        batch_norm_param { use_global_stats: true eps: 0.01 } }
layer { name: "a_bias" type: "Bias" bottom: "a" top: "a" param { lr_mult: 0 decay_mult: 0 }
        bias_param { filler { type: "constant" value: 0 } } }
"""


def test_a_convolution_with_what_follows_it():
    net = started()
    ConvBNLayer(net, "data", "a", True, True, 8, 3, 1, 2, dilation=2, lr_mult=3, conv_prefix="c_")
    assert [str(layer) for layer in net.to_proto().layer[1:]] == layers(BN_SCALE)
    net = started()
    ConvBNLayer(net, "data", "a", True, False, 8, [1, 7], [0, 3], [1, 1], use_scale=False, eps=0.01,
                use_global_stats=True)
    assert [str(layer) for layer in net.to_proto().layer[1:]] == layers(BN_BIAS)


def test_small_helpers(tmp_path):
    assert UnpackVariable(3, 2) == UnpackVariable([3], 2) == [3, 3]
    assert UnpackVariable([1, 2], 2) == [1, 2]
    make_if_not_exist(str(tmp_path / "a" / "b"))
    make_if_not_exist(str(tmp_path / "a" / "b"))
    assert check_if_exist(str(tmp_path / "a" / "b")) and not check_if_exist(str(tmp_path / "c"))


def vgg(**settings):
    net = started()
    assert VGGNetBody(net, "data", **settings) is net
    return rows(net)


@pytest.mark.parametrize("settings, fc6", [
    ({"reduced": True, "dilated": True}, "1024 3 6 0 d6"), ({"dilated": True}, "4096 7 6 0 d2"),
    ({"reduced": True}, "1024 3 3 0 d3"), ({}, "4096 7 3 0"),
    ({"reduced": True, "dilated": True, "dilate_pool4": True}, "1024 3 12 0 d12")])
def test_vgg_fully_convolutional(settings, fc6):
    found = vgg(fully_conv=True, **settings)
    wide = settings.get("dilate_pool4")
    assert f"pool4 Pooling < conv4_3: {'MAX 3 1 1' if wide else 'MAX 2 0 2'}" in found
    assert f"conv5_3 Convolution < conv5_2: 512 3 {'2 0 d2' if wide else '1 0'}" in found
    pool = "MAX 3 1 1" if settings.get("dilated") else "MAX 2 0 2"
    channels = fc6.split()[0]
    assert found[-7:] == [
        f"pool5 Pooling < conv5_3: {pool}", f"fc6 Convolution < pool5: {fc6}",
        "relu6 ReLU < fc6 > fc6", "drop6 Dropout < fc6 > fc6",
        f"fc7 Convolution < fc6: {channels} 1 0 0",
        "relu7 ReLU < fc7 > fc7", "drop7 Dropout < fc7 > fc7"]


def test_vgg_dense_and_without_pooling():
    assert vgg(dropout=False)[-5:] == [
        "pool5 Pooling < conv5_3: MAX 2 0 2", "fc6 InnerProduct < pool5", "relu6 ReLU < fc6 > fc6",
        "fc7 InnerProduct < fc6", "relu7 ReLU < fc7 > fc7"]
    assert vgg(need_fc=False)[-1] == "relu5_3 ReLU < conv5_3 > conv5_3"
    found = [row for row in vgg(nopool=True, fully_conv=True) if ": " in row and " 3 1 2" in row]
    assert found == [
        "conv1_3 Convolution < conv1_2: 64 3 1 2", "conv2_3 Convolution < conv2_2: 128 3 1 2",
        "conv3_4 Convolution < conv3_3: 256 3 1 2", "conv4_4 Convolution < conv4_3: 512 3 1 2",
        "conv5_4 Convolution < conv5_3: 512 3 1 2"]


def test_layers_that_do_not_learn():
    net = started()
    VGGNetBody(net, "data", freeze_layers=["conv1_1", "nothing"])
    learned = {layer.name: [p.lr_mult for p in layer.param] for layer in net.to_proto().layer}
    assert learned["conv1_1"] == [0, 0] and learned["conv1_2"] == [1, 2]


ZF = """
conv1 Convolution < data: 96 7 3 2
relu1 ReLU < conv1 > conv1
norm1 LRN < conv1
pool1 Pooling < norm1: MAX 3 1 2
conv2 Convolution < pool1: 256 5 2 2
relu2 ReLU < conv2 > conv2
norm2 LRN < conv2
pool2 Pooling < norm2: MAX 3 1 2
conv3 Convolution < pool2: 384 3 1 0
relu3 ReLU < conv3 > conv3
conv4 Convolution < conv3: 384 3 1 0
relu4 ReLU < conv4 > conv4
conv5 Convolution < conv4: 256 3 1 0
relu5 ReLU < conv5 > conv5
"""


@pytest.mark.parametrize("settings, pool, fc6, fc7", [
    ({}, 2, "InnerProduct < pool5", "InnerProduct < fc6"),
    ({"fully_conv": True}, 2, "Convolution < pool5: 4096 6 2 0", "Convolution < fc6: 4096 1 0 0"),
    ({"fully_conv": True, "reduced": True}, 2, "Convolution < pool5: 1024 3 2 0 d2",
     "Convolution < fc6: 1024 1 0 0"),
    ({"fully_conv": True, "dilated": True}, 1, "Convolution < pool5: 4096 6 5 0 d2",
     "Convolution < fc6: 4096 1 0 0"),
    ({"fully_conv": True, "dilated": True, "reduced": True}, 1,
     "Convolution < pool5: 1024 3 5 0 d5", "Convolution < fc6: 1024 1 0 0")])
def test_zf(settings, pool, fc6, fc7):
    net = started()
    ZFNetBody(net, "data", dropout=False, need_fc8=True, **settings)
    fc8 = "Convolution < fc7: 1000 1 0 0" if settings else "InnerProduct < fc7"
    assert rows(net)[1:] == [
        *ZF.strip().splitlines(), f"pool5 Pooling < conv5: MAX 3 1 {pool}", f"fc6 {fc6}",
        "relu6 ReLU < fc6 > fc6", f"fc7 {fc7}", "relu7 ReLU < fc7 > fc7", f"fc8 {fc8}",
        "prob Softmax < fc8"]


BLOCK = """
res2a_branch1 Convolution < data: 256 1 0 1
bn2a_branch1 BatchNorm < res2a_branch1 > res2a_branch1
scale2a_branch1 Scale < res2a_branch1 > res2a_branch1
res2a_branch2a Convolution < data: 64 1 0 1
bn2a_branch2a BatchNorm < res2a_branch2a > res2a_branch2a
scale2a_branch2a Scale < res2a_branch2a > res2a_branch2a
res2a_branch2a_relu ReLU < res2a_branch2a > res2a_branch2a
res2a_branch2b Convolution < res2a_branch2a: 64 3 1 1
bn2a_branch2b BatchNorm < res2a_branch2b > res2a_branch2b
scale2a_branch2b Scale < res2a_branch2b > res2a_branch2b
res2a_branch2b_relu ReLU < res2a_branch2b > res2a_branch2b
res2a_branch2c Convolution < res2a_branch2b: 256 1 0 1
bn2a_branch2c BatchNorm < res2a_branch2c > res2a_branch2c
scale2a_branch2c Scale < res2a_branch2c > res2a_branch2c
res2a Eltwise < res2a_branch1 res2a_branch2c
res2a_relu ReLU < res2a > res2a
"""  # as in public nets


def test_a_residual_block():
    net = started()
    ResBody(net, "data", "2a", 64, 64, 256, 1, True)
    assert rows(net)[1:] == BLOCK.strip().splitlines()


@pytest.mark.parametrize("body, third, fourth", [(ResNet101Body, 3, 22), (ResNet152Body, 7, 35)])
@pytest.mark.parametrize("dilated", [False, True])
def test_residual_nets(body, third, fourth, dilated):
    net = started()
    body(net, "data", use_dilation_conv5=dilated, use_global_stats=True)
    found = rows(net)
    assert found[1:6] == [
        "conv1 Convolution < data: 64 7 3 2", "bn_conv1 BatchNorm < conv1 > conv1",
        "scale_conv1 Scale < conv1 > conv1", "conv1_relu ReLU < conv1 > conv1",
        "pool1 Pooling < conv1: MAX 3 0 2"]
    sums = [row for row in found if "Eltwise" in row]
    blocks = ["2a", "2b", "2c", "3a", *(f"3b{i + 1}" for i in range(third)), "4a",
              *(f"4b{i + 1}" for i in range(fourth)), "5a", "5b", "5c"]
    before = dict(zip(blocks[1:], blocks[:-1], strict=True))
    assert sums == [
        f"res{name} Eltwise < res{name}_branch1 res{name}_branch2c" if name.endswith("a") else
        f"res{name} Eltwise < res{before[name]} res{name}_branch2c" for name in blocks]
    assert "res3a_branch2a Convolution < res2c: 128 1 0 2" in found
    assert "res3b1_branch2a Convolution < res3a: 128 1 0 1" in found
    stride, wide = (1, "2 1 d2") if dilated else (2, "1 1")
    below = f"res4b{fourth}"
    assert f"res5a_branch1 Convolution < {below}: 2048 1 0 {stride}" in found
    assert f"res5a_branch2a Convolution < {below}: 512 1 0 {stride}" in found
    assert f"res5c_branch2b Convolution < res5c_branch2a: 512 3 {wide}" in found
    assert found[-1] == "pool5 Pooling < res5c: AVE global"
    scale = next(layer for layer in net.to_proto().layer if layer.type == "Scale")
    assert [p.lr_mult for p in scale.param] == [0, 0]


# of each block's tower its convolutions and poolings, as the original lists them
INCEPTION = """
mixed: conv 64 1 0 1 | tower/conv 48 1 0 1, tower/conv_1 64 5 2 1 | tower_1/conv 64 1 0 1, \
tower_1/conv_1 96 3 1 1, tower_1/conv_2 96 3 1 1 | tower_2/pool AVE 3 1 1, tower_2/conv 32 1 0 1
mixed_2: conv 64 1 0 1 | tower/conv 48 1 0 1, tower/conv_1 64 5 2 1 | tower_1/conv 64 1 0 1, \
tower_1/conv_1 96 3 1 1, tower_1/conv_2 96 3 1 1 | tower_2/pool AVE 3 1 1, tower_2/conv 64 1 0 1
mixed_3: conv 384 3 0 2 | tower/conv 64 1 0 1, tower/conv_1 96 3 1 1, tower/conv_2 96 3 0 2 | \
pool MAX 3 0 2
mixed_4: conv 192 1 0 1 | tower/conv 128 1 0 1, tower/conv_1 128 1x7 0x3 1x1, \
tower/conv_2 192 7x1 3x0 1x1 | tower_1/conv 128 1 0 1, tower_1/conv_1 128 7x1 3x0 1x1, \
tower_1/conv_2 128 1x7 0x3 1x1, tower_1/conv_3 128 7x1 3x0 1x1, tower_1/conv_4 192 1x7 0x3 1x1 | \
tower_2/pool AVE 3 1 1, tower_2/conv 192 1 0 1
mixed_8: tower/conv 192 1 0 1, tower/conv_1 320 3 0 2 | tower_1/conv 192 1 0 1, \
tower_1/conv_1 192 1x7 0x3 1x1, tower_1/conv_2 192 7x1 3x0 1x1, tower_1/conv_3 192 3 0 2 | \
pool MAX 3 0 2
mixed_9: conv 320 1 0 1 | tower/conv 384 1 0 1 | tower/mixed/conv 384 1x3 0x1 1x1 | \
tower/mixed/conv_1 384 3x1 1x0 1x1 | tower_1/conv 448 1 0 1, tower_1/conv_1 384 3 1 1 | \
tower_1/mixed/conv 384 1x3 0x1 1x1 | tower_1/mixed/conv_1 384 3x1 1x0 1x1 | \
tower_2/pool AVE 3 1 1, tower_2/conv 192 1 0 1
"""


def windows(found, block):
    """``name window`` of a block's convolutions and poolings, in order."""
    return [f"{row.split()[0].removeprefix(block + '/')} {row.split(': ')[1]}"
            for row in found if row.startswith(f"{block}/") and ": " in row]


def test_inception(tmp_path):
    net = started((1, 3, 299, 299))
    InceptionV3Body(net, "data", output_pred=True)
    found = rows(net)
    for line in INCEPTION.strip().splitlines():
        block, text = line.split(": ", 1)
        assert windows(found, block) == text.replace(" | ", ", ").split(", "), block
    for block, channels in ((5, 160), (6, 160), (7, 192)):
        assert f"tower/conv_1 {channels} 1x7 0x3 1x1" in windows(found, f"mixed_{block}")
    assert "tower_2/pool MAX 3 1 1" in windows(found, "mixed_10")
    for row in ("mixed_9/join Concat < mixed_9/conv mixed_9/tower/mixed mixed_9/tower_1/mixed "
                "mixed_9/tower_2/conv",
                "mixed_9/tower_1/mixed Concat < mixed_9/tower_1/mixed/conv "
                "mixed_9/tower_1/mixed/conv_1",
                "mixed_9/tower/mixed/conv_1 Convolution < mixed_9/tower/conv: 384 3x1 1x0 1x1",
                "mixed_3/join Concat < mixed_3/conv mixed_3/tower/conv_2 mixed_3/pool",
                "mixed/conv Convolution < pool_1: 64 1 0 1", "pool_1 Pooling < conv_4: MAX 3 0 2",
                "conv_2 Convolution < conv_1: 64 3 1 1", "conv_bias Bias < conv > conv"):
        assert row in found
    assert found[-3:] == ["pool_3 Pooling < mixed_10/join: AVE 8 0 1", "softmax InnerProduct < "
                          "pool_3", "softmax_prob Softmax < softmax"]
    thin = net.to_proto()
    for layer in thin.layer:  # an eighth of the channels, for speed
        layer.convolution_param.num_output //= 8
    (tmp_path / "net.prototxt").write_text(str(thin))
    made = caffepy.Net(str(tmp_path / "net.prototxt"), caffepy.TEST)
    assert made.blobs["mixed_10/join"].shape == (1, 2048 // 8, 8, 8), "as in the paper"
    assert made.blobs["mixed/join"].shape == (1, 256 // 8, 35, 35)


def test_a_tower_leaves_what_it_is_given():
    net, given = started(), [{"name": "conv", "num_output": 3, "kernel_size": 1, "pad": 0,
                              "stride": 1}]
    top = InceptionTower(net, "data", "t", given, eps=0.5)
    assert top is net["t/conv"] and given[0]["name"] == "conv"
    assert net.to_proto().layer[2].batch_norm_param.eps == 0.5
