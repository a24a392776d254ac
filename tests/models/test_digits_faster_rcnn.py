"""The digits' Faster R-CNN in small: two digits, large ones, at half its size, for 60 pictures."""

from pathlib import Path

import numpy as np
import pytest
from models.offline import MODELS
from models.test_digits_ssd import create, solver
from standins.conftest import cfg  # noqa: F401  restored after each test

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.proto import caffe_pb2
from caffepy.services import objects, prediction
from caffepy.services.picture_way import Way

FOLDER = MODELS / "digits_faster_rcnn"
SMALLER = (("data/digits_ssd/VOC", "VOC"), ("models/digits_ssd/", f"{FOLDER.parent}/digits_ssd/"),
           ("(112, 128, 144)", "(64,)"), ("(128,)", "(64,)"))


@pytest.fixture
def there(tmp_path, monkeypatch, cfg):  # noqa: F811
    """A folder like VOC's, net and solver in an empty folder."""
    create(tmp_path, monkeypatch, "--train=60", "--test=6", "--voc")
    net = (FOLDER / "train_val.prototxt").read_text()
    for old, new in SMALLER:
        assert old in net
        net = net.replace(old, new)
    Path("train_val.prototxt").write_text(net)
    Path("solver.prototxt").write_text(
        (FOLDER / "solver.prototxt").read_text().replace("models/digits_faster_rcnn/", ""))


def test_its_losses_fall(there):
    """It learns where objects are and what they are; and it can be tested."""
    losses = []
    with solver(6, max_iter=60, iter_size=1, snapshot=0, snapshot_after_train=False) as made:
        for _ in range(60):
            made.step(1)
            losses.append([float(made.net.blob(name).data)
                           for name in ("rpn_cls_loss", "cls_loss")])
        found = dict(made.test())
    first, last = np.mean(losses[:10], 0), np.mean(losses[-10:], 0)
    assert (last < 0.6 * first).all(), (first, last)
    assert 0 <= found["detection_eval"][0] <= 1


def test_a_resumed_training_is_the_uninterrupted_one(there):
    settings = {"max_iter": 4, "snapshot": 2, "test_interval": 2}
    with solver(1, **settings) as made:
        made.solve()
    whole = Path("digits_faster_rcnn_iter_4.caffemodel").read_bytes()
    with solver(1, **settings) as made:
        made.solve("digits_faster_rcnn_iter_2.solverstate")
    assert Path("digits_faster_rcnn_iter_4.caffemodel").read_bytes() == whole


def test_the_net_for_use_is_the_tested_one(there):
    """Weights and a picture give the same rows in both."""
    tested = Net("train_val.prototxt", caffe_pb2.TEST, context=Context(seed=3))
    param, _ = read_net_param(str(FOLDER / "deploy.prototxt"))
    used = Net(param, caffe_pb2.TEST, context=Context(seed=3))
    assert sum(p.count for p in used.parameters) == 1106175
    used.share_trained_layers(tested)
    tested.forward()
    for name in ("data", "im_info"):
        used.blob(name).reshape(*tested.blob(name).shape)
        used.blob(name).data[...] = tested.blob(name).data
    used.forward()
    rows = used.blob("detection_out").data
    assert rows.shape[2] > 5 and (rows == tested.blob("detection_out").data).all()
    assert tested.blob("label").data[0, 0, 0, 1] in (1, 2)
    used.save("w.caffemodel")
    # detect brings the picture file to the same input, from bytes instead of numbers
    smaller = (FOLDER / "deploy.prototxt").read_text().replace("shorter_side: 128",
                                                               "shorter_side: 64")
    Path("deploy.prototxt").write_text(smaller)
    asked = prediction.model("deploy.prototxt", "w.caffemodel")
    net = objects.ObjectNet(Way(asked, None, "", None, ""), 255, [2, 1, 0], Context(seed=3))
    (_, picture, found), = net.each(["VOC/JPEGImages/test_00000.png"])
    assert net.net.blob("im_info").data.tolist() == tested.blob("im_info").data.tolist()
    np.testing.assert_allclose(net.net.blob("data").data, tested.blob("data").data, atol=1)
    np.testing.assert_allclose(sorted(one.score for one in found),
                               sorted(rows[0, 0, :, 2]), atol=0.05)
