"""COCO's annotations: a JSON file for each picture, as SSD's scripts cut them, or the one of a set.

    {"image": {"height": 480, "width": 640},
     "annotation": [{"bbox": [x, y, width, height], "category_id": 18, "iscrowd": 0}]}

In COCO's own file of a set there are "images", "annotations" and "categories"; the picture of an
annotation is its image_id. The label map's name of a class is the category_id ("18"), as in SSD's
labelmap_coco.prototxt, or the category's name. A crowd counts as difficult.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import numpy as np

from caffepy.data.annotation import Annotation, Box, Corners, number
from caffepy.data.label_map import Numbers, Unknown
from caffepy.errors import DataError
from caffepy.proto import textfile


def parse(data: bytes, path: str, numbers: Numbers) -> Annotation:
    """The objects of one picture's file.

    Raises:
        DataError: it is no JSON, cut short, or of another form.
    """
    content = _load(data, path)
    if not isinstance(content.get("annotation"), list):
        raise DataError(
            "the annotation is none of a COCO picture", where=path,
            found=f"the keys {', '.join(map(str, content)) or 'none'}",
            allowed='{"image": {...}, "annotation": [...]}',
            fix="Name it as LISTFILE if it is that of a whole set." if "images" in content
            else None)
    return _annotation(content.get("image"), content["annotation"], path, numbers, {})


def read_set(path: str, numbers: Numbers) -> dict[str, Annotation]:
    """The annotations of a whole set, by the file_name of the pictures, in their order.

    Raises:
        NotFound: no such file. DataError: as ``parse``.
    """
    content = _load(textfile.read_text(path).encode("utf-8", "surrogateescape"), path)
    images, annotations = content.get("images"), content.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        raise DataError("the file is none of a COCO set", where=path,
                        found=f"the keys {', '.join(map(str, content)) or 'none'}",
                        allowed='{"images": [...], "annotations": [...], "categories": [...]}')
    names = {_id(one, "id"): str(one.get("name")) for one in content.get("categories") or ()
             if isinstance(one, dict)}
    of_image: dict[str, list[Any]] = defaultdict(list)
    for one in annotations:
        of_image[_id(one, "image_id")].append(one)
    found = {}
    for image in images:
        name = _id(image, "file_name")
        if not name or not _id(image, "id"):
            raise DataError("an image of the set has no id or no file_name", where=path,
                            found=json.dumps(image)[:80])
        found[name] = _annotation(image, of_image.pop(_id(image, "id"), []), f"{path}, {name}",
                                  numbers, names)
    if of_image:
        raise DataError("annotations of pictures that are not in the set", where=path,
                        found=f"image_id {next(iter(of_image)) or 'none'}"
                              f"{f' and {len(of_image) - 1} more' if len(of_image) > 1 else ''}")
    return found


def _load(data: bytes, path: str) -> dict[str, Any]:
    try:
        content = json.loads(textfile.as_text(data, path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"the annotation is no whole JSON file: {error}", where=path,
                        found=f"{len(data)} bytes") from error
    if not isinstance(content, dict):
        raise DataError("the annotation is none of COCO's", where=path,
                        found=f"a {type(content).__name__}", allowed="an object: {...}")
    return content


def _annotation(image: Any, objects: list[Any], path: str, numbers: Numbers,
                names: dict[str, str]) -> Annotation:
    found = Annotation(size=_size(image))
    for count, one in enumerate(objects, 1):
        try:
            if not isinstance(one, dict):
                raise DataError("the object is none", found=json.dumps(one)[:80])
            found.boxes.append(Box(_label(_id(one, "category_id"), numbers, names),
                                   _corners(one.get("bbox")), one.get("iscrowd") in (1, True)))
        except (Unknown, DataError) as error:
            found.problems.append(error.at(f"{path}, object {count}"))
    return found


def _size(image: Any) -> tuple[int, int] | None:
    if not isinstance(image, dict):
        return None
    height, width = image.get("height"), image.get("width")
    if not (isinstance(height, int) and isinstance(width, int)) or min(height, width) < 1:
        return None
    return height, width


def _id(one: Any, word: str) -> str:
    """A number or a name, as text; "" if there is none."""
    value = one.get(word) if isinstance(one, dict) else None
    return str(value) if isinstance(value, (int, str)) else ""


def _label(category: str, numbers: Numbers, names: dict[str, str]) -> int:
    if not category:
        raise DataError("the object has no category_id")
    name = names.get(category, category)
    if category in numbers.names or name == category:
        return numbers.of(category)
    if name not in numbers.names and name in numbers.display_names:
        return numbers.display_names[name]
    return numbers.of(name)


def _corners(box: Any) -> Corners:
    if not isinstance(box, list) or len(box) != 4:
        raise DataError("the object has no bbox", found=json.dumps(box)[:80],
                        allowed="[x, y, width, height]")
    left, top, width, height = (np.float32(number(value)) for value in box)
    return float(left), float(top), float(left + width), float(top + height)
