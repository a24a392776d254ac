"""ImageSegData: batches of pictures and of their labels, pixel by pixel, named in a list.

bottom  none
top     data, N x C x H x W; label, N x 1 x H x W; size, N x 1 x 1 x 2 (the last ones may be left
        out): height and width of each picture before it was scaled, H and W at most
param   image_data_param { source: "list.txt" label_type: IMAGE ignore_label: 255 batch_size: 1
        rand_skip: 0 shuffle: false new_height: 0 new_width: 0 is_color: true root_folder: "" }
        transform_param { scale: 1 mirror: false crop_size: 0 crop_height: 0 crop_width: 0
        mean_value: 0 scale_factors: 0.5 scale_factors: 1 }, and the changes of docs/data.md, which
        come first, and by which labels go along; outside the picture they are ignore_label
V1      IMAGE_SEG_DATA

A line of the list is, by label_type, a picture and its picture of labels, which is read as gray
(PIXEL), a picture and a number for all its pixels (IMAGE, if none is said), or a picture alone,
whose pixels are ignored (NONE). One of scale_factors is drawn; what is smaller than the crop then
is padded below and to the right, with the mean and with ignore_label; the crop is at random in
TRAIN and from the middle in TEST. With new_height, labels are those of the nearest pixels; the
original mixes them, as if they were colors. DeepLab's and PSPNet's.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.seg_pairs import SegPairs
from caffepy.layers.data._prefetching import PICTURES, PrefetchingLayer


@register("ImageSegData", v1="IMAGE_SEG_DATA", dialect="pspnet", param="image_data_param")
class ImageSegData(PrefetchingLayer):
    source_field = "source"
    ordered = True
    tops = "1-3"
    obeys = (*PICTURES, "label_type", "ignore_label", "transform_param.scale_factors",
             "transform_param.crop_height", "transform_param.crop_width")

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return 3 if spec.image_data_param.is_color else 1

    @classmethod
    def size(cls, spec: Any) -> Shape:
        rule, p = spec.transform_param, spec.image_data_param
        if rule.crop_height:
            return (rule.crop_height, rule.crop_width)
        return (p.new_height, p.new_width) if p.new_height else ()

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        return (first[0], 1, *((1, 2) if top == 2 else first[2:]))

    def open_records(self, worker: Worker) -> SegPairs:
        return SegPairs(self.p, self.spec.transform_param, worker)
