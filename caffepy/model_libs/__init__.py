"""The bodies and heads of detectors, for nets written in Python (SSD, Liu et al., 2016).

    import caffe
    from caffe.model_libs import *

    net = caffe.NetSpec()
    net.data, net.label = CreateAnnotatedDataLayer("train_lmdb", batch_size=32)
    VGGNetBody(net, from_layer="data", fully_conv=True, reduced=True, dilated=True, dropout=False)
    ConvBNLayer(net, "fc7", "conv6_1", False, True, 256, 1, 0, 1)
    layers = CreateMultiBoxHead(net, from_layers=["conv6_1"], min_sizes=[60], num_classes=21)

Names, arguments and the layers made are those of weiliu89's model_libs.py, whose scripts
(ssd_pascal.py and its like) find ``caffe``, ``caffe_pb2``, ``L``, ``P`` and ``os`` here, too.
"""

import os

import caffepy as caffe
from caffepy.model_libs.building import (
    ConvBNLayer,
    UnpackVariable,
    check_if_exist,
    make_if_not_exist,
)
from caffepy.model_libs.data import CreateAnnotatedDataLayer
from caffepy.model_libs.inception import InceptionTower, InceptionV3Body
from caffepy.model_libs.multibox import CreateMultiBoxHead
from caffepy.model_libs.resnet import ResBody, ResNet101Body, ResNet152Body
from caffepy.model_libs.vgg import VGGNetBody
from caffepy.model_libs.zf import ZFNetBody
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P
from caffepy.proto import caffe_pb2

__all__ = [
    "ConvBNLayer", "CreateAnnotatedDataLayer", "CreateMultiBoxHead", "InceptionTower",
    "InceptionV3Body", "L", "P", "ResBody", "ResNet101Body", "ResNet152Body", "UnpackVariable",
    "VGGNetBody", "ZFNetBody", "caffe", "caffe_pb2", "check_if_exist", "make_if_not_exist", "os",
]
