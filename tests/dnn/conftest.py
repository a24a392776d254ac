"""Small nets with weights drawn by a seed, as files; and cv2.dnn with caffepy's nets in it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import caffepy
from caffepy.dnn import installing


@pytest.fixture
def made(tmp_path):
    """Writes a net's prototxt and a caffemodel; returns both paths."""

    def make(text: str, name: str = "net", std: float = 0.3) -> tuple[str, str]:
        prototxt, weights = tmp_path / f"{name}.prototxt", tmp_path / f"{name}.caffemodel"
        prototxt.write_text(text)
        net = caffepy.Net(str(prototxt), caffepy.TEST)
        rng = np.random.default_rng(1701)
        for layer, blobs in net.params.items():
            for blob in blobs:
                blob.data[...] = std * rng.standard_normal(blob.data.shape)
            if net.layer_dict[layer].type == "BatchNorm":
                blobs[1].data[...] = 0.5 + np.abs(blobs[1].data)
                blobs[2].data[...] = 1
        net.save(weights)
        return str(prototxt), str(weights)

    return make


@pytest.fixture
def installed(monkeypatch):
    """cv2.dnn reads Caffe nets by caffepy while a test runs, whatever this OpenCV has."""
    for name in ("readNetFromCaffe", "readNet", *installing.MODELS):
        monkeypatch.setattr(cv2.dnn, name, getattr(cv2.dnn, name, None), raising=False)
        if name in installing.MODELS:
            monkeypatch.setattr(cv2, f"dnn_{name}", getattr(cv2, f"dnn_{name}", None),
                                raising=False)
    installing.install(always=True)
    return cv2.dnn


@pytest.fixture
def picture():
    """120 x 160 x 3 of noise."""
    return np.random.default_rng(5).integers(0, 256, (120, 160, 3), np.uint8)


@pytest.fixture
def programs():
    return Path(__file__).parent / "programs"
