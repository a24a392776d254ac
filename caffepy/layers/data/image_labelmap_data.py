"""ImageLabelmapData: batches of pictures and of maps of labels, such as of edges, named in a list.

bottom  none
top     data, N x C x H x W; label, N x 1 x H x W (may be left out)
param   image_data_param { source: "list.txt" batch_size: 1 rand_skip: 0 shuffle: false
        new_height: 0 new_width: 0 is_color: true root_folder: "" normalize: true
        soft_labels: false }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0 }, and
        the changes of docs/data.md, by which labels go along; outside the picture they are 0

A line of the list is a picture and its map, read as gray. A label is 1 where the map is 128 or
more, else 0: so a map that several people drew is made one by their majority. With normalize: false
(DSS) labels are what the map says, with soft_labels (caffepy's word for what RCF does) a share of
255. HED's, which crops at random in TEST, too; here the middle is taken, as by other layers.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.labelmaps import Labelmaps
from caffepy.layers.data._prefetching import PICTURES, PrefetchingLayer


@register("ImageLabelmapData", dialect="hed", param="image_data_param")
class ImageLabelmapData(PrefetchingLayer):
    source_field = "source"
    ordered = True
    obeys = (*PICTURES, "normalize", "soft_labels")

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return 3 if spec.image_data_param.is_color else 1

    @classmethod
    def size(cls, spec: Any) -> Shape:
        p = spec.image_data_param
        return (p.new_height, p.new_width) if p.new_height else ()

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        return (first[0], 1, *first[2:])

    def open_records(self, worker: Worker) -> Labelmaps:
        return Labelmaps(self.p, self.spec.transform_param, worker)
