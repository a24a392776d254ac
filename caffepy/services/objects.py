"""The objects that a detector (SSD and its like) finds in pictures.

Such a net ends in a layer whose rows are detections (``detects``, core.traits). A picture is
brought to the net's size as its file says, else stretched (caffepy.services.fitting).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core import traits
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.data import image
from caffepy.errors import CaffeError, NotFound
from caffepy.proto import caffe_pb2, textfile
from caffepy.services import fitting, folders, prediction
from caffepy.services.picture_way import Way
from caffepy.services.sheets import boxes as frames
from caffepy.services.sheets.palette import color_of

Array = NDArray[Any]

INFO = "im_info"  # Faster R-CNN's second input


@dataclass(frozen=True)
class Object:
    """One that was found.

    Attributes:
        label: its class.
        score: how sure the net is, 0 to 1.
        box: xmin, ymin, xmax, ymax in pixels of the picture, cut to it.
    """

    label: int
    score: float
    box: tuple[float, float, float, float]


def finds_boxes(model_def: str) -> bool:
    """Whether the net of a prototxt finds objects; False too if it cannot be read."""
    with contextlib.suppress(CaffeError):
        param, _ = read_net_param(prediction.here(model_def))
        return any(traits.of(layer).detects for layer in param.layer)
    return False


def pictures(source: str) -> list[str]:
    """The files that a word names: a picture, the pictures in a folder and below it, or the lines
    of a .txt file.

    Raises:
        NotFound: no such file, or no picture in a folder. DataError: a list that cannot be read.
    """
    if os.path.isdir(source):
        found = sorted(path for path in folders.files(source) if folders.is_picture(path))
        if not found:
            raise NotFound("the folder has no picture", where=source)
        return found
    if not os.path.exists(source):
        raise NotFound("there is no such picture, folder or list", where=source)
    if not source.lower().endswith(".txt"):
        return [source]
    found = [line.strip() for line in textfile.read_lines(source) if line.strip()]
    if missing := next((path for path in found if not os.path.exists(path)), None):
        raise NotFound("there is no such picture", where=f"{source}, {missing}",
                       fix=None if os.path.isabs(missing) else f"It starts from {os.getcwd()}.")
    if not found:
        raise NotFound("the list names no picture", where=source)
    return found


def write_nothing(param: Any) -> None:
    """Let a net's detectors write no files (``save_output_param``)."""
    for layer in param.layer:
        own = traits.of(layer).own(layer)
        if own is not None and "save_output_param" in own.DESCRIPTOR.fields_by_name:
            own.ClearField("save_output_param")


class ObjectNet:
    """A detector that is asked about pictures.

    Args:
        way: what is done to them, and the net that is asked.
        raw_scale, swap: as for classify: what pixels in [0, 1] are multiplied with, and the order
            of channels, which begins with red; None leaves it.
        context: where it computes.

    Raises:
        CaffeError: the net or its weights.
    """

    def __init__(self, way: Way, raw_scale: float, swap: Sequence[int] | None, context: Context
                 ) -> None:
        self._way, self._raw_scale, self._swap = way, raw_scale, swap
        param, _ = read_net_param(way.net.path)
        write_nothing(param)
        for layer in param.layer:
            if traits.of(layer).waits and layer.input_param.shape:
                layer.input_param.shape[0].dim[0] = 1
        self.net = Net(param, caffe_pb2.TEST, context=context)
        self.net.load(way.net.weights)
        self._input = self.net.blobs[self.net.input_names[0]]
        self._info = self.net.blobs[INFO] if INFO in self.net.input_names else None
        self._found = next(node.tops[0] for node in self.net.nodes if node.layer.detects)

    def objects(self, picture: Array) -> list[Object]:
        """What is in a picture, H x W x C bytes in OpenCV's order; the surest first."""
        fitted = fitting.fit(picture, self._input.shape[2:], self._way.net.rule)
        values = self._prepared(fitted.pixels)
        self._input.reshape(1, *values.shape)
        self._input.data[...] = values
        if self._info is not None:  # height, width, and one scale or two
            self._info.data.flat[...] = [*values.shape[1:], *fitted.scales][: self._info.count]
        self.net.forward()
        rows = self._found.values.read(Place.HOST).reshape(-1, 7).astype(np.float64)
        rows = rows[rows[:, 1] >= 0]  # without that which says that there is nothing
        boxes = fitted.back(rows[:, 3:])
        order = np.argsort(-rows[:, 2], kind="stable")
        return [Object(int(rows[i, 1]), float(rows[i, 2]), tuple(boxes[i].tolist()))
                for i in order]

    def _prepared(self, pixels: Array) -> Array:
        planes = pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]
        values = planes[::-1].astype(np.float32)
        if self._swap is not None:
            values = values[list(self._swap)]
        values = values * np.float32(self._raw_scale / 255)
        if self._way.mean is not None:
            mean = self._way.mean
            if mean.ndim == 3 and mean.shape != values.shape:
                mean = mean.mean((1, 2))  # of a picture of another size
            values = values - (mean[:, None, None] if mean.ndim == 1 else mean)
        return values * np.float32(self._way.scale or 1)

    def each(self, paths: Sequence[str]) -> Iterator[tuple[str, Array, list[Object]]]:
        """Path, picture and objects of each file; the picture is gray, H x W, for a net of one
        channel.

        Raises:
            NotFound, DataError: a file. CaffeError: what a layer says of it.
        """
        for path in paths:
            planes = image.read_image(path, color=self._way.net.channels != 1)
            picture = image.pixels(planes)
            try:
                found = self.objects(picture)
            except CaffeError as error:
                raise error.at(path) from None
            yield path, picture, found


def drawn(picture: Array, objects: Sequence[Object], names: dict[int, str]) -> Array:
    """A copy of a picture with boxes on it, each with its class and score; colours are BGR."""
    copy = np.repeat(picture[..., None], 3, -1) if picture.ndim == 2 else picture.copy()
    scale = frames.scale_for(copy)
    for found in reversed(objects):  # the surest above the others
        name = names.get(found.label, str(found.label))
        frames.draw(copy, np.array(found.box), f"{name} {found.score:.2f}",
                    color_of(found.label), scale)
    return copy


def told(path: str, objects: Sequence[Object], names: dict[int, str]) -> list[str]:
    """Lines that say what was found in a picture."""
    lines = [f"---------- Detections in {path} ----------"]
    for found in objects:
        name = f'"{names[found.label]}"' if found.label in names else str(found.label)
        left, top, right, bottom = map(round, found.box)
        lines.append(f"{found.score:.4f} - {name} at ymin={top} xmin={left} ymax={bottom} "
                     f"xmax={right}")
    return lines
