"""caffepy's messages, under pycaffe's name: ``from caffe.proto import caffe_pb2``."""

from caffepy.proto import caffe_pb2 as caffe_pb2
