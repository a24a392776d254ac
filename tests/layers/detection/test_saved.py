"""Detections that a DetectionOutput writes into files."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import ConfigError, NotFound
from caffepy.layers.detection._saved import in_pixels
from caffepy.proto import caffe_pb2


@pytest.fixture
def detect(tmp_path):
    """Runs a detector on three pictures, one a batch, that finds one box in the first and two in
    the third."""
    (tmp_path / "labels.prototxt").write_text(
        'item { name: "none" label: 0 } item { name: "cat" label: 1 } item { name: "7" label: 2 }')
    (tmp_path / "sizes.txt").write_text("first 100 200\n2 50 50\nthird 200 100\n")

    def run(kind, more=""):
        line = f"""type: "DetectionOutput" detection_output_param {{ num_classes: 3
            confidence_threshold: 0.5 save_output_param {{ output_directory: "{tmp_path}/out"
            output_name_prefix: "it_" output_format: "{kind}" {more}
            label_map_file: "{tmp_path}/labels.prototxt"
            name_size_file: "{tmp_path}/sizes.txt" }} }}"""
        priors = np.array([[[0.1, 0.2, 0.5, 0.6, -0.1, 0.5, 0.8, 0.9], [1.0] * 8]])
        layer, bottom, top = build(line, (1, 8), (1, 6), priors)
        bottom[0].data[...] = 0
        for conf in ([0, 0.875, 0.1, 0, 0, 0], [0] * 6, [0, 0, 0.75, 0, 0.625, 0]):
            bottom[1].data[...] = conf
            layer.forward(bottom, top)
        return {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}

    return run


def test_voc(detect):
    assert detect("VOC") == {
        "it_cat.txt": "first 0.875 20 20 100 60\nthird 0.625 0 100 80 180\n",
        "it_7.txt": "third 0.75 10 40 50 120\n"}


def test_ilsvrc(detect):
    assert detect("ILSVRC") == {
        "it_.txt": "first 1 0.875 20 20 100 60\nthird 1 0.625 0 100 80 180\n"
                   "third 2 0.75 10 40 50 120\n"}


def test_coco(detect):
    found = json.loads(detect("COCO")["it_.json"])
    assert found[0] == {"image_id": "first", "category_id": "cat", "bbox": [20, 20, 80, 40],
                        "score": 0.875}
    assert [(row["image_id"], row["category_id"]) for row in found[1:]] == [
        ("third", "cat"), ("third", 7)]


def test_the_files_are_those_of_the_last_num_test_image_pictures(detect):
    assert detect("VOC", "num_test_image: 2")["it_cat.txt"].startswith("first")
    found = detect("VOC", "num_test_image: 1")
    assert found == {"it_cat.txt": "first 0.625 0 50 160 90\n",
                     "it_7.txt": "first 0.75 20 20 100 60\n"}


def test_padded_pictures():
    param = caffe_pb2.ResizeParameter(resize_mode="FIT_LARGE_SIZE_AND_PAD", height=100, width=100)
    boxes = np.array([[0.5, 0.25, 1, 0.75], [0.25, 0.5, 0.75, 2]])
    assert_allclose(in_pixels(boxes, 40, 80, param), [[40, 0, 80, 40], [20, 20, 60, 40]])
    assert_allclose(in_pixels(boxes[:, [1, 0, 3, 2]], 80, 40, param),
                    [[0, 40, 40, 80], [20, 20, 40, 60]])


def test_pictures_made_by_their_smaller_side():
    param = caffe_pb2.ResizeParameter(resize_mode="FIT_SMALL_SIZE", height=10, width=10)
    boxes = np.array([[0.5, 0.25, 1.5, 0.75]])
    assert_allclose(in_pixels(boxes, 40, 80, param), [[40, 10, 80, 30]])
    param.height_scale, param.width_scale = 20, 50
    assert_allclose(in_pixels(boxes, 40, 80, param), [[25, 5, 75, 15]])


def test_mistakes(detect, tmp_path):
    with pytest.raises(ConfigError, match="no such output_format"):
        detect("XML")
    with pytest.raises(ConfigError, match="not as many lines"):
        detect("VOC", "num_test_image: 4")
    (tmp_path / "labels.prototxt").write_text('item { name: "cat" label: 1 }')
    with pytest.raises(ConfigError, match="lacks a class"):
        detect("VOC")
    (tmp_path / "labels.prototxt").unlink()
    with pytest.raises(NotFound, match="label_map_file"):
        detect("VOC")
