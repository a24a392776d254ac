"""DenseImageData: batches of pictures and of their labels, pixel by pixel, named in a list.

bottom  none
top     data, N x C x H x W; label, N x 1 x H x W (may be left out)
param   dense_image_data_param { source: "list.txt" batch_size: 1 rand_skip: 0 shuffle: false
        new_height: 0 new_width: 0 is_color: true root_folder: "" mirror: false crop_height: 0
        crop_width: 0 label_divide_factor: 1 root_folder_image: "" root_folder_label: "" }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0 }, and
        the changes of docs/data.md, by which labels go along; outside the picture they are 255
V1      DENSE_IMAGE_DATA

A line of the list is a picture and its picture of labels, read as gray; new_height takes the labels
of the nearest pixels. mirror and the crop of the layer's own message are at random in TEST, too;
those of transform_param, which the original refuses, are as everywhere. Labels are H and W divided
by label_divide_factor. SegNet's; folders of their own and smaller labels are ENet's. ENet's
multi_scale does nothing: it draws whole numbers where it wants tenths, so the scale is always 1.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.dense_pairs import DensePairs
from caffepy.layers.data._prefetching import PICTURES, PrefetchingLayer


@register("DenseImageData", v1="DENSE_IMAGE_DATA", dialect="segnet",
          param="dense_image_data_param")
class DenseImageData(PrefetchingLayer):
    source_field = "source"
    ordered = True
    obeys = (*PICTURES, "label_divide_factor", "root_folder_image", "root_folder_label")
    harmless = ("multi_scale",)

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return 3 if spec.dense_image_data_param.is_color else 1

    @classmethod
    def size(cls, spec: Any) -> Shape:
        p = spec.dense_image_data_param
        if p.crop_height:
            return (p.crop_height, p.crop_width)
        return (p.new_height, p.new_width) if p.new_height else ()

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        factor = spec.dense_image_data_param.label_divide_factor or 1
        return (first[0], 1, *(side // factor for side in first[2:]))

    def open_records(self, worker: Worker) -> DensePairs:
        return DensePairs(self.p, self.spec.transform_param, worker)
