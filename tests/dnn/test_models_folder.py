"""The deploy nets of models/: as OpenCV reads them, where it does."""

import cv2
import numpy as np
import pages
import pytest
from numpy.testing import assert_allclose

from caffepy import dnn

pytestmark = pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"),
                                reason="this OpenCV has no readNetFromCaffe to compare with")

SMALL = ["lenet/lenet.prototxt", "cifar10/cifar10_full.prototxt", "mnist_siamese/deploy.prototxt",
         "mobilenet/deploy.prototxt", "squeezenet/deploy.prototxt", "mobilenet_ssd/deploy.prototxt",
         "mnist_autoencoder/deploy.prototxt", "googlenet/deploy.prototxt"]
LARGE = ["alexnet/deploy.prototxt", "caffenet/deploy.prototxt", "resnet50/deploy.prototxt",
         "flickr_style/deploy.prototxt", "rcnn/deploy.prototxt"]


@pytest.mark.parametrize("name", [
    *SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_names_costs_and_outputs(name, made):
    prototxt = pages.ROOT / "models" / name
    files = made(prototxt.read_text(), std=0.05)
    ours, theirs = dnn.readNetFromCaffe(*files), cv2.dnn.readNetFromCaffe(*files)
    names = theirs.getLayerNames()
    assert ours.getLayerNames() == names
    assert ours.getUnconnectedOutLayersNames() == theirs.getUnconnectedOutLayersNames()
    shapes = [[1, *ours.shape_of_input(name)[1:]] for name in ours.inputs]
    assert ours.getFLOPS(shapes) == theirs.getFLOPS(shapes)
    for i in range(1, len(names) + 1):
        assert ours.getLayer(i).type == theirs.getLayer(i).type
        assert (ours.getFLOPS(i, shapes), ours.getMemoryConsumption(i, shapes)) == (
            theirs.getFLOPS(i, shapes), theirs.getMemoryConsumption(i, shapes)), names[i - 1]
    rng = np.random.default_rng(5)
    for shape, input_ in zip(shapes, ours.inputs, strict=True):
        values = rng.standard_normal(shape).astype(np.float32)
        ours.setInput(values, input_)
        theirs.setInput(values, input_)
    outputs = list(theirs.getUnconnectedOutLayersNames())
    for mine, other in zip(ours.forward(outputs), theirs.forward(outputs), strict=True):
        assert mine.shape == other.shape
        assert_allclose(mine, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())
