"""caffepy.proto.caffe_pb2, under pycaffe's name: one set of message classes for both."""

import sys

import caffepy.proto.caffe_pb2

sys.modules[__name__] = caffepy.proto.caffe_pb2
