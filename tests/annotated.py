"""Databases of pictures with boxes, and what AnnotatedData makes of them."""


import cv2
import numpy as np
from recorded_data import make_db
from support import build, parse

from caffepy.data.annotated import AnnotatedDatums
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.proto import caffe_pb2
from caffepy.proto.caffe_pb2 import TRAIN

RED = (0, 0, 255)

BOXES = [(0.25, 0.25, 0.75, 0.5), (0.1, 0.5, 0.4, 0.9), (0.5, 0.125, 0.9, 0.75)]


def record(place, label=3, size=(48, 64), **more):
    """A gray picture with a red rectangle where the box is."""
    pixels = np.full((*size, 3), 120, np.uint8)
    left, top, right, bottom = (round(x * n) for x, n in zip(place, size[::-1] * 2, strict=True))
    pixels[top:bottom, left:right] = RED
    made = caffe_pb2.AnnotatedDatum(type="BBOX", **more)
    made.datum.CopyFrom(caffe_pb2.Datum(
        encoded=True, data=cv2.imencode(".png", pixels)[1].tobytes()))
    one = made.annotation_group.add(group_label=label).annotation.add()
    one.bbox.xmin, one.bbox.ymin, one.bbox.xmax, one.bbox.ymax = place
    return made


def database(path, records, backend="lmdb"):
    return make_db(path / "db", [(f"{i:08d}_x".encode(), one.SerializeToString())
                                 for i, one in enumerate(records)], backend)


def line(source, transform="", own="", batch=3, tops='top: "data" top: "label"'):
    return (f'type: "AnnotatedData" {tops} transform_param {{ {transform} }} '
            f'data_param {{ source: "{source}" backend: LMDB batch_size: {batch} }} '
            f'annotated_data_param {{ {own} }}')


def forward(built):
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def batches(text, count=2, phase="TRAIN"):
    built = build(text, phase=phase)
    made = [forward(built) for _ in range(count)]
    built[0].close()
    return made


def maker(source, transform="", own="", phase=TRAIN, batch=3, **options):
    spec = parse(line(source, transform, own, batch))
    worker = Worker(phase, **{"seed": 3, "stream": "data", **options})
    return BatchMaker(AnnotatedDatums(spec, worker), worker, batch)


def rows(batch):
    """The boxes of a batch, n x 8."""
    return batch.rest[0].reshape(-1, 8)
