"""Data: batches of Datums from an LMDB or LevelDB, decoded and transformed ahead of the net.

bottom  none
top     data, N x C x H x W; label, N (may be left out)
param   data_param { source: "folder" backend: LMDB batch_size: 64 prefetch: 4 rand_skip: 0 }
        data_param { shuffle: false balance: false weight: 1 mix { source: "other" weight: 1 } }
        transform_param { scale: 1 mirror: false crop_size: 0 mean_file: "" mean_value: 0 };
        all else that it may say is in docs/data.md
V1      DATA (V0 "data")

With shuffle the records of each round come in another order, with balance all classes equally
often, with mix those of further databases come between, by weight. With several workers in TRAIN,
record i goes to worker i mod n. Encoded pictures are decoded by as many threads as the net computes
with, or as CAFFEPY_DECODERS says: the batches are the same. They are turned upright, as EXIF says;
the original did so with force_color or force_gray alone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.reader import Datums
from caffepy.layers.data._prefetching import BOXES, PICTURES, PrefetchingLayer


@register("Data", v1="DATA", v0="data", param="data_param")
class Data(PrefetchingLayer):
    source_field = "source"
    ordered = True
    obeys = (*PICTURES, *(f"data_param.{word}" for word in ("shuffle", "balance", "mix", "weight")))
    harmless: ClassVar[tuple[str, ...]] = BOXES

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        rule = spec.transform_param
        return 3 if rule.force_color else 1 if rule.force_gray else None

    def open_records(self, worker: Worker) -> Datums:
        return Datums(self.p, self.spec.transform_param, worker)
