"""ImageData: batches of picture files named in a list, read and transformed ahead of the net.

bottom  none
top     data, N x C x H x W; label, N (may be left out)
param   image_data_param { source: "list.txt" batch_size: 1 rand_skip: 0 shuffle: false
        new_height: 0 new_width: 0 is_color: true root_folder: "" balance: false }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0 };
        all else that it may say is in docs/data.md
V1      IMAGE_DATA (V0 "images")

A line of the list is a path, a space and a whole number. H and W are those of each batch's first
picture, unless new_height and new_width or crop_size set them. With balance all labels come equally
often. With several workers in TRAIN, record i goes to worker i mod n.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.image_list import ImageList
from caffepy.layers.data._prefetching import BOXES, PICTURES, PrefetchingLayer


@register("ImageData", v1="IMAGE_DATA", v0="images", param="image_data_param")
class ImageData(PrefetchingLayer):
    source_field = "source"
    ordered = True
    obeys = (*PICTURES, "image_data_param.balance")
    harmless = BOXES

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return 3 if spec.image_data_param.is_color else 1

    @classmethod
    def size(cls, spec: Any) -> Shape:
        p = spec.image_data_param
        return (p.new_height, p.new_width) if p.new_height else ()

    def open_records(self, worker: Worker) -> ImageList:
        return ImageList(self.p, self.spec.transform_param, worker)
