"""cv2.dnn's words over Caffe nets, for programs that OpenCV 5 left without ``readNetFromCaffe``.

    from caffepy import dnn

    net = dnn.readNetFromCaffe("deploy.prototxt", "weights.caffemodel")
    net.setInput(dnn.blobFromImage(picture, 1, (300, 300), (104, 117, 123)))
    found = net.forward()

Names, numbers and shapes are those of OpenCV 4's ``cv2.dnn``; what it has besides Caffe nets
(``blobFromImage``, ``NMSBoxes``, constants) is OpenCV's own. Programs that say ``cv2.dnn`` run
unchanged by ``python -m caffepy.dnn PROGRAM``, or after ``caffepy.dnn.install()``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caffepy.dnn.classification import ClassificationModel as ClassificationModel
    from caffepy.dnn.detection import DetectionModel as DetectionModel
    from caffepy.dnn.installing import install as install
    from caffepy.dnn.keypoints import KeypointsModel as KeypointsModel
    from caffepy.dnn.layer import Layer as Layer
    from caffepy.dnn.model import Model as Model
    from caffepy.dnn.net import Net as Net
    from caffepy.dnn.reading import readNet as readNet
    from caffepy.dnn.reading import readNetFromCaffe as readNetFromCaffe
    from caffepy.dnn.segmentation import SegmentationModel as SegmentationModel
    from caffepy.dnn.text import TextDetectionModel_EAST as TextDetectionModel_EAST

_HOMES = {
    "ClassificationModel": "classification", "DetectionModel": "detection",
    "KeypointsModel": "keypoints", "Layer": "layer", "Model": "model", "Net": "net",
    "SegmentationModel": "segmentation",
    "TextDetectionModel_EAST": "text", "install": "installing", "readNet": "reading",
    "readNetFromCaffe": "reading",
}

__all__ = [*_HOMES]  # pyright: ignore


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"caffepy.dnn.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name.startswith("__"):
        raise AttributeError(f"module 'caffepy.dnn' has no attribute {name!r}")
    import cv2

    try:
        return getattr(cv2.dnn, name)
    except AttributeError:
        raise AttributeError(f"neither caffepy.dnn nor cv2.dnn has {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
