"""What training did to pictures stands in the deploy file; whoever asks the net does the same."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import Classifier, Detector, Net, io
from caffepy.core.context import Context
from caffepy.core.net import Net as CoreNet
from caffepy.data.db import new_db
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text
from caffepy.services.fed import picture_rule
from caffepy.services.picture_rule import PictureRule
from caffepy.tools.classify import main as classify
from caffepy.tools.compute_image_mean import main as compute_image_mean
from caffepy.tools.convert_imageset import main as convert_imageset
from caffepy.tools.deploy import main as deploy
from caffepy.tools.detect import main as detect

TRAINING = """
layer {{ name: "data" type: "Data" top: "data" top: "label" {0}
  data_param {{ source: "db" backend: LMDB batch_size: 6 }} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {{
  num_output: 4 kernel_size: 3 weight_filler {{ type: "gaussian" std: 0.01 }} }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param {{
  num_output: 3 weight_filler {{ type: "gaussian" std: 0.02 }} }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
"""
RULES = {
    "nothing": "",
    "values": "transform_param { scale: 0.0125 mean_value: 104 mean_value: 117 mean_value: 123 }",
    "one value": "transform_param { mean_value: 100 }",
    "crop": "transform_param { crop_size: 8 scale: 0.02 }",
    "mean and crop": 'transform_param { crop_size: 7 mean_file: "mean.binaryproto" }',
    "mean": 'transform_param { mean_file: "mean.binaryproto" scale: 0.5 }',
}


@pytest.fixture
def folder(tmp_path, monkeypatch, call):
    """Pictures of three classes of one size, their database in list order, and its mean."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    for name in ("x", "y", "z"):
        for i in range(2):
            path = tmp_path / "pictures" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), rng.integers(0, 256, (10, 12, 3), np.uint8))
    call(convert_imageset, "-list=list.txt", "pictures")
    assert call(convert_imageset, "pictures", "list.txt", "db").exit_code == 0
    assert call(compute_image_mean, "db", "mean.binaryproto").exit_code == 0
    return tmp_path


def trained(rule):
    """What the net for training says of the pictures in TEST: probabilities, six rows."""
    Path("train.prototxt").write_text(TRAINING.format(RULES[rule]))
    net = CoreNet("train.prototxt", caffe_pb2.TEST, context=Context(seed=1))
    net.save("w.caffemodel")
    net.forward()
    scores = net.blobs["ip"].data.astype(np.float64)
    net.close()
    odds = np.exp(scores - scores.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


PICTURES = [f"pictures/{name}/{i}.png" for name in "xyz" for i in range(2)]


@pytest.mark.parametrize("rule", RULES)
def test_classify_says_what_the_trained_net_says(folder, call, rule):
    expected = trained(rule)
    assert call(deploy, "train.prototxt", "deploy.prototxt").exit_code == 0
    done = call(classify, "deploy.prototxt", "w.caffemodel", "-center_only", "pictures", "out.npy")
    assert done.exit_code == 0, done.output
    assert_allclose(np.load("out.npy"), expected, rtol=2e-4)
    assert "W1" not in done.output and "Prediction for pictures/x/0.png" in done.output
    first = "xyz"[int(expected[0].argmax())]
    assert f'{expected[0].max():.4f} - "{first}"' in done.output  # named by labels.txt
    net = Classifier("deploy.prototxt", "w.caffemodel")
    found = net.predict([io.load_image(path) for path in PICTURES], oversample=False)
    assert_allclose(found, expected, rtol=2e-4)


def test_the_rule_in_the_file(folder, call):
    trained("mean and crop")
    call(deploy, "train.prototxt", "deploy.prototxt")
    rule = PictureRule.of_file("deploy.prototxt")
    assert rule == PictureRule((10, 12), "mean.binaryproto", label=("x", "y", "z"))
    assert Path("deploy.prototxt").read_text().count("picture_param") == 1
    call(deploy, "-plain", "train.prototxt", "plain.prototxt")
    assert PictureRule.of_file("plain.prototxt") is None
    assert "picture_param {" not in Path("plain.prototxt").read_text()


def test_the_size_before_the_crop_without_the_data(folder, call):
    trained("mean and crop")
    Path("db").rename("gone")
    done = call(deploy, "-input_shape=3,7,7", "train.prototxt", "deploy.prototxt")
    assert PictureRule.of_file("deploy.prototxt").size == (10, 12)  # the mean picture's
    assert "not known" not in done.output
    trained_with = TRAINING.format(RULES["crop"])
    Path("train.prototxt").write_text(trained_with)
    done = call(deploy, "-input_shape=3,8,8", "train.prototxt", "deploy.prototxt")
    assert done.exit_code == 0, done.output
    assert PictureRule.of_file("deploy.prototxt").size == ()
    assert "How large they were before is not known" in done.output


def test_the_mean_is_found_beside_the_net(folder, call, monkeypatch):
    expected = trained("mean and crop")
    (folder / "use").mkdir()
    call(deploy, "train.prototxt", "use/deploy.prototxt")
    Path("mean.binaryproto").rename("use/mean.binaryproto")
    net = Classifier("use/deploy.prototxt", "w.caffemodel")
    assert_allclose(net.predict([io.load_image(PICTURES[0])], False), expected[:1], rtol=2e-4)
    Path("use/mean.binaryproto").unlink()
    with pytest.raises(CaffeError, match="picture_param, mean.binaryproto: there is no such"):
        Classifier("use/deploy.prototxt", "w.caffemodel")


def test_without_a_rule_it_is_said_what_is_taken(folder, call):
    trained("nothing")
    call(deploy, "-plain", "train.prototxt", "deploy.prototxt")
    done = call(classify, "-model_def=deploy.prototxt", "-pretrained_model=w.caffemodel",
                PICTURES[0])
    assert done.exit_code == 0
    said = [line for line in done.output.splitlines() if line.startswith("W")]
    assert len(said) == 1
    assert "brought to 10 x 12, the size of its input, with no mean taken off, from 0 to 255" in (
        said[0])
    done = call(classify, "-model_def=deploy.prototxt", "-pretrained_model=w.caffemodel",
                "-mean_file=", "-images_dim=10,12", "-input_scale=1", PICTURES[0])
    assert done.exit_code == 0 and not [x for x in done.output.splitlines() if x.startswith("W")]


@pytest.mark.parametrize("flag, words", [
    ("-mean_value=1,2,3", "--mean_value=1,2,3 is taken, and deploy.prototxt says 104, 117, 123"),
    ("-mean_file=", "--mean_file=none is taken, and deploy.prototxt says 104, 117, 123"),
    ("-input_scale=2", "--input_scale=2 is taken, and deploy.prototxt says 0.0125"),
    ("-images_dim=20,20", "--images_dim=20,20 is taken, and deploy.prototxt says 10,12"),
    ("-images_dim=10,12", ""), ("-mean_value=104,117,123", ""), ("-input_scale=0.0125", ""),
])
def test_flags_that_say_otherwise_are_taken_and_said(folder, call, flag, words):
    trained("values")
    call(deploy, "train.prototxt", "deploy.prototxt")
    done = call(classify, flag, "deploy.prototxt", "w.caffemodel", PICTURES[0])
    assert done.exit_code == 0, done.output
    said = [line for line in done.output.splitlines() if line.startswith("W")]
    assert bool(said) == bool(words) and words in "".join(said)


@pytest.mark.parametrize("flag, given", [
    ("-mean_file=", {"mean": np.zeros(3)}), ("-channel_swap=", {"channel_swap": (0, 1, 2)})])
def test_none_of_a_flag_is_none(folder, call, flag, given):
    trained("values")
    call(deploy, "train.prototxt", "deploy.prototxt")
    done = call(classify, flag, "-center_only", "deploy.prototxt", "w.caffemodel", PICTURES[0],
                "out.npy")
    assert done.exit_code == 0, done.output
    picture = [io.load_image(PICTURES[0])]
    expected = Classifier("deploy.prototxt", "w.caffemodel", **given).predict(picture, False)
    other = Classifier("deploy.prototxt", "w.caffemodel").predict(picture, False)
    assert_allclose(np.load("out.npy"), expected, rtol=1e-5)
    assert not np.allclose(expected, other, rtol=1e-5)


def test_no_context_although_the_file_says_some(folder, call):
    trained("values")
    call(deploy, "train.prototxt", "deploy.prototxt")
    text = Path("deploy.prototxt").read_text()
    Path("deploy.prototxt").write_text(text.replace("picture_param {",
                                                    "picture_param { context_pad: 2 "))
    assert Detector("deploy.prototxt", "w.caffemodel").context_pad == 2
    assert Detector("deploy.prototxt", "w.caffemodel", context_pad=0).context_pad is None


def test_detect_takes_the_rule_too(folder, call):
    trained("values")
    call(deploy, "train.prototxt", "deploy.prototxt")
    Path("windows.csv").write_text("filename,ymin,xmin,ymax,xmax\npictures/x/0.png,0,0,9,11\n")
    done = call(detect, "-model_def=deploy.prototxt", "-pretrained_model=w.caffemodel",
                "windows.csv", "out.csv")
    assert done.exit_code == 0, done.output
    row = np.array(Path("out.csv").read_text().splitlines()[1].split(",")[-3:], float)
    net = Detector("deploy.prototxt", "w.caffemodel")
    (found,) = net.detect_windows([("pictures/x/0.png", [(0, 0, 9, 11)])])
    plain = Detector("deploy.prototxt", "w.caffemodel", np.array([104.0, 117, 123]), 0.0125, 255,
                     (2, 1, 0))
    (same,) = plain.detect_windows([("pictures/x/0.png", [(0, 0, 9, 11)])])
    assert_allclose(found["prediction"], same["prediction"], rtol=1e-5)
    assert row.argmax() == found["prediction"].argmax()


@pytest.mark.parametrize("words, error", [
    ("height: 3", "picture_param needs both height and width"),
    ('mean_file: "m" mean_value: 1', "mean_file and mean_value exclude each other"),
])
def test_a_rule_that_contradicts_itself(folder, words, error):
    Path("n.prototxt").write_text(f"picture_param {{ {words} }}")
    with pytest.raises(CaffeError, match=error):
        PictureRule.of_file("n.prototxt")


def test_gray_pictures_and_what_is_no_picture(folder, call):
    Path("labels.txt").unlink()
    for name, datum in (("gray", caffe_pb2.Datum(channels=1, height=10, width=12, data=bytes(120))),
                        ("numbers", caffe_pb2.Datum(channels=4, height=1, width=1,
                                                    float_data=[1, 2, 3, 4]))):
        with new_db(name, "lmdb") as db:
            db.put(b"0", datum.SerializeToString())
        text = TRAINING.format(RULES["one value"]).replace('"db"', f'"{name}"')
        if name == "numbers":
            text = text.replace("kernel_size: 3", "kernel_size: 1")
        Path("train.prototxt").write_text(text)
        assert call(deploy, "train.prototxt", f"{name}.prototxt").exit_code == 0
    rule = PictureRule.of_file("gray.prototxt")
    assert rule == PictureRule(mean_value=(100,))
    assert PictureRule.of_file("numbers.prototxt") is None
    Net("gray.prototxt", caffe_pb2.TEST).save("g.caffemodel")
    done = call(classify, "-center_only", "gray.prototxt", "g.caffemodel", PICTURES[0], "out.npy")
    assert done.exit_code == 0, done.output
    gray = cv2.imread(PICTURES[0], cv2.IMREAD_GRAYSCALE)[:, :, None] / 255  # as in a database
    expected = Classifier("gray.prototxt", "g.caffemodel").predict([gray], False)
    assert_allclose(np.load("out.npy"), expected, rtol=1e-4)


def test_pictures_with_boxes_are_resized_before_they_are_cropped(folder, call):
    Path("train.prototxt").write_text("""
layer { name: "data" type: "AnnotatedData" top: "data" top: "label"
  data_param { source: "gone" backend: LMDB batch_size: 2 }
  transform_param { mean_value: 104 scale: 0.5 crop_h: 20 crop_w: 30
    resize_param { height: 24 width: 32 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
  num_output: 4 kernel_size: 3 } }
layer { name: "end" type: "Silence" bottom: "label" }""")
    done = call(deploy, "train.prototxt", "deploy.prototxt")
    assert done.exit_code == 0, done.output
    rule = PictureRule.of_file("deploy.prototxt")
    assert (rule.size, rule.mean_value, rule.scale) == ((24, 32), (104,), 0.5)
    assert "cropped to 20 x 30" in done.output and "--images_dim=24,32" in done.output


def test_how_pictures_were_resized(tmp_path):
    """deploy writes down what a data layer did, unless it stretched; detect reads it."""
    words = 'type: "Data" top: "data" transform_param { scale: 2 resize_param { resize_mode: %s ' \
            'height: 6 width: 9 pad_value: 3 } }'
    for mode, known in (("WARP", False), ("FIT_SMALL_SIZE", True),
                        ("FIT_LARGE_SIZE_AND_PAD", True)):
        layer = caffe_pb2.LayerParameter()
        text.parse(words % mode, layer)
        rule = picture_rule(layer, (3, 6, 9))
        assert (rule.resize is not None) == known
        made = caffe_pb2.NetParameter()
        rule.write(made)
        assert PictureRule.of(made) == rule
    assert made.picture_param.resize_param.pad_value == [3]


@pytest.mark.parametrize("words", ["longer_side: 3", "shorter_side: 3 resize_param { height: 3 }"])
def test_two_sizes(words):
    made = caffe_pb2.NetParameter()
    text.parse(f"picture_param {{ {words} }}", made)
    with pytest.raises(CaffeError, match="by resize_param, or by shorter_side and longer_side"):
        PictureRule.of(made)
