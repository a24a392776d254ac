"""faster_rcnn_zf and rfcn_resnet50: the authors' layers and shapes, and that all of them learn."""

from pathlib import Path

import numpy as np
import pytest
from models.offline import MODELS, learned, net_param
from standins.conftest import cfg, roidb  # noqa: F401  restored after each test; pictures

from caffepy.core.context import Context
from caffepy.core.graph import filter_net
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.proto import caffe_pb2

SEED = 2
END = ("rpn_conv/3x3 rpn_relu/3x3 rpn_cls_score rpn_bbox_pred rpn_cls_score_reshape rpn-data "
       "rpn_loss_cls rpn_loss_bbox rpn_cls_prob rpn_cls_prob_reshape proposal roi-data ")
PUBLIC = {  # layers of the authors' train.prototxt, in order
    "faster_rcnn_zf": "input-data conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 "
    "conv4 relu4 conv5 relu5 " + END + "roi_pool_conv5 fc6 relu6 drop6 fc7 relu7 drop7 cls_score "
    "bbox_pred loss_cls loss_bbox",
    "rfcn_resnet50": END + "conv_new_1 conv_new_1_relu rfcn_cls rfcn_bbox psroipooled_cls_rois "
    "ave_cls_score_rois psroipooled_loc_rois ave_bbox_pred_rois per_roi_loss_cls per_roi_loss_bbox "
    "per_roi_loss annotator_detector silence loss accuarcy loss_bbox"}
SHAPES = {
    "faster_rcnn_zf": (59294751, {
        "conv1": (96, 3, 7, 7), "conv5": (256, 384, 3, 3), "rpn_conv/3x3": (256, 256, 3, 3),
        "fc6": (4096, 9216), "cls_score": (21, 4096), "bbox_pred": (84, 4096)}),
    "rfcn_resnet50": (31809603, {
        "conv1": (64, 3, 7, 7), "res5c_branch2b": (512, 512, 3, 3),
        "conv_new_1": (1024, 2048, 1, 1),
        "rpn_conv/3x3": (512, 1024, 3, 3), "rfcn_cls": (1029, 1024, 1, 1),
        "rfcn_bbox": (392, 1024, 1, 1)})}
NETS = list(PUBLIC)


@pytest.mark.parametrize("model", NETS)
def test_layers_for_training_are_the_authors(model):
    param, where = read_net_param(str(MODELS / model / "train_val.prototxt"))
    param.state.phase = caffe_pb2.TRAIN
    names = [layer.name for layer in filter_net(param, param.state, where).layer]
    expected = PUBLIC[model].split()
    body = [name for name in names if name not in expected]
    assert sorted(names) == sorted(body + expected)
    if model == "rfcn_resnet50":
        assert len(body) == 1 + 4 + 1 + 16 * (3 * 3 + 2 + 2) + 4 * 3
        assert body[:7] == ["input-data", "conv1", "bn_conv1", "scale_conv1", "conv1_relu", "pool1",
                            "res2a_branch1"] and body[-1] == "res5c_relu"
    else:
        assert not body


@pytest.mark.parametrize("model", NETS)
def test_nets_for_use(model, cfg):  # noqa: F811
    """Weights of 0 give each class the same; rows of boxes come of the same outputs."""
    param = net_param(f"{model}/deploy.prototxt", 1, fill=False)
    param.layer[0].input_param.shape[0].dim[2:] = [64, 96]
    cfg.TEST.RPN_POST_NMS_TOP_N = 5
    net = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    count, shapes = SHAPES[model]
    assert learned(net) == count
    assert {name: net.params[name][0].shape for name in shapes} == shapes
    net.blob("im_info").data[...] = [64, 96, 1]
    net.forward()
    rois = net.blob("rois").data
    assert 1 < len(rois) <= 5 and net.blob("cls_prob").shape == (len(rois), 21)
    np.testing.assert_allclose(net.blob("cls_prob").data, 1 / 21, rtol=1e-5)
    assert net.blob("bbox_pred").shape == (len(rois), 8 if model.startswith("rfcn") else 84)
    whole, _ = read_net_param(str(MODELS / model / "detect.prototxt"))
    public, _ = read_net_param(str(MODELS / model / "deploy.prototxt"))
    assert [*whole.layer][: len(public.layer)] == [*public.layer]
    assert whole.layer[-1].type == "DetectionOutput"


@pytest.mark.parametrize("model", NETS)
def test_every_layer_learns(model, cfg, roidb, tmp_path, monkeypatch):  # noqa: F811
    """In a net whose widest layers are narrow, on small pictures; and its test counts boxes."""
    monkeypatch.chdir(tmp_path)
    root = Path("data/VOCdevkit2007/VOC2007")
    for room in ("ImageSets/Main", "Annotations", "JPEGImages"):
        (root / room).mkdir(parents=True)
    for entry in roidb:
        path = Path(entry["image"])
        path.rename(root / "JPEGImages" / path.name)
        objects = "".join(
            f"<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax>"
            f"<ymax>{y2}</ymax></bndbox></object>" for name, (x1, y1, x2, y2) in zip(
                ("cat", "dog"), entry["boxes"] + 1, strict=True))
        (root / "Annotations" / f"{path.stem}.xml").write_text(
            f"<annotation>{objects}</annotation>")
    for split in ("trainval", "test"):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("0\n1\n2\n")
    param, _ = read_net_param(str(MODELS / model / "train_val.prototxt"))
    for layer in param.layer:
        if layer.name in ("fc6", "fc7"):
            layer.inner_product_param.num_output = 32
        if layer.name.startswith(("res", "conv_new")) and layer.type == "Convolution":
            layer.convolution_param.num_output //= 16
        if layer.name == "input-data":
            layer.python_param.param_str = layer.python_param.param_str.replace(
                "'HAS_RPN'", "'RPN_MIN_SIZE': 4, 'SCALES': (64,), 'HAS_RPN'").replace(
                "'cfg': {", "'cfg': {'TEST': {'SCALES': (64,)}, ", 1).replace(
                ", 'TEST': {'AGNOSTIC': True}", "")
        if layer.python_param.param_str == "'feat_stride': 16":  # anchors that fit in
            layer.python_param.param_str = "{'feat_stride': 16, 'scales': [1, 2, 3]}"
    net = Net(param, caffe_pb2.TRAIN, context=Context(seed=SEED), optimize=True)
    for node in net.nodes:
        if node.layer.type == "BatchNorm":  # statistics of numbers with mean 0 and variance 1
            for blob in node.layer.blobs[1:]:
                blob.data[...] = 1
        elif node.layer.type == "Scale":
            node.layer.blobs[0].data[...] = 0.3  # so that sums of blocks stay small
    assert 0 < net.forward() < 100
    net.backward()
    for parameter in net.parameters:
        if parameter.lr_mult:
            gradient = parameter.blob.diff
            assert np.isfinite(gradient).all() and gradient.any(), parameter.layer
    tested = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    tested.share_trained_layers(net)
    tested.forward()
    rows = tested.blob("detection_eval").data.reshape(-1, 5)
    assert rows[rows[:, 0] == -1, 2].sum() == 2 and tested.blob("detection_out").shape[3] == 7
