"""VideoData: batches of the frames of a film or a camera.

bottom  none
top     data, N x C x H x W; label, N zeros (may be left out)
param   video_data_param { video_type: VIDEO video_file: "film.avi" skip_frames: 0 }, or
        { video_type: WEBCAM device_id: 0 }
        data_param { batch_size: 1 prefetch: 4 }
        transform_param { resize_param { ... } mean_value: 0 scale: 1 }, and all others of Data

Of skip_frames + 1 frames the last is taken. Behind the last whole batch of a film comes an error,
Finished processing video; SSD's fork, whose this is, then interrupts its own process. With several
workers in TRAIN, frame i goes to worker i mod n.

Layers of this name that read lists of clips are others' (TSN's, C3D's): they have a source.
"""

from __future__ import annotations

from typing import Any

from caffepy.core.registry import register
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.records import Records
from caffepy.data.video import Frames
from caffepy.layers.data._prefetching import BOXES, PICTURES, PrefetchingLayer

OWN_WORDS = ("video_type", "video_file", "device_id", "skip_frames")


@register("VideoData", dialect="ssd", param="video_data_param")
class VideoData(PrefetchingLayer):
    source_param = "data_param"
    obeys = PICTURES
    harmless = BOXES

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        p = spec.video_data_param
        others = p.ListFields() or spec.image_data_param.source  # where C3D 1.0 has its words
        return not others or any(map(p.HasField, OWN_WORDS))

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        return 3

    def open_records(self, worker: Worker) -> Frames:
        return Frames(self.p, self.spec.transform_param, worker)

    def make_batches(self, records: Records, worker: Worker) -> BatchMaker:
        return BatchMaker(records, worker, self.spec.data_param.batch_size)  # none is skipped
