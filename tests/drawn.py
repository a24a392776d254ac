"""A net to draw, nets out of text, and the words of a drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from caffepy.proto import caffe_pb2, text

LENET = """
name: "LeNet"
layer { name: "mnist" type: "DummyData" top: "data" top: "label" include { phase: TRAIN }
  dummy_data_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 } } }
layer { name: "mnist" type: "DummyData" top: "data" top: "label" include { phase: TEST }
  dummy_data_param { shape { dim: 10 dim: 1 dim: 28 dim: 28 } shape { dim: 10 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
  inner_product_param { num_output: 500 } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""
TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST


def net(prototxt: str = LENET) -> Any:
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return param


def layer(words: str) -> Any:
    return net("layer { " + words + " }").layer[0]


def words_of(svg: bytes) -> list[str | None]:
    return [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]
