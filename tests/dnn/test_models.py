"""cv2's models: what is done to pictures, and what is read off the outputs, by formulas written out
and, where this OpenCV has an importer, by its own models over the same files."""

import cv2
import dnn_nets
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import dnn
from caffepy.errors import ConfigError

CLASSIFIER = dnn_nets.layers(
    dnn_nets.data(1, 3, 24, 32), dnn_nets.conv("conv", "data", 8, 4, "stride: 4"),
    dnn_nets.of("InnerProduct", "ip", "conv", more="inner_product_param { num_output: 6 }"),
    dnn_nets.of("Softmax", "prob", "ip"))
MAPS = dnn_nets.layers(
    dnn_nets.data(1, 3, 24, 32), dnn_nets.conv("conv", "data", 8, 4, "stride: 4"))
EAST = dnn_nets.layers(
    dnn_nets.data(1, 3, 32, 64), dnn_nets.conv("conv", "data", 8, 4, "stride: 4"),
    dnn_nets.of("ReLU", "relu", "conv", top="conv"),
    dnn_nets.conv("geo", "conv", 5, 1, "bias_term: false"),
    dnn_nets.of("AbsVal", "geometry", "geo"),
    dnn_nets.conv("text", "conv", 1), dnn_nets.of("Sigmoid", "scores", "text"))
MEAN = (104, 117, 123)

with_importer = pytest.mark.skipif(
    not hasattr(cv2.dnn, "readNetFromCaffe"),
    reason="this OpenCV has no readNetFromCaffe to compare with")


def test_pictures_are_resized_shifted_and_scaled(made, picture):
    model = dnn.ClassificationModel(*made(CLASSIFIER))
    model.setInputMean(MEAN).setInputScale(0.5).setInputSwapRB(True)
    resized = cv2.resize(picture, (32, 24))[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
    wanted = (resized - np.array(MEAN).reshape(3, 1, 1)) * 0.5
    assert_allclose(model.blob(picture)[0], wanted, rtol=1e-6)
    model.setInputSize(16, 8).setInputScale((1, 2, 3)).setInputMean(0)
    assert model.blob(picture).shape == (1, 3, 8, 16)
    plain = cv2.resize(picture, (16, 8))[:, :, ::-1].transpose(2, 0, 1)
    assert_allclose(model.blob(picture)[0], plain * np.array([1, 2, 3]).reshape(3, 1, 1))


def test_the_class_is_the_highest_output(made, picture):
    files = made(CLASSIFIER, std=0.02)
    model, net = dnn.ClassificationModel(*files), dnn.readNetFromCaffe(*files)
    net.setInput(dnn.blobFromImage(picture, 1, (32, 24)))
    prob = net.forward()[0]
    assert model.classify(picture) == (prob.argmax(), pytest.approx(prob.max(), rel=1e-6))
    model.setOutputNames(["ip"]).setEnableSoftmaxPostProcessing(True)
    assert model.classify(picture)[1] == pytest.approx(prob.max(), rel=1e-5)


def test_a_mask_has_the_class_of_each_place(made, picture):
    model = dnn.SegmentationModel(*made(MAPS))
    mask = model.segment(picture)
    assert mask.dtype == np.uint8
    assert_array_equal(mask, model.predict(picture)[0][0].argmax(0))


def test_keypoints_are_the_maps_highest_places(made, picture):
    model = dnn.KeypointsModel(*made(MAPS, std=0.02))
    maps = model.predict(picture)[0][0]
    points = model.estimate(picture, thresh=float(np.median(maps[:-1].max((1, 2)))))
    assert points.shape == (7, 2) and (points == -1).any() and (points != -1).any()
    for point, values in zip(points, maps, strict=False):
        y, x = np.unravel_index(values.argmax(), values.shape)
        assert point.tolist() in ([-1, -1], [x * 160 / 8, y * 120 / 6])


def test_boxes_lie_within_the_picture(made, picture):
    files = made(dnn_nets.detector(64, 2), std=0.02)
    model = dnn.DetectionModel(*files).setInputParams(1.0, (64, 64), MEAN)
    model = dnn.DetectionModel(*files)
    model.setInputParams(1.0, (64, 64), MEAN)
    classes, scores, boxes = model.detect(picture, 0.4)
    assert len(classes) == len(scores) == len(boxes) > 0
    assert (boxes[:, :2] >= 0).all() and (boxes[:, :2] + boxes[:, 2:] <= (160, 120)).all()
    assert (scores >= 0.4).all() and set(classes.tolist()) == {1}
    assert model.detect(picture, 1.01) == ((), (), ())
    with pytest.raises(ConfigError, match="Unknown output layer type: 'Softmax'"):
        dnn.DetectionModel(*made(CLASSIFIER)).detect(picture)


@with_importer
@pytest.mark.parametrize("crop", [False, True])
def test_models_give_what_opencv_s_give(made, picture, crop):
    def pair(kind, text, std=0.02):
        files = made(text, kind.lower(), std)
        models = getattr(dnn, kind)(*files), getattr(cv2.dnn, kind)(*files)
        for model in models:
            model.setInputMean(MEAN)
            model.setInputScale(1 / 64)
            model.setInputCrop(crop)
            model.setInputSwapRB(crop)
        return models

    ours, theirs = pair("ClassificationModel", CLASSIFIER)
    assert_allclose(ours.predict(picture)[0], theirs.predict(picture)[0], rtol=1e-5)
    assert ours.classify(picture) == pytest.approx(theirs.classify(picture), rel=1e-5)
    ours, theirs = pair("SegmentationModel", MAPS)
    assert_array_equal(ours.segment(picture), theirs.segment(picture))
    ours, theirs = pair("KeypointsModel", MAPS)
    assert_array_equal(ours.estimate(picture, 0.1), theirs.estimate(picture, 0.1))
    ours, theirs = pair("DetectionModel", dnn_nets.detector(64, 3), 0.3)
    for threshold in (0.0, 0.5, 0.8, 1.1):
        found, others = (model.detect(picture, threshold) for model in (ours, theirs))
        for mine, other in zip(found, others, strict=True):
            assert type(mine) is type(other) and len(mine) == len(other)
        assert_array_equal(found[0], others[0])
        assert_allclose(found[1], others[1], rtol=1e-5)
        assert_allclose(found[2], others[2], atol=1)  # pixels, truncated


def test_lines_of_text_lie_where_the_maps_say():
    from caffepy.dnn.text import _boxes

    # 3 above and 1 below the place, 6 right and 2 left of it, not turned
    (centre, size, angle), = _boxes(np.array([[3], [6], [1], [2], [0]], np.float32),
                                    np.array([5]), np.array([7]))
    assert centre == (5 * 4 + (6 - 2) / 2, 7 * 4 + (1 - 3) / 2) and size == (8, 4) and angle == 0


@with_importer
def test_text_is_found_where_opencv_finds_it(made, picture):
    files = made(EAST)
    models = (dnn.TextDetectionModel_EAST(*files),
              cv2.dnn.TextDetectionModel_EAST(cv2.dnn.readNet(*files)))
    for model in models:
        model.setConfidenceThreshold(0.5).setNMSThreshold(0.3)
        model.setInputParams(scale=1 / 20, size=(64, 32), mean=MEAN, swapRB=True)
    (mine, scores), (theirs, others) = (model.detect(picture) for model in models)
    assert len(mine) == len(theirs) > 10
    assert_allclose(mine, theirs, atol=1)
    assert_allclose(scores, others, rtol=1e-5)
    ours, opencvs = (model.detectTextRectangles(picture)[0] for model in models)
    assert_allclose([np.hstack(box) for box in ours], [np.hstack(box) for box in opencvs],
                    rtol=1e-3, atol=1e-2)


# -- nets whose files say what was done to their pictures -----------------------------------------

RULE = ("picture_param { height: 30 width: 40 mean_value: 104 mean_value: 117 mean_value: 123 "
        "scale: 0.5 }\n")


def test_a_model_takes_what_is_not_set_from_the_net_s_file(made, picture):
    model = dnn.ClassificationModel(*made(RULE + CLASSIFIER, std=0.02))
    middle = cv2.resize(picture, (40, 30))[3:27, 4:36]
    wanted = (middle.transpose(2, 0, 1) - np.array(MEAN, np.float32).reshape(3, 1, 1)) * 0.5
    assert_allclose(model.blob(picture)[0], wanted)
    model.setInputScale(1.0)
    assert_allclose(model.blob(picture)[0], 2 * wanted)
    model.setInputMean((0, 0, 0)).setInputSize((32, 24))
    assert_allclose(model.blob(picture)[0], cv2.resize(picture, (32, 24)).transpose(2, 0, 1))


def test_a_net_of_gray_pictures_gets_gray_ones_if_its_file_says_how(made, picture):
    text = dnn_nets.layers(dnn_nets.data(1, 1, 24, 32), dnn_nets.conv("conv", "data", 8, 4))
    model = dnn.SegmentationModel(*made("picture_param { scale: 0.25 }\n" + text))
    gray = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (32, 24))
    assert_allclose(model.blob(picture)[0, 0], gray * 0.25)


@pytest.mark.parametrize(("scale", "mean", "told"), [
    (0.5, MEAN, 0), (1.0, (0, 0, 0), 1), (1 / 255, MEAN, 1), (0.5, (0, 0, 0), 1)])
def test_pictures_that_come_otherwise_are_told_once(made, picture, caplog, scale, mean, told):
    net = dnn.readNetFromCaffe(*made(RULE + CLASSIFIER, std=0.02))
    for _ in range(2):
        net.setInput(dnn.blobFromImage(picture, scale, (32, 24), mean))
    lines = [r.message for r in caplog.records if "picture_param" in r.message]
    assert len(lines) == told
    assert all("scalefactor 0.5, mean (104, 117, 123)" in line for line in lines)


def test_a_dark_picture_may_come(made, caplog):
    net = dnn.readNetFromCaffe(*made(RULE + CLASSIFIER, std=0.02))
    net.setInput(dnn.blobFromImage(np.full((24, 32, 3), 3, np.uint8), 0.5, (32, 24), MEAN))
    assert "picture_param" not in caplog.text
