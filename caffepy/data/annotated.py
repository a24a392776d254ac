"""Records of pictures with boxes: a database's AnnotatedDatums, as convert_annoset writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from caffepy.core.memory import Shape
from caffepy.data import datum, label_map
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.augmentation import Augmentation
from caffepy.data.box_rows import as_list, as_table, list_shape, of_table, table_shape
from caffepy.data.course import Share, Worker
from caffepy.data.db import Record
from caffepy.data.reader import Datums
from caffepy.data.recycle import Batch
from caffepy.data.whole import Whole
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

FAR = 2.0  # a place beyond it is none: boxes that the picture's side cuts do not reach so far
ROUNDED = 1e-3  # as little as a box may lie outside by rounding


class AnnotatedDatums(Datums):
    """The AnnotatedDatums of a database.

    The labels are boxes, if the first record's type or anno_type says so; else its Datum's number.

    Args:
        param: the LayerParameter: its data_param, annotated_data_param and transform_param.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError: naming the record where there is one.
    """

    def __init__(self, param: caffe_pb2.LayerParameter, worker: Worker) -> None:
        own, rule = param.annotated_data_param, param.transform_param
        if param.data_param.balance:
            raise ConfigError("balance goes by the label of a record, and these have boxes",
                              fix="Leave it out; mix can read a database more often.")
        if own.yolo_data_type not in (0, 1):
            raise ConfigError("yolo_data_type is 1 for YOLO's labels, or 0",
                              found=own.yolo_data_type)
        augmentation = Augmentation(rule, worker, own)
        self._map_file = path_of(own, "label_map_file")
        self._names = label_map.read_if_there(self._map_file)
        super().__init__(param.data_param, rule, worker)  # opens the database
        self.augmentation = augmentation
        self._emit = rule.emit_constraint if rule.HasField("emit_constraint") else None
        self._boxes = own.HasField("anno_type")
        self._yolo, self._difficult = own.yolo_data_type == 1, own.train_diffcult

    def first(self, share: Share) -> Record:
        record = super().first(share)
        self.at_once = False  # boxes change with crop and mirror
        self._boxes = self._boxes or _parse(record[1]).HasField("type")
        return record

    def parse(self, value: bytes) -> caffe_pb2.Datum:
        return _parse(value).datum

    def load(self, record: Record) -> tuple[np.ndarray, Any]:
        """The picture, and its boxes or its number."""
        annotated = _parse(record[1])
        picture = datum.to_array(annotated.datum, self.transformer.color)
        if self._boxes:
            boxes = boxes_of.of_groups(annotated.annotation_group)
            self._check(boxes)
            return picture, boxes
        if not annotated.datum.HasField("label"):
            raise DataError("the record has neither a type of annotations nor a label",
                            fix="Set annotated_data_param { anno_type: BBOX } if it has boxes.")
        return picture, annotated.datum.label

    def change(self, picture: np.ndarray, label: Any, number: int, start: int
               ) -> tuple[np.ndarray, Any]:
        boxes = label if self._boxes else boxes_of.NONE
        stretch = None
        if self.augmentation:
            picture, boxes, stretch = self.augmentation(picture, number, start, boxes)
        if not self._boxes:
            return picture, label
        boxes = self._cut(boxes, picture.shape, number, stretch)
        return picture, of_table(boxes, self._difficult) if self._yolo else boxes

    def _cut(self, boxes: np.ndarray, shape: tuple[int, ...], number: int,
             stretch: np.ndarray | None) -> np.ndarray:
        """The boxes after crop and mirror, which the transformer will draw for this record."""
        _, tall, wide = self.transformer.output_shape(*shape)
        (row, column, mirror), = self.transformer.cuts(shape, number, 1).tolist()
        size = np.array([shape[2], shape[1], shape[2], shape[1]], np.float32)
        window = np.array([column, row, column + wide, row + tall], np.float32) / size
        boxes = boxes_of.cut(boxes, window, self._emit)
        if mirror:
            boxes = boxes_of.mirrored(boxes)
        if stretch is not None:
            factor = stretch * np.array([wide, tall], np.float32)
            if (factor < 1).any():
                raise ShapeError("the picture is smaller than height_scale and width_scale",
                                 found=f"{tall} x {wide}")
            boxes[:, boxes_of.PLACE] *= np.tile(factor, 2)
        return boxes

    def _check(self, boxes: np.ndarray) -> None:
        if self._names is not None:
            strange = [int(label) for label in boxes[:, 0] if int(label) not in self._names]
            if strange:
                raise DataError("a box has a label that is not in label_map_file",
                                found=strange[0], allowed=f"those of {self._map_file}",
                                fix="Make database and map of the same classes.")
        place = boxes[:, boxes_of.PLACE]
        there = ((place[:, :2] <= 1 + ROUNDED) & (place[:, 2:] >= -ROUNDED)
                 & (abs(place) <= FAR).reshape(-1, 2, 2).all(1)).all(1)
        if not there.all():
            raise DataError("a box lies outside its picture",
                            found=" ".join(f"{one:g}" for one in place[~there][0]),
                            allowed="xmin ymin xmax ymax from 0 to 1",
                            fix="They are shares of the picture's width and height, not pixels.")

    def label_shapes(self, label: Any, count: int) -> list[Shape]:
        """For SSD's, how many there are is known when the batch is made."""
        if not self._boxes:
            return [(count,)]
        return [table_shape(count) if self._yolo else list_shape(len(label))]

    def finish(self, batch: Batch | Whole, labels: list[Any], share: Share) -> None:
        if not self._boxes:
            super().finish(batch, labels, share)
            return
        batch.rest[0] = as_table(labels) if self._yolo else as_list(labels)


def _parse(value: bytes) -> caffe_pb2.AnnotatedDatum:
    try:
        annotated = caffe_pb2.AnnotatedDatum.FromString(value)
    except DecodeError:
        annotated = caffe_pb2.AnnotatedDatum()
    if not annotated.HasField("datum"):
        plain = datum.parse(value)  # says what is wrong with bytes that are no Datum either
        if plain.HasField("channels") or plain.HasField("data"):
            raise DataError("the record is a Datum without boxes", allowed="an AnnotatedDatum",
                            fix='Write type: "Data"; SSD\'s convert_annoset writes boxes.')
        raise DataError("the record has no picture", found=f"{len(value)} bytes",
                        fix="Make the database anew.")
    return annotated
