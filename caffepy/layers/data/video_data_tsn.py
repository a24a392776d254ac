"""VideoData (TSN): clips of videos that are folders of frames, some frames of each segment.

bottom  none
top     data, N x C x H x W; label, N x 1 x 1 x 1 (may be left out)
param   video_data_param { source: "list.txt" batch_size: 32 rand_skip: 0 shuffle: false
        new_height: 0 new_width: 0 new_length: 1 num_segments: 1 modality: FLOW
        name_pattern: "flow_%c_%04d.jpg" grayscale: false }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0
        fix_crop: false more_fix_crop: false multi_scale: false scale_ratios: 1 max_distort: 1
        is_flow: false }, and the changes of docs/data.md, for all frames of an RGB clip alike

A line of the list is a folder, the number of its frames, and a whole number. The video falls into
num_segments equal parts; from each come new_length frames that follow each other, at random in
TRAIN, else about from its middle. Frames are numbered from 1; C is all of them, 3 channels each for
RGB ("image_%04d.jpg") and x, y for FLOW. mean_value may be of one frame. In TRAIN the crop is one
of 5 places, 13 with more_fix_crop, and with multi_scale a window is scaled to crop_size whose sides
are shares of the shorter side, at most max_distort apart in their list. With is_flow, a mirrored x
is 255 - x (one old tree turns the first half of the channels). The original passes over a frame
that cannot be read, and leaves the batch as it was; here it is an error.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data import segments
from caffepy.data.course import Worker
from caffepy.errors import ConfigError
from caffepy.layers.data._prefetching import CHANGES, PrefetchingLayer

OWN = ("modality", "num_segments", "name_pattern", "grayscale")
SHARED = ("source", "batch_size", "rand_skip", "shuffle", "new_height", "new_width", "new_length")
WINDOWS = ("fix_crop", "more_fix_crop", "multi_scale", "max_distort", "is_flow")


@register("VideoData", dialect="tsn", param="video_data_param")
class VideoDataTSN(PrefetchingLayer):
    known_by = f"one of {', '.join((*OWN, *WINDOWS, 'scale_ratios'))}"
    source_field = "source"
    ordered = True
    obeys = (*CHANGES, *(f"video_data_param.{word}" for word in OWN + SHARED),
             *(f"transform_param.{word}" for word in (*WINDOWS, "scale_ratios")))

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        p, rule = spec.video_data_param, spec.transform_param
        return any(map(p.HasField, OWN)) or any(map(rule.HasField, WINDOWS)) or bool(
            rule.scale_ratios)

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return segments.channels(spec.video_data_param)

    @classmethod
    def frame_channels(cls, spec: Any) -> int | None:
        return segments.frame_channels(spec.video_data_param)

    @classmethod
    def size(cls, spec: Any) -> Shape:
        p = spec.video_data_param
        return (p.new_height, p.new_width) if p.new_height else ()

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        return (first[0], 1, 1, 1)

    def open_records(self, worker: Worker) -> segments.Segments:
        if not self.p.source:
            raise ConfigError("video_data_param needs a source",
                              fix=f"Name a list, `{segments.FORM}` a line.")
        return segments.Segments(self.p, self.spec.transform_param, worker)
