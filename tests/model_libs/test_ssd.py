"""SSD300 on VGG-16, against the train.prototxt that weiliu89's ssd_pascal.py made and which lies in
many public repositories; and the flow of that script."""

import pytest
from google.protobuf import text_format
from model_rows import rows, started

import caffepy
from caffepy.errors import ConfigError
from caffepy.model_libs import ConvBNLayer, CreateMultiBoxHead
from caffepy.proto import caffe_pb2

BODY = """
conv1_1 64 relu1_1 conv1_2 64 relu1_2 pool1 conv2_1 128 relu2_1 conv2_2 128 relu2_2 pool2
conv3_1 256 relu3_1 conv3_2 256 relu3_2 conv3_3 256 relu3_3 pool3
conv4_1 512 relu4_1 conv4_2 512 relu4_2 conv4_3 512 relu4_3 pool4
conv5_1 512 relu5_1 conv5_2 512 relu5_2 conv5_3 512 relu5_3
"""
EXTRA = (("conv6_1", 256, 1, 0, 1), ("conv6_2", 512, 3, 1, 2), ("conv7_1", 128, 1, 0, 1),
         ("conv7_2", 256, 3, 1, 2), ("conv8_1", 128, 1, 0, 1), ("conv8_2", 256, 3, 0, 1),
         ("conv9_1", 128, 1, 0, 1), ("conv9_2", 256, 3, 0, 1))
SOURCES = ("conv4_3", "fc7", "conv6_2", "conv7_2", "conv8_2", "conv9_2")
HEADS = (("conv4_3_norm", 16, 84), ("fc7", 24, 126), ("conv6_2", 24, 126), ("conv7_2", 24, 126),
         ("conv8_2", 16, 84), ("conv9_2", 16, 84))


def expected():
    """The rows of the public net between its data and its loss."""
    found, below = [], "data"
    words = BODY.split()
    for at, word in enumerate(words):
        if word.startswith("conv"):
            found.append(f"{word} Convolution < {below}: {words[at + 1]} 3 1 0")
            below = word
        elif word.startswith("relu"):
            found.append(f"{word} ReLU < {below} > {below}")
        elif word.startswith("pool"):
            found.append(f"{word} Pooling < {below}: MAX 2 0 2")
            below = word
    found += ["pool5 Pooling < conv5_3: MAX 3 1 1", "fc6 Convolution < pool5: 1024 3 6 0 d6",
              "relu6 ReLU < fc6 > fc6", "fc7 Convolution < fc6: 1024 1 0 0",
              "relu7 ReLU < fc7 > fc7"]
    below = "fc7"
    for name, channels, kernel, pad, stride in EXTRA:
        found += [f"{name} Convolution < {below}: {channels} {kernel} {pad} {stride}",
                  f"{name}_relu ReLU < {name} > {name}"]
        below = name
    found.append("conv4_3_norm Normalize < conv4_3")
    for source, boxes, classes in HEADS:
        for what, channels in (("loc", boxes), ("conf", classes)):
            name = f"{source}_mbox_{what}"
            found += [f"{name} Convolution < {source}: {channels} 3 1 1",
                      f"{name}_perm Permute < {name}", f"{name}_flat Flatten < {name}_perm"]
        found.append(f"{source}_mbox_priorbox PriorBox < {source} data")
    for what, end in (("loc", "_flat"), ("conf", "_flat"), ("priorbox", "")):
        bottoms = " ".join(f"{source}_mbox_{what}{end}" for source, *_ in HEADS)
        found.append(f"mbox_{what} Concat < {bottoms}")
    return found


def ssd():
    """A script's way: everything by a star import."""
    names = {}
    exec("import caffe\nfrom caffe.model_libs import *", names)
    net = names["caffe"].NetSpec()
    net.data, net.label = names["CreateAnnotatedDataLayer"](
        "VOC0712_trainval_lmdb", batch_size=8, train=True, output_label=True,
        label_map_file="labelmap_voc.prototxt",
        transform_param={"mirror": True, "resize_param": {
            "resize_mode": names["P"].Resize.WARP, "height": 300, "width": 300,
            "interp_mode": [names["P"].Resize.LINEAR, names["P"].Resize.AREA]},
            "emit_constraint": {"emit_type": names["caffe_pb2"].EmitConstraint.CENTER}},
        batch_sampler=[{"sampler": {}, "max_trials": 1, "max_sample": 1}])
    names["VGGNetBody"](net, from_layer="data", fully_conv=True, reduced=True, dilated=True,
                        dropout=False)
    below = "fc7"
    for name, *window in EXTRA:
        names["ConvBNLayer"](net, below, name, False, True, *window, lr_mult=1)
        below = name
    layers = names["CreateMultiBoxHead"](
        net, data_layer="data", from_layers=list(SOURCES), use_batchnorm=False,
        min_sizes=[30.0, 60.0, 111.0, 162.0, 213.0, 264.0],
        max_sizes=[60.0, 111.0, 162.0, 213.0, 264.0, 315.0],
        aspect_ratios=[[2], [2, 3], [2, 3], [2, 3], [2], [2]], steps=[8, 16, 32, 64, 100, 300],
        normalizations=[20, -1, -1, -1, -1, -1], num_classes=21, share_location=True, flip=True,
        clip=False, prior_variance=[0.1, 0.1, 0.2, 0.2], kernel_size=3, pad=1, lr_mult=1)
    layers.append(net.label)
    P = names["P"]
    net["mbox_loss"] = names["L"].MultiBoxLoss(
        *layers, multibox_loss_param={"num_classes": 21, "code_type": P.PriorBox.CENTER_SIZE},
        loss_param={"normalization": P.Loss.VALID}, include={"phase": caffe_pb2.TRAIN},
        propagate_down=[True, True, False, False])
    return net


def test_the_layers_of_the_public_net():
    found = rows(ssd())
    assert found[0] == "data AnnotatedData <  > data label"
    assert found[1:-1] == expected()
    assert found[-1] == "mbox_loss MultiBoxLoss < mbox_loc mbox_conf mbox_priorbox label"


LAYERS = """
layer { name: "conv5_1" type: "Convolution" bottom: "pool4" top: "conv5_1"
        param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
        convolution_param { num_output: 512 pad: 1 kernel_size: 3 weight_filler { type: "xavier" }
                            bias_filler { type: "constant" value: 0 } dilation: 1 } }
layer { name: "conv4_3_norm" type: "Normalize" bottom: "conv4_3" top: "conv4_3_norm"
        norm_param { across_spatial: false scale_filler { type: "constant" value: 20 }
                     channel_shared: false } }
layer { name: "conv6_1" type: "Convolution" bottom: "fc7" top: "conv6_1"
        param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
        convolution_param { num_output: 256 pad: 0 kernel_size: 1 stride: 1
                            weight_filler { type: "xavier" }
                            bias_filler { type: "constant" value: 0 } } }
layer { name: "fc7_mbox_priorbox" type: "PriorBox" bottom: "fc7" bottom: "data"
        top: "fc7_mbox_priorbox" prior_box_param { min_size: 60 max_size: 111 aspect_ratio: 2
        aspect_ratio: 3 flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2
        variance: 0.2 step: 16 offset: 0.5 } }
layer { name: "fc7_mbox_loc_perm" type: "Permute" bottom: "fc7_mbox_loc" top: "fc7_mbox_loc_perm"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "mbox_priorbox" type: "Concat" bottom: "conv4_3_norm_mbox_priorbox"
        bottom: "fc7_mbox_priorbox" bottom: "conv6_2_mbox_priorbox" bottom: "conv7_2_mbox_priorbox"
        bottom: "conv8_2_mbox_priorbox" bottom: "conv9_2_mbox_priorbox" top: "mbox_priorbox"
        concat_param { axis: 2 } }
layer { name: "data" type: "AnnotatedData" top: "data" top: "label" include { phase: TRAIN }
        transform_param { mirror: true resize_param { resize_mode: WARP height: 300 width: 300
                          interp_mode: LINEAR interp_mode: AREA }
                          emit_constraint { emit_type: CENTER } }
        data_param { source: "VOC0712_trainval_lmdb" batch_size: 8 backend: LMDB }
        annotated_data_param { batch_sampler { max_sample: 1 max_trials: 1 }
                               label_map_file: "labelmap_voc.prototxt" } }
"""


def test_the_settings_of_the_public_net():
    made = {layer.name: layer for layer in ssd().to_proto().layer}
    public = text_format.Parse(LAYERS, caffe_pb2.NetParameter()).layer
    assert len(public) == 7
    for layer in public:
        assert str(made[layer.name]) == str(layer)


def test_what_the_script_writes(tmp_path):
    """print(net.to_proto(), file=f), a deploy net by taking layers away, a solver from a dict."""
    net = ssd().to_proto()
    with open(tmp_path / "train.prototxt", "w") as file:
        print('name: "VGG_VOC0712_SSD_300x300_train"', file=file)
        print(net, file=file)
    again = caffe_pb2.NetParameter()
    text_format.Merge((tmp_path / "train.prototxt").read_text(), again)
    assert again.name.endswith("_train") and list(again.layer) == list(net.layer)
    del net.layer[0]
    del net.layer[-1]
    net.input.extend(["data"])
    net.input_shape.extend([caffe_pb2.BlobShape(dim=[1, 3, 300, 300])])
    assert net.layer[0].name == "conv1_1"
    solver = caffe_pb2.SolverParameter(
        train_net="train.prototxt", test_net=["test.prototxt"], snapshot_prefix="x", base_lr=0.001,
        stepvalue=[80000, 100000], test_iter=[619], eval_type="detection", ap_version="11point",
        solver_mode=caffe_pb2.SolverParameter.GPU, type="SGD")
    assert 'eval_type: "detection"' in str(solver)


def test_a_head_that_runs(tmp_path):
    net = started((2, 3, 32, 32))
    ConvBNLayer(net, "data", "a", True, True, 8, 3, 1, 4)
    ConvBNLayer(net, "a", "b", True, True, 8, 3, 1, 2, use_scale=False)
    tops = CreateMultiBoxHead(
        net, from_layers=["a", "b"], num_classes=3, min_sizes=[[4, 6], 12], max_sizes=[[6, 9], 20],
        aspect_ratios=[[2], 3], inter_layer_depth=[0, 4], use_objectness=True, img_height=32,
        img_width=40, flip=False, share_location=False, conf_postfix="_new", loc_postfix="_old")
    assert len(tops) == 4
    (tmp_path / "net.prototxt").write_text(str(net.to_proto()))
    made = caffepy.Net(str(tmp_path / "net.prototxt"), caffepy.TEST)
    made.forward()
    priors = 8 * 8 * 2 * 3 + 4 * 4 * 3
    assert [made.blobs[f"mbox_{name}"].shape for name in ("loc", "conf", "priorbox", "objectness")
            ] == [(2, priors * 12), (2, priors * 3), (1, 2, priors * 4), (2, priors * 2)]
    assert "b_inter_mbox_conf_new" in made.blobs and "a_mbox_loc_old_bn" in made.params
    own = {layer.name: layer for layer in net.to_proto().layer}["a_mbox_priorbox"].prior_box_param
    assert (own.img_h, own.img_w, own.flip, own.HasField("step")) == (32, 40, False, False)


@pytest.mark.parametrize("change, message", [
    ({"num_classes": 0}, "needs num_classes"), ({"data_layer": "x"}, "no such data_layer .found x"),
    ({"min_sizes": [1, 2]}, "min_sizes are given for each of from_layers .found 2 for 1"),
    ({"steps": [1, 2]}, "steps are given for each"),
    ({"max_sizes": [[9, 10]]}, "each max_size goes with a min_size .found 2 and 1 for data")])
def test_what_does_not_go_together(change, message):
    with pytest.raises(ConfigError, match=message):
        CreateMultiBoxHead(started(), **{"num_classes": 2, "from_layers": ["data"],
                                         "min_sizes": [3], **change})
