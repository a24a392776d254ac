"""What the tests of forking share: a net of known numbers, a database, the marks of them all."""

import os

import numpy as np
import pytest
from turning import DEEP, TRAIN, feed, parsed

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.db import new_db
from caffepy.proto import caffe_pb2

forking = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    # Python's own warning: this is what is tried here
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]


def net_of(prototxt=DEEP, phase=TRAIN, **settings):
    net = Net(parsed(prototxt), phase, context=Context(seed=5, threads=2), **settings)
    feed(net)
    return net


def equal(found, expected):
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


def database(path, backend="lmdb", count=23, encoded=False):
    rng = np.random.default_rng(1)
    with new_db(str(path), backend) as db:
        for i in range(count):
            datum = caffe_pb2.Datum(label=i)
            if encoded:
                import cv2

                image = rng.integers(0, 256, (80, 80, 3), np.uint8)
                datum.data, datum.encoded = cv2.imencode(".png", image)[1].tobytes(), True
            else:
                datum.channels, datum.height, datum.width = 1, 2, 2
                datum.data = bytes([i % 256] * 4)
            db.put(b"%05d" % i, datum.SerializeToString())
    return path


DATA = """layer {{ name: "d" type: "Data" top: "x" top: "y" data_param {{ source: "{0}"
  backend: {1} batch_size: 3 prefetch: 4 }} transform_param {{ mirror: true }} }}
"""
