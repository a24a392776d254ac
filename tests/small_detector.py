"""A detector of one box, the middle half of the picture: blue there is a "sea", red a "rose"."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2

DEPLOY = """
name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "loc" type: "Convolution" bottom: "data" top: "loc"
  convolution_param { num_output: 4 kernel_size: 8 } }
layer { name: "conf" type: "Convolution" bottom: "data" top: "conf"
  convolution_param { num_output: 3 kernel_size: 8 } }
layer { name: "priors" type: "PriorBox" bottom: "loc" bottom: "data" top: "priors"
  prior_box_param { min_size: 4 variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: "flat_loc" type: "Flatten" bottom: "loc" top: "flat_loc" }
layer { name: "prob" type: "Softmax" bottom: "conf" top: "prob" }
layer { name: "flat_prob" type: "Flatten" bottom: "prob" top: "flat_prob" }
layer { name: "detection_out" type: "DetectionOutput" bottom: "flat_loc" bottom: "flat_prob"
  bottom: "priors" top: "detection_out" detection_output_param {
    num_classes: 3 code_type: CENTER_SIZE nms_param { nms_threshold: 0.45 top_k: 10 }
    keep_top_k: 10 confidence_threshold: 0.01 SAVE } }
"""
PICTURE_PARAM = 'picture_param { mean_value: 127.5 scale: 0.0078 }\n'
MAP = 'item { name: "background" label: 0 }\nitem { name: "sea" label: 1 }\n' \
      'item { name: "rose" label: 2 }\n'
COLORS = {"sea.png": (255, 0, 0), "rose 7.jpg": (0, 0, 255), "12.png": (60, 0, 60)}  # BGR


def write(save: str = "") -> None:
    """Net, weights, label map and a folder of pictures of 40 x 60, in the working folder.

    Args:
        save: a save_output_param of the last layer.
    """
    Path("deploy.prototxt").write_text(PICTURE_PARAM + DEPLOY.replace("SAVE", save))
    net = Net("deploy.prototxt", caffe_pb2.TEST, context=Context(seed=1))
    weights = net.params["conf"][0].data
    weights[...] = 0
    weights[1, 0], weights[2, 2] = 0.05, 0.05  # blue and red, over all pixels
    net.params["loc"][0].data[...] = 0
    net.save("w.caffemodel")
    net.close()
    Path("map.prototxt").write_text(MAP)
    Path("photos").mkdir(exist_ok=True)
    for name, color in COLORS.items():
        picture = np.full((40, 60, 3), color, np.uint8)
        Path("photos", name).write_bytes(cv2.imencode(name[-4:], picture)[1].tobytes())
