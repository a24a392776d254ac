"""AnnotatedData: batches of pictures with boxes from a database, changed at random together.

bottom  none
top     data, N x C x H x W; label, 1 x 1 x boxes x 8 (may be left out): for each box which picture
        of the batch it is on, class, instance, xmin, ymin, xmax, ymax, difficult
param   annotated_data_param { batch_sampler { ... } label_map_file: "labelmap.prototxt"
        anno_type: BBOX }
        data_param { source: "folder" backend: LMDB batch_size: 32 prefetch: 4 rand_skip: 0 }
        transform_param { distort_param { ... } expand_param { ... } emit_constraint { ... }
        resize_param { ... } noise_param { ... } crop_h: 0 crop_w: 0 }, and those of Data

The records are AnnotatedDatums. In this order: distort, expand, cut to one sampled part, resize,
noise, crop, mirror, mean, scale; each is told in a file of caffepy/data/augment. The boxes go
along: they are cut at the picture's sides and written as shares of it, and those are left out of
which nothing is left, or not what emit_constraint asks for: its centre (CENTER), or more than
emit_overlap of it (MIN_OVERLAP). A batch without boxes has one row of -1. Records without a type
of annotations have their Datum's label, and the top is N, unless anno_type is given.

With yolo_data_type: 1 the label is N x 1 x 300 x 5, as RegionLoss and Yolov3 want it: class counted
from 0, x, y, width, height of each box, then zeros; difficult ones only with train_diffcult: true
(MobileNet-YOLO's spelling). Without a batch_sampler yolo_data_jitter (0.3) cuts parts then.

SSD's, and MobileNet-YOLO's. Between the random changes these forks pack pictures as JPEG; here they
stay as they are. A mean_file is mirrored with its picture, as in Data; SSD's takes it off as it is.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.annotated import AnnotatedDatums
from caffepy.data.box_rows import list_shape, table_shape
from caffepy.data.course import Worker
from caffepy.layers.data._prefetching import BOXES, PICTURES
from caffepy.layers.data.data import Data


@register("AnnotatedData", dialect="ssd", param="annotated_data_param")
class AnnotatedData(Data):
    source_param = "data_param"
    boxed = True
    obeys = (*PICTURES, *BOXES, "yolo_data_type", "yolo_data_jitter", "train_diffcult")
    harmless = ("single_class", "seg_scales", "seg_resize_width", "seg_resize_height")

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        own = cls.own(spec)
        return table_shape(first[0]) if own.yolo_data_type else list_shape(first[0])

    def open_records(self, worker: Worker) -> Any:
        return AnnotatedDatums(self.spec, worker)
