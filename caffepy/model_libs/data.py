"""The data layer of SSD."""

from __future__ import annotations

from typing import Any

from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P
from caffepy.proto import caffe_pb2


def CreateAnnotatedDataLayer(
    source: str, batch_size: int = 32, backend: int = P.Data.LMDB, output_label: bool = True,
    train: bool = True, label_map_file: str = "", anno_type: int | None = None,
    transform_param: dict[str, Any] | None = None,
    batch_sampler: list[dict[str, Any]] | None = None,
) -> Any:
    """A layer of type AnnotatedData, for one phase: its tops are pictures and, with
    ``output_label``, boxes."""
    own: dict[str, Any] = {"label_map_file": label_map_file,
                           "batch_sampler": [{}] if batch_sampler is None else batch_sampler}
    if anno_type is not None:
        own["anno_type"] = anno_type
    return L.AnnotatedData(
        name="data", annotated_data_param=own,
        data_param={"batch_size": batch_size, "backend": backend, "source": source},
        ntop=2 if output_label else 1, transform_param=transform_param or {},
        include={"phase": caffe_pb2.TRAIN if train else caffe_pb2.TEST})
