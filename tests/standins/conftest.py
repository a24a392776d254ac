"""py-faster-rcnn's settings, which a test may change; pictures with boxes."""

import copy
import importlib.util

import cv2
import numpy as np
import pytest

from caffepy.standins.fast_rcnn.config import cfg as settings


@pytest.fixture
def cfg():
    """The settings as they are when a script begins, whatever layers have set before."""
    before = copy.deepcopy(settings)
    spec = importlib.util.find_spec("caffepy.standins.fast_rcnn.config")
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    for name, value in anew.cfg.items():
        if isinstance(settings[name], dict):
            settings[name].update(value)
        else:
            settings[name] = value
    yield settings
    for name, value in before.items():
        settings[name] = value


@pytest.fixture
def roidb(tmp_path):
    """Six pictures, each with a red and a green square of a size of its own."""
    entries = []
    for i in range(6):
        height, width = (60, 80) if i % 3 else (80, 60)
        picture = np.full((height, width, 3), 40, np.uint8)
        boxes = np.array([[4 + i, 8, 27 + i, 31], [30, 28 + i, 53, 51 + i]], np.uint16)
        for (x1, y1, x2, y2), colour in zip(boxes, ((0, 0, 255), (0, 255, 0)), strict=True):
            picture[y1 : y2 + 1, x1 : x2 + 1] = colour
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture)
        entries.append({
            "image": str(tmp_path / f"{i}.png"), "flipped": False, "boxes": boxes,
            "gt_classes": np.array([1, 2]), "gt_overlaps": np.eye(3)[1:],
            "height": height, "width": width})
    return entries
