"""Detectors of models/: what they find, learn and compute."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import small_detector
from model_libs.test_ssd import expected
from model_rows import rows
from models.offline import MODELS, learned, net_param

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.data import label_map
from caffepy.proto import caffe_pb2
from caffepy.services.bench import measuring, nets

SEED = 2  # with which no map's ReLUs are all silent


@pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"),
                    reason="this OpenCV reads no Caffe nets any more")
def test_mobilenet_ssd_finds_what_opencv_finds(tmp_path):
    param, _ = read_net_param(str(MODELS / "mobilenet_ssd" / "deploy.prototxt"))
    param.layer[0].input_param.shape[0].dim[:] = [2, 3, 96, 128]
    param.layer[-1].detection_output_param.confidence_threshold = 0.1
    path = tmp_path / "deploy.prototxt"
    path.write_text(str(param))
    found = measuring.measure(str(path), forward=True, rounds=1, iterations=1)
    assert {"caffepy", "OpenCV DNN"} <= set(found["median"])
    net = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    nets.fill_inputs(net, 0)
    net.forward()
    assert len(net.blob("detection_out").data[0, 0]) > 10


def test_every_layer_of_mobilenet_ssd_learns():
    param, _ = read_net_param(str(MODELS / "mobilenet_ssd" / "train_val.prototxt"))
    data = param.layer[0]
    assert data.transform_param.resize_param[0].height == 300 and len(data.top) == 2
    data.type = "Input"
    for dims in ([2, 3, 64, 64], [1, 1, 4, 8]):
        data.input_param.shape.add(dim=dims)
    for name in ("data_param", "transform_param", "annotated_data_param"):
        data.ClearField(name)
    net = Net(param, caffe_pb2.TRAIN, context=Context(seed=SEED), optimize=True)
    nets.fill_inputs(net, 0)
    truth = net.blob("label").data.reshape(-1, 8)
    assert truth[:, 0].tolist() == [0, 0, 1, 1] and (truth[:, 1] % 21 > 0).all()
    assert 0 < net.forward() < 1000
    net.backward()
    for parameter in net.parameters:
        if parameter.lr_mult and "mbox" not in parameter.layer:  # not each map has a box
            gradient = parameter.blob.diff
            assert np.isfinite(gradient).all() and gradient.any(), parameter.layer


def test_ssd_detect_finds_what_the_net_does(tmp_path, monkeypatch):
    """The example program, on a net whose answers are known."""
    monkeypatch.chdir(tmp_path)
    small_detector.write()
    done = subprocess.run(
        [sys.executable, str(MODELS / "mobilenet_ssd" / "ssd_detect.py"),
         "--model_def=deploy.prototxt", "--model_weights=w.caffemodel", "--image_resize=8",
         "--scale=0.0078", "--labelmap_file=map.prototxt", "--image_file=photos/sea.png",
         "--output=found.png"], capture_output=True, text=True,
        env={**os.environ, "GLOG_minloglevel": "2"})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "sea 0.9586 15 10 45 30\n"
    found = cv2.imread("found.png")
    assert found.shape == (40, 60, 3) and (found[20, 15] == (0, 0, 255)).all()


def test_faster_rcnn_scores_regions():
    param = net_param("faster_rcnn/deploy.prototxt", 1, fill=False)
    param.layer[0].input_param.shape[0].dim[2:] = [64, 96]
    for layer in param.layer:
        layer.proposal_param.post_nms_topn = 5
        if layer.type != "Proposal":
            layer.ClearField("proposal_param")
    net = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    assert learned(net) == 137078239
    nets.fill_inputs(net, 0)
    assert net.blob("im_info").data.tolist() == [[64, 96, 1, 1]]
    net.forward()
    rois = net.blob("rois").data
    assert 1 < len(rois) <= 5 and (rois[:, 1:] >= 0).all() and (rois[:, 3] <= 95).all()
    assert net.blob("pool5").shape == (len(rois), 512, 7, 7)
    np.testing.assert_allclose(net.blob("cls_prob").data, 1 / 21, rtol=1e-5)
    assert net.blob("bbox_pred").shape == (len(rois), 84)


def test_ssd300_is_the_authors_net():
    """Between data and loss layer by layer that of their train.prototxt, as caffe.model_libs'
    tests have it; and its label map has VOC's 20 classes."""
    param, _ = read_net_param(str(MODELS / "ssd300_vgg16" / "train_val.prototxt"))
    found = [row for row in rows(param) if not row.startswith("data ")]
    public = expected()
    assert found[: len(public)] == public
    assert [row.split()[1] for row in found[len(public) :]] == [
        "MultiBoxLoss", "Reshape", "Softmax", "Flatten", "DetectionOutput", "DetectionEvaluate"]
    names = label_map.read(str(MODELS / "ssd300_vgg16" / "labelmap_voc.prototxt"))
    assert len(names) == 21 and names[0] == "none_of_the_above" and names[15] == "person"
