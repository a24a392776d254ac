"""Pictures with annotation files for the tools that read them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from caffepy.data.augment.boxes import of_groups
from caffepy.data.db import open_db
from caffepy.proto import caffe_pb2

HEIGHT, WIDTH = 40, 50
LABELS = """item { name: "none_of_the_above" label: 0 display_name: "background" }
item { name: "cat" label: 1 display_name: "Cat" }
item { name: "dog" label: 2 display_name: "Dog" }
"""


class Folder:
    """A folder of pictures of 40 x 50, a label map, and a list that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = f"{path}/"
        self.list, self.map = path / "list.txt", path / "map.prototxt"
        self.map.write_text(LABELS)
        self.lines: list[str] = []

    def picture(self, name: str, size: tuple[int, int] = (HEIGHT, WIDTH)) -> str:
        pixels = np.full((*size, 3), 100, np.uint8)
        assert cv2.imwrite(str(self.path / name), pixels)
        return name

    def add(self, annotation: str, ending: str = ".xml", size: tuple[int, int] = (HEIGHT, WIDTH)
            ) -> str:
        """One more picture with this annotation; the annotation's name."""
        number = len(self.lines)
        name = f"{number}{ending}"
        (self.path / name).write_text(annotation)
        self.listed(f"{self.picture(f'{number}.png', size)} {name}")
        return name

    def listed(self, line: str) -> None:
        self.lines.append(line)
        self.list.write_text("".join(f"{one}\n" for one in self.lines))

    def words(self, *flags: str, label_type: str = "xml", db: str = "db") -> list[object]:
        """Of a call of convert_annoset."""
        return ["--anno_type=detection", f"--label_type={label_type}",
                f"--label_map_file={self.map}", *flags, self.root, self.list, self.path / db]


def voc(*objects: str, size: tuple[int, int] | None = (HEIGHT, WIDTH)) -> str:
    of = f"<size><width>{size[1]}</width><height>{size[0]}</height></size>" if size else ""
    return f"<annotation>{of}{''.join(objects)}</annotation>"


def thing(name: str, *corners: object, more: str = "", behind: str = "") -> str:
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in zip(
        ("xmin", "ymin", "xmax", "ymax"), corners, strict=True))
    return f"<object><name>{name}</name>{more}<bndbox>{sides}</bndbox>{behind}</object>"


def coco(*objects: dict[str, object]) -> str:
    """One picture's file."""
    return json.dumps({"image": {"height": HEIGHT, "width": WIDTH}, "annotation": objects})


def records(path: object, backend: str = "lmdb") -> dict[str, np.ndarray]:
    """The boxes in a database by their pictures' names; see augment.boxes for the columns."""
    with open_db(str(path), backend) as db:
        return {key.decode()[9:]: of_groups(
            caffe_pb2.AnnotatedDatum.FromString(value).annotation_group) for key, value in db}
