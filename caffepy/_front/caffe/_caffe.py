"""caffepy._caffe, under pycaffe's name."""

import sys

import caffepy._caffe

sys.modules[__name__] = caffepy._caffe
