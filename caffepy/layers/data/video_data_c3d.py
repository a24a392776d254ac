"""VideoData (C3D, video-caffe): clips of videos, frames that follow each other, in 5 axes.

bottom  none
top     data, N x C x L x H x W, L of new_length; label, N, or N x num_of_labels with
        use_multiple_label (may be left out)
param   video_data_param { source: "list.txt" batch_size: 30 rand_skip: 0 shuffle: false
        new_length: 16 new_height: 0 new_width: 0 is_color: true root_folder: "" use_image: false
        use_temporal_jitter: false sampling_rate: 1 max_sampling_rate: 1
        use_sampling_rate_jitter: false use_multiple_label: false num_of_labels: 1 }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0 }, and
        the changes of docs/data.md, for all frames of a clip alike
V1      VIDEO_DATA

A line of the list is a video, the frame a clip begins with, and a whole number; several, as 1,4,7,
with use_multiple_label, which makes a 1 of each and 0 of the others. A video is a file, its frames
counted from 0; with use_image a folder of 000001.jpg and so on; a folder without it has 1.jpg and
so on (video-caffe). With use_temporal_jitter clips begin anywhere: the line of a file has no frame
then, and that of a folder says how many it has; in TEST a folder's clip begins with 000000.jpg, as
in the original. Each sampling_rate-th frame is taken, or one of up to max_sampling_rate drawn for
the clip. A video that is too short or cannot be read is passed over by the original in TRAIN; here
it is an error. Crop and mirror are those of a clip; mean_file is 1 x C x L x H x W, or of one
frame. C3D 1.0 (V1) has its words in image_data_param, mean_value among them.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data.clips import Clips, in_color
from caffepy.data.course import Worker
from caffepy.errors import ConfigError
from caffepy.layers.data._prefetching import CHANGES, PrefetchingLayer
from caffepy.proto import caffe_pb2

WORDS = ("source", "batch_size", "rand_skip", "shuffle", "new_height", "new_width", "new_length",
         "is_color", "root_folder", "use_image", "use_temporal_jitter", "sampling_rate",
         "max_sampling_rate", "use_sampling_rate_jitter", "use_multiple_label", "num_of_labels")
OF_FILMS = ("video_type", "video_file", "device_id", "skip_frames")  # SSD's, in VideoData
OLD = ("new_length", "use_image", "use_temporal_jitter", "sampling_rate", "mean_value")


@register("VideoData", v1="VIDEO_DATA", dialect="c3d", param="video_data_param")
class VideoDataC3D(PrefetchingLayer):
    known_by = "source or new_length, and no word of TSN's or SSD's"
    source_field = "source"
    ordered = True
    pictures = False
    obeys = (*CHANGES, *(f"image_data_param.{word}" for word in OLD),
             *(f"video_data_param.{word}" for word in WORDS))
    harmless = ("show_level",)

    @classmethod
    def own(cls, spec: Any) -> Any:
        old = spec.HasField("image_data_param") and not spec.HasField("video_data_param")
        return spec.image_data_param if old else spec.video_data_param

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        own, films = cls.own(spec), spec.video_data_param
        return bool(own.source or own.HasField("new_length")) and not any(
            map(films.HasField, OF_FILMS))

    @classmethod
    def item_shape(cls, spec: Any) -> Shape | None:
        p, crop = cls.own(spec), spec.transform_param.crop_size
        size = (crop, crop) if crop else (p.new_height, p.new_width)
        return (3 if in_color(p) else 1, p.new_length, *size) if all(size) else None

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        p = spec.video_data_param
        return (first[0], p.num_of_labels or 1) if p.use_multiple_label else first[:1]

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.p = self.own(self.spec)
        super().setup(bottom, top)

    def open_records(self, worker: Worker) -> Clips:
        if not self.p.source:
            raise ConfigError("video_data_param needs a source",
                              fix="Name a list, `video start label` a line.")
        rule, classes = caffe_pb2.TransformationParameter(), 0
        rule.CopyFrom(self.spec.transform_param)
        if isinstance(self.p, caffe_pb2.ImageDataParameter):
            rule.mean_value.extend(self.p.mean_value)
        elif self.p.use_multiple_label:
            classes = self.p.num_of_labels or 1
        return Clips(self.p, rule, worker, classes)
