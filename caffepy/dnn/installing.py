"""Puts caffepy's nets where programs look for OpenCV's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from caffepy import log
from caffepy.dnn.classification import ClassificationModel
from caffepy.dnn.detection import DetectionModel
from caffepy.dnn.keypoints import KeypointsModel
from caffepy.dnn.model import Model
from caffepy.dnn.net import Net
from caffepy.dnn.reading import is_caffe, readNet, readNetFromCaffe
from caffepy.dnn.segmentation import SegmentationModel
from caffepy.dnn.text import TextDetectionModel_EAST

logger = log.get(__name__)

MODELS: dict[str, type[Model]] = {
    kind.__name__: kind for kind in (
        Model, ClassificationModel, DetectionModel, KeypointsModel, SegmentationModel,
        TextDetectionModel_EAST)}
MARK = "_caffepy"


def install(always: bool = False) -> None:
    """Give ``cv2.dnn`` what it lacks for Caffe nets: readNetFromCaffe, readNet for files of
    Caffe's, and the models over both. What OpenCV has for other files goes on as before.

    Args:
        always: also where this OpenCV reads Caffe nets by itself.
    """
    import cv2

    dnn: Any = cv2.dnn
    if hasattr(dnn.readNet, MARK) or (hasattr(dnn, "readNetFromCaffe") and not always):
        return
    dnn.readNetFromCaffe = readNetFromCaffe
    dnn.readNet = _either(getattr(dnn, "readNet", None))
    for name, ours in MODELS.items():
        both = _either_model(name, ours, getattr(dnn, name, None))
        setattr(dnn, name, both)
        setattr(cv2, f"dnn_{name}", both)
    logger.info("cv2.dnn %s reads Caffe nets by caffepy.", cv2.__version__)


def _either(theirs: Callable[..., Any] | None) -> Callable[..., Any]:
    """readNet, by the names of the files; or by the name of the framework, which stands last, or
    first where the files are given as bytes."""
    def read(model: Any, config: Any = "", framework: Any = "", *more: Any, **options: Any) -> Any:
        named = [word.lower() for word in (model, framework) if isinstance(word, str)]
        if theirs is None or "caffe" in named or is_caffe(model, config):
            return readNet(model, config, framework)
        return theirs(model, config, framework, *more, **options)

    read.__name__, read.__doc__ = "readNet", getattr(theirs, "__doc__", None) or readNet.__doc__
    setattr(read, MARK, True)
    return read


def _either_model(name: str, ours: type[Model], theirs: Any) -> type:
    """A class whose calls make our model of Caffe's nets, and OpenCV's of all others."""
    def new(cls: type, model: Net | str | os.PathLike[str], config: Any = "", *more: Any) -> Any:
        if theirs is None or isinstance(model, Net) or is_caffe(model, config):
            return ours(model, config)
        return theirs(model, *([config] if config != "" else []), *more)

    return type(name, (), {"__new__": new, "__doc__": ours.__doc__})
