"""SegNet's way with pictures and their labels: mirrored and cropped by its own settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.memory import Shape
from caffepy.data.course import Worker
from caffepy.data.draws import below
from caffepy.data.pairs import Pairs, cut, mirrored, nearest
from caffepy.errors import ConfigError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of


class DensePairs(Pairs):
    """Args and raises: as Pairs."""

    def __init__(
        self, param: caffe_pb2.DenseImageDataParameter,
        transform_param: caffe_pb2.TransformationParameter, worker: Worker,
    ) -> None:
        self._crop = param.crop_height, param.crop_width
        self._factor = param.label_divide_factor or 1
        if any(self._crop) and not all(self._crop):
            raise ConfigError("crop_height and crop_width must be given both or not at all",
                              found=f"{self._crop[0]} x {self._crop[1]}")
        if self._factor > 1 and (any(self._crop) or transform_param.crop_size):
            raise ConfigError("labels that are smaller than pictures are not cropped with them",
                              found=f"label_divide_factor {self._factor} and a crop",
                              fix="Leave one of them out.")
        super().__init__(param, transform_param, worker)
        if self._factor > 1 and self.augmentation.moves:
            raise ConfigError("labels that are smaller than pictures are not moved with them",
                              found=f"label_divide_factor {self._factor} and a transform_param "
                                    "that moves pictures", fix="Leave one of them out.")
        if param.HasField("root_folder_image"):
            self._root = path_of(param, "root_folder_image")
        if param.HasField("root_folder_label"):
            self._label_root = path_of(param, "root_folder_label")

    def own_way(self, picture: np.ndarray, labels: np.ndarray, bits: tuple[int, ...]
                ) -> tuple[np.ndarray, Any]:
        mirror, row, column, _ = bits
        if self._param.mirror and below(mirror, 2):
            picture, labels = mirrored(picture, labels)
        if self._crop[0]:
            room = [have - wanted for have, wanted in zip(labels.shape, self._crop, strict=True)]
            if min(room) < 0:
                raise ShapeError("the picture is smaller than crop_height x crop_width",
                                 found=f"{labels.shape[0]} x {labels.shape[1]}",
                                 allowed=f"{self._crop[0]} x {self._crop[1]} or more")
            top, left = below(row, room[0] + 1), below(column, room[1] + 1)
            picture, labels = cut(picture, labels, top, left, *self._crop)
        return picture, labels

    def resized_labels(self, labels: np.ndarray) -> np.ndarray:
        height, width = self._param.new_height, self._param.new_width
        if not height:
            return labels
        return nearest(labels, max(height // self._factor, 1), max(width // self._factor, 1))

    def check_sizes(self, size: Shape, labels: Shape) -> None:
        wanted = size[0] // self._factor, size[1] // self._factor
        if self._factor > 1 and wanted != labels:
            raise ShapeError("labels must be as large as the picture divided by "
                             f"label_divide_factor {self._factor}",
                             found=f"a picture of {size[0]} x {size[1]}, "
                                   f"labels of {labels[0]} x {labels[1]}",
                             allowed=f"{wanted[0]} x {wanted[1]}")
        super().check_sizes(wanted, labels)
