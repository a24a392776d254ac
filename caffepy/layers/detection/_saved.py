"""Detections in files, as the benchmarks of VOC, COCO and ILSVRC want them.

    save_output_param { output_directory: "results" output_name_prefix: "comp4_det_test_"
                        output_format: "VOC" label_map_file: "labelmap_voc.prototxt"
                        name_size_file: "test_name_size.txt" num_test_image: 4952 }

``name_size_file`` has a line for each picture, in the order in which they come: its name, height
and width. When ``num_test_image`` of them (all, if it is not given) have come the files are
written, and it begins anew. Nothing is written unless there are an output_directory, a
label_map_file and a name_size_file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.core.layer import Layer
from caffepy.core.memory import Array
from caffepy.data import label_map
from caffepy.errors import CaffeError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.proto.files import atomic_path
from caffepy.proto.paths import path_of

RESIZE = caffe_pb2.ResizeParameter
Sizes = list[tuple[str, int, int]]


def names_and_sizes(layer: Layer, path: str) -> Sizes:
    """Name, height and width of each picture, from a file with a line for each."""
    try:
        words = Path(path).read_text().split()
    except OSError as error:
        layer.fail(f"cannot read the name_size_file: {error.strerror}", kind=NotFound, found=path)
    if len(words) % 3:
        layer.fail("each line of the name_size_file is a name, a height and a width", found=path)
    return [(words[i], int(words[i + 1]), int(words[i + 2])) for i in range(0, len(words), 3)]


def in_pixels(boxes: Array, height: int, width: int, resize: Any = None) -> Array:
    """Boxes in shares of what the net saw, in pixels of the picture, cut to it.

    Args:
        resize: the ResizeParameter by which the net's picture was made, or None.
    """
    size = np.array([width, height, width, height], boxes.dtype)
    if resize is not None and resize.resize_mode == RESIZE.FIT_LARGE_SIZE_AND_PAD:
        aspect, wanted = width / height, resize.width / resize.height
        across = max(0.0, (1 - aspect / wanted) / 2)  # the shares that are padding, on each side
        down = max(0.0, (1 - wanted / aspect) / 2)
        start = np.array([across, down] * 2, boxes.dtype)
        boxes = (boxes - start) / (1 - 2 * start)
    if (resize is not None and resize.resize_mode == RESIZE.FIT_SMALL_SIZE
            and resize.height_scale and resize.width_scale):
        scale = [resize.width_scale, resize.height_scale] * 2
        return np.clip(boxes * np.array(scale, boxes.dtype), 0, size)
    return np.clip(boxes, 0, 1) * size


class Saved:
    """Collects the detections of pictures, and writes them.

    Args:
        layer: whose they are.
    """

    def __init__(self, layer: Layer) -> None:
        p = layer.p.save_output_param
        self.layer, self.p = layer, p
        self.pictures = names_and_sizes(layer, p.name_size_file)
        self.count = p.num_test_image if p.HasField("num_test_image") else len(self.pictures)
        if not 0 < self.count <= len(self.pictures):
            layer.fail("there are not as many lines in name_size_file as num_test_image",
                       found=f"{len(self.pictures)}, and {self.count}")
        if p.output_format not in ("VOC", "COCO", "ILSVRC"):
            layer.fail("there is no such output_format", found=p.output_format,
                       allowed="VOC, COCO, ILSVRC")
        try:
            self.names = label_map.read(path_of(p, "label_map_file"))
        except CaffeError as error:
            raise error.at(layer.place_name) from error
        self.seen = 0
        self.found: list[tuple[str, int, float, list[float]]] = []

    @classmethod
    def of(cls, layer: Layer) -> Saved | None:
        """None if the layer is to write nothing."""
        p = layer.p.save_output_param
        wanted = p.output_directory and p.label_map_file and p.name_size_file
        return cls(layer) if wanted else None

    def add(self, images: Sequence[Array]) -> None:
        """The rows of the next pictures, as the layer's top has them."""
        for rows in images:
            name, height, width = self.pictures[self.seen]
            resize = self.p.resize_param if self.p.HasField("resize_param") else None
            boxes = in_pixels(rows[:, 3:], height, width, resize)
            boxes[:, 2:] -= boxes[:, :2]
            for (_, label, score, *_), box in zip(rows.tolist(), boxes.tolist(), strict=True):
                if int(label) not in self.names:
                    self.layer.fail("the label_map_file lacks a class", found=int(label))
                # x, y, width and height, of two digits behind the point
                self.found.append((name, int(label), score, [round(v, 2) for v in box]))
            self.seen += 1
            if self.seen == self.count:
                self.write()
                self.seen, self.found = 0, []

    def write(self) -> None:
        p = self.p
        folder = Path(p.output_directory)
        folder.mkdir(parents=True, exist_ok=True)
        if p.output_format == "COCO":
            made = [{"image_id": _number(name), "category_id": _number(self.names[label]),
                     "bbox": box, "score": float(f"{score:g}")}
                    for name, label, score, box in self.found]
            self._file(folder / f"{p.output_name_prefix}.json", json.dumps(made, indent=4))
        elif p.output_format == "ILSVRC":
            self._file(folder / f"{p.output_name_prefix}.txt", "".join(
                f"{name} {label} {_corners(score, box)}" for name, label, score, box in self.found))
        else:
            for number in range(self.layer.p.num_classes):
                if number != self.layer.p.background_label_id:
                    lines = [f"{name} {_corners(score, box)}"
                             for name, label, score, box in self.found if label == number]
                    self._file(folder / f"{p.output_name_prefix}{self.names.get(number, '')}.txt",
                               "".join(lines))

    def _file(self, path: Path, content: str) -> None:
        with atomic_path(path) as new:
            Path(new).write_text(content)


def _number(word: str) -> int | str:
    """A name that is a number stands without quotes in JSON."""
    return int(word) if word.lstrip("-").isdigit() else word


def _corners(score: float, box: Sequence[float]) -> str:
    x, y, width, height = (int(v) for v in box)
    return f"{score:g} {x} {y} {x + width} {y + height}\n"
