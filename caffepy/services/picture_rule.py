"""What is done to a picture before it is a net's input: as the net's file has it (picture_param).

``deploy`` writes down what the training did; ``classify``, ``detect`` and Classifier do the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core import traits
from caffepy.data import transform
from caffepy.errors import ConfigError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of, set_path
from caffepy.services.folders import names_file, read_names

Array = NDArray[Any]


@dataclass(frozen=True)
class PictureRule:
    """See PictureParameter in caffe.proto, whose fields these are.

    Attributes:
        size: height and width that pictures are brought to; () for the input's own.
        beside: the folder of the net's file, where the mean is looked for, too.
        resize: a ResizeParameter, None for pictures that are stretched.
        sides: how long the shorter side becomes, and the longer at most, 0 for any; or ().
    """

    size: tuple[int, ...] = ()
    mean_file: str = ""
    mean_value: tuple[float, ...] = ()
    scale: float = 1.0
    context_pad: int = 0
    label: tuple[str, ...] = ()
    beside: str = ""
    resize: Any = None
    sides: tuple[int, ...] = ()

    @classmethod
    def of(cls, param: Any, path: str = "") -> PictureRule | None:
        """The rule of a NetParameter read from ``path``; None if it says nothing.

        Raises:
            ConfigError: a height without a width, or a mean or a size given twice.
        """
        if not param.HasField("picture_param"):
            return None
        p = param.picture_param
        if bool(p.height) != bool(p.width):
            raise ConfigError("picture_param needs both height and width, or neither", where=path)
        if p.mean_file and p.mean_value:
            raise ConfigError("mean_file and mean_value exclude each other",
                              where=f"{path}, picture_param")
        if (p.longer_side and not p.shorter_side) or (
                p.shorter_side and p.HasField("resize_param")):
            raise ConfigError("pictures are brought to a size by resize_param, or by shorter_side "
                              "and longer_side", where=f"{path}, picture_param")
        return cls((p.height, p.width) if p.height else (), path_of(p, "mean_file"),
                   tuple(p.mean_value), p.scale, p.context_pad, tuple(p.label),
                   os.path.dirname(path), p.resize_param if p.HasField("resize_param") else None,
                   (p.shorter_side, p.longer_side) if p.shorter_side else ())

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> PictureRule | None:
        """The rule of a net's prototxt. Raises: as reading it does, and as ``of``."""
        from caffepy.core.upgrade import read_net_param

        path = os.fspath(path)
        return cls.of(read_net_param(path)[0], path)

    @classmethod
    def of_training(cls, layer: Any, size: Sequence[int]) -> PictureRule:
        """What a data layer (a LayerParameter) does to its pictures.

        Args:
            size: height and width before they are cropped; () if that is not known.
        """
        rule = layer.transform_param
        kind = traits.of(layer)
        source = kind.source_field and path_of(kind.reading(layer), kind.source_field)
        names: list[str] = []
        if source and os.path.isfile(beside := names_file(source)):
            names = read_names(beside)
        resized = [one for one in rule.resize_param if one.resize_mode != one.WARP]
        fits = len(rule.resize_param) == 1 and not size  # of several sizes none is the net's
        return cls(tuple(size), path_of(rule, "mean_file"), tuple(rule.mean_value), rule.scale,
                   getattr(kind.own(layer), "context_pad", 0), tuple(names),
                   resize=resized[0] if resized and fits else None)

    def write(self, param: Any) -> None:
        """Into a NetParameter."""
        p: Any = caffe_pb2.PictureParameter()
        if self.size:
            p.height, p.width = self.size
        if self.mean_file:
            set_path(p, "mean_file", self.mean_file)
        p.mean_value.extend(self.mean_value)
        if self.scale != 1:
            p.scale = self.scale
        if self.context_pad:
            p.context_pad = self.context_pad
        p.label.extend(self.label)
        if self.resize is not None:
            p.resize_param.CopyFrom(self.resize)
        if self.sides:
            p.shorter_side, p.longer_side = self.sides
        param.picture_param.CopyFrom(p)

    def mean(self, shape: Sequence[int]) -> Array | None:
        """C x H x W, or one number for each channel; None for none.

        Args:
            shape: of the net's input, N x C x H x W: the middle of a mean picture is taken, as of
                the pictures.

        Raises:
            NotFound, DataError: the mean_file. ConfigError: it is smaller than the input.
        """
        if self.mean_value:
            count = shape[1] if len(self.mean_value) == 1 else 1
            return np.array(self.mean_value * count, np.float32)
        if not self.mean_file:
            return None
        path = self.mean_file
        if not os.path.exists(path) and os.path.exists(other := os.path.join(self.beside, path)):
            path = other
        try:
            mean = transform.read_mean(path)
        except NotFound as error:
            raise error.at("picture_param") from error
        rows, columns = shape[2:]
        top, left = (mean.shape[1] - rows) // 2, (mean.shape[2] - columns) // 2
        if top < 0 or left < 0:
            raise ConfigError("the mean picture is smaller than the net's input", where=path,
                              found=f"{mean.shape[1]} x {mean.shape[2]}",
                              allowed=f"{rows} x {columns} or more")
        return mean[:, top : top + rows, left : left + columns]

    def mean_of_channels(self, shape: Sequence[int]) -> Array | None:
        """One number for each channel: for windows, which are warped, so that no pixel has a place
        of its own."""
        mean = self.mean(shape)
        return mean.mean((1, 2)) if mean is not None and mean.ndim == 3 else mean
